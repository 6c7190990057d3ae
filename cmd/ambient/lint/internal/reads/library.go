package reads

import (
	"go/ast"
	"go/types"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// The packages whose calls are known here. Their own code is never walked.
const (
	root = "github.com/ambient-go/ambient/"
	// GLS is the path of package gls.
	GLS = root + "gls"
	// HTTPCtx is the path of package httpctx.
	HTTPCtx = root + "httpctx"
)

// IsLibrary reports whether pkg is a package of the library itself, its tests included.
func IsLibrary(pkg *types.Package) bool {
	if pkg == nil {
		return false
	}
	path, ok := strings.CutPrefix(strings.TrimSuffix(LibraryPath(pkg.Path()), "_test"), root)
	top, _, _ := strings.Cut(path, "/")
	return ok && (top == "gls" || top == "httpctx" || top == "internal")
}

// LibraryPath is an import path without the vendor directory before it.
func LibraryPath(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		return path[i+len("/vendor/"):]
	}
	return strings.TrimPrefix(path, "vendor/")
}

// LibraryName returns the name of a function of the library: "gls.Go", "gls.Storage.Get", "httpctx.Key.Get"; "" for all
// others.
func LibraryName(fn *types.Func) string {
	name, _ := known.Function(fn)
	return name
}

// kinds are the kinds of what the library's functions read.
var kinds = map[api.Read]Kind{api.Storage: Storage, api.Context: Context, api.Frame: Frame, api.Request: HTTP}

// A libraryCall is what a function of the library does with the frame and with the function that it is given.
type libraryCall struct {
	api.Function
	sets func(w *walker, call *ast.CallExpr) Sets // nil where it changes nothing
}

// runs reports whether the function that it is given reads of the flow that calls it, or of what it sets.
func (c libraryCall) runs() bool { return c.Way != api.Never }

// libraryFunc returns what is known of a function of the library; ok is false for all others.
func libraryFunc(fn *types.Func) (c libraryCall, ok bool) {
	name, does := known.Function(fn)
	return libraryCall{does, sets[name]}, name != ""
}

// sets are the functions that put something else in force: all that run their function here, and all that enter. A
// function that brings a frame puts all else out of force.
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

// storage names the storage that an expression stands for.
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

// variable names a variable: one of a package by its path, a field by its package, any other by its position.
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
