package reads

import (
	"go/ast"
	"go/types"
	"strings"
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
	if fn == nil || fn.Pkg() == nil {
		return ""
	}
	var name string
	switch LibraryPath(fn.Pkg().Path()) {
	case GLS:
		name = "gls."
	case HTTPCtx:
		name = "httpctx."
	default:
		return ""
	}
	if t := receiver(fn); t != "" {
		name += t + "."
	}
	return name + fn.Name()
}

func receiver(fn *types.Func) string {
	recv := fn.Signature().Recv()
	if recv == nil {
		return ""
	}
	t := types.Unalias(recv.Type())
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	if n, ok := t.(*types.Named); ok {
		return n.Obj().Name()
	}
	return ""
}

// A libraryCall is what a function of the library does with the frame and with the function that it is given.
type libraryCall struct {
	reads bool
	kind  Kind
	fn    int  // the argument that it runs, or captures the frame for; -1 for none
	enter bool // it leaves its storage set
	sets  func(w *walker, call *ast.CallExpr) Sets
}

var library = map[string]libraryCall{
	"gls.Storage.Get":       {reads: true, kind: Storage, fn: -1},
	"gls.Storage.Lookup":    {reads: true, kind: Storage, fn: -1},
	"gls.Storage.GetOrFail": {reads: true, kind: Storage, fn: -1},
	"gls.Context":           {reads: true, kind: Context, fn: -1},
	"gls.Capture":           {reads: true, kind: Frame, fn: -1},
	"httpctx.Get":           {reads: true, kind: HTTP, fn: -1},
	"httpctx.Lookup":        {reads: true, kind: HTTP, fn: -1},
	"httpctx.GetOrFail":     {reads: true, kind: HTTP, fn: -1},
	"httpctx.AddLogAttrs":   {reads: true, kind: HTTP, fn: -1},
	"httpctx.Key.Get":       {reads: true, kind: HTTP, fn: -1},
	"httpctx.Key.Lookup":    {reads: true, kind: HTTP, fn: -1},
	"httpctx.Key.GetOrFail": {reads: true, kind: HTTP, fn: -1},

	// These capture the frame for their function: what it reads is read of the flow that calls them.
	"gls.Go":                    {fn: 0},
	"gls.Bind":                  {fn: 0},
	"gls.AfterFunc":             {fn: 1},
	"gls.WaitGroup.Go":          {fn: 0},
	"httpctx.GoDetached":        {fn: 0},
	"httpctx.AfterFuncDetached": {fn: 1},

	// These put something else in force.
	"gls.Storage.Run":    {fn: 1, sets: ownStorage},
	"gls.Storage.Exit":   {fn: 0, sets: ownStorage},
	"gls.Storage.Enter":  {fn: -1, enter: true, sets: ownStorage},
	"gls.Call":           {fn: 2, sets: firstArgument},
	"gls.Run":            {fn: 0, sets: bindings},
	"gls.RunContext":     {fn: 1, sets: fixed(setCtx)},
	"gls.Isolate":        {fn: 0, sets: fixed(setAll)},
	"gls.Snapshot.Run":   {fn: 0, sets: fixed(setAll)},
	"gls.Snapshot.Go":    {fn: 0, sets: fixed(setAll)},
	"httpctx.Run":        {fn: 2, sets: fixed(setHTTP, setCtx)},
	"httpctx.RunOutside": {fn: 0, sets: fixed(setHTTP, setCtx)},
}

func fixed(names ...string) func(*walker, *ast.CallExpr) Sets {
	return func(*walker, *ast.CallExpr) Sets { return Sets{}.with(names...) }
}

func ownStorage(w *walker, call *ast.CallExpr) Sets {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		return known(w.storage(sel.X))
	}
	return Sets{setGLS}
}

func firstArgument(w *walker, call *ast.CallExpr) Sets {
	if len(call.Args) == 0 {
		return Sets{setGLS}
	}
	return known(w.storage(call.Args[0]))
}

func known(name string) Sets {
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
