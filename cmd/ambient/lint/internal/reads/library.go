package reads

import (
	"go/ast"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// LibraryName returns the name of a function of the library: "gls.Go", "gls.Storage.Get",
// "httpctx.Key.Get"; "" for all others.
func LibraryName(fn *types.Func) string {
	name, _ := known.Function(fn)
	return name
}

// kinds maps what the library's functions read to a Kind.
var kinds = map[api.Read]Kind{api.Storage: Storage, api.Context: Context, api.Frame: Frame, api.Request: HTTP}

// A libraryCall describes a function of the library: what it does with the frame and with its
// function argument.
type libraryCall struct {
	api.Function
	sets func(w *walker, call *ast.CallExpr) Sets // nil if it sets nothing
}

// runs reports whether reads in the function argument are reads of the caller's flow or of what the
// library's function sets.
func (c libraryCall) runs() bool { return c.Way != api.Never }

// libraryFunc returns the description of a function of the library. ok is false for all other
// functions.
func libraryFunc(fn *types.Func) (c libraryCall, ok bool) {
	name, does := known.Function(fn)
	return libraryCall{does, sets[name]}, name != ""
}

// sets lists the functions that set something: all that run their function before they return, and
// all that enter. A function that brings a frame hides everything else.
var sets = map[string]func(w *walker, call *ast.CallExpr) Sets{
	"gls.Storage.Run":    ownStorage,
	"gls.Storage.Exit":   ownStorage,
	"gls.Storage.Enter":  ownStorage,
	"gls.Call":           firstArgument,
	"gls.Run":            bindings,
	"gls.RunContext":     fixed(setCtx),
	"gls.Isolate":        fixed(setAll),
	"gls.Resume":         fixed(setAll),
	"gls.Snapshot.Run":   fixed(setAll),
	"gls.Snapshot.Go":    fixed(setAll),
	"httpctx.Run":        fixed(setHTTP, setCtx),
	"httpctx.RunOutside": fixed(setHTTP, setCtx),
	"glslog.Run":         fixed(),
	"glssql.DB.Run":      fixed(),
	"glssql.DB.Outside":  fixed(),
}

func fixed(names ...string) func(*walker, *ast.CallExpr) Sets {
	return func(*walker, *ast.CallExpr) Sets { return Sets{}.with(names...) }
}

func ownStorage(w *walker, call *ast.CallExpr) Sets {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return set(w.storage(sel.X))
	}
	return Sets{setGLS}
}

func firstArgument(w *walker, call *ast.CallExpr) Sets {
	if len(call.Args) == 0 {
		return Sets{setGLS}
	}
	return set(w.storage(call.Args[0]))
}

func set(name string) Sets {
	if name == "" {
		return Sets{setGLS}
	}
	return Sets{name}
}

func bindings(w *walker, call *ast.CallExpr) Sets {
	var all Sets
	for _, arg := range call.Args[min(1, len(call.Args)):] {
		binding, ok := ast.Unparen(arg).(*ast.CallExpr)
		if !ok {
			return Sets{setGLS}
		}
		switch LibraryName(w.callee(binding)) {
		case "gls.Storage.With":
			all = all.with(ownStorage(w, binding)...)
		case "gls.WithContext":
			all = all.with(setCtx)
		default:
			return Sets{setGLS}
		}
	}
	return all
}

// storage returns the name of the storage that an expression stands for.
func (w *walker) storage(e ast.Expr) string {
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return w.storage(e.X)
	case *ast.StarExpr:
		return w.storage(e.X)
	case *ast.Ident:
		if v, ok := w.info.ObjectOf(e).(*types.Var); ok {
			return w.variable(v)
		}
	case *ast.SelectorExpr:
		if v, ok := w.info.ObjectOf(e.Sel).(*types.Var); ok {
			return w.variable(v)
		}
	}
	return ""
}

// variable returns the name of a variable: a package-level variable has its path, a field its
// package, any other variable its position.
func (w *walker) variable(v *types.Var) string {
	if v.Pkg() == nil {
		return ""
	}
	if i, ok := w.params[v]; ok {
		return paramName(i)
	}
	if v.IsField() {
		return "field " + v.Pkg().Path() + "." + v.Name() + " " + types.TypeString(v.Type(), nil)
	}
	if v.Parent() == v.Pkg().Scope() {
		return v.Pkg().Path() + "." + v.Name()
	}
	return "local " + w.fset.Position(v.Pos()).String()
}
