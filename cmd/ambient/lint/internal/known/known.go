// Package known recognises the functions and types of gls and httpctx however a program refers to
// them: vendored, by an alias, in a method expression, or promoted from an embedded field.
package known

import (
	"go/ast"
	"go/types"
	"iter"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
)

// Import paths of the library.
const (
	Module  = "github.com/ambient-go/ambient"
	GLS     = Module + "/gls"
	HTTPCtx = Module + "/httpctx"
)

// Path returns the path that an import declaration of the package has, without the prefix of a
// vendor directory and the suffix of a test variant. It returns "" for nil.
func Path(pkg *types.Package) string {
	if pkg == nil {
		return ""
	}
	path, _, _ := strings.Cut(pkg.Path(), " ")
	if i := strings.LastIndex("/"+path, "/vendor/"); i >= 0 {
		path = path[i+len("vendor/"):]
	}
	return path
}

// Own reports whether a package is a package of the library or a test of one. Their tests lose
// values on purpose, so the analyzers skip them.
func Own(pkg *types.Package) bool {
	path := strings.TrimSuffix(Path(pkg), "_test")
	for _, own := range []string{GLS, HTTPCtx, Module + "/internal"} {
		if path == own || strings.HasPrefix(path, own+"/") {
			return true
		}
	}
	return false
}

// Concerns reports whether a package imports one of the paths, itself or through other packages. A
// package that does not cannot use a type of theirs.
func Concerns(pkg *types.Package, paths ...string) bool {
	seen := map[*types.Package]bool{}
	var visit func(*types.Package) bool
	visit = func(p *types.Package) bool {
		if seen[p] {
			return false
		}
		seen[p] = true
		return slices.Contains(paths, Path(p)) || slices.ContainsFunc(p.Imports(), visit)
	}
	return pkg != nil && visit(pkg)
}

// Function returns the name of a function or method of the library, such as "gls.Go" or
// "httpctx.Key.Get", and what the analyzers know about it. The name is "" for all other functions.
func Function(f *types.Func) (name string, does api.Function) {
	if f == nil || f.Pkg() == nil {
		return "", does
	}
	below, ok := strings.CutPrefix(Path(f.Pkg()), api.Root)
	if !ok || api.Packages[f.Pkg().Name()] != below {
		return "", does
	}
	name = f.Pkg().Name() + "." + Name(f)
	return name, api.Functions[name]
}

// RunsHere returns the index of the argument that a function of the library runs before it returns,
// -1 if there is none.
func RunsHere(f *types.Func) int {
	if _, does := Function(f); does.Way == api.Here {
		return does.Arg
	}
	return -1
}

// Callee returns the function or method that a call names, the generic one for an instance. It
// returns nil for conversions, builtins and function values.
func Callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok {
		return nil
	}
	return f.Origin()
}

// Decls returns the functions and methods of the files that have a body, in source order.
func Decls(info *types.Info, files []*ast.File) iter.Seq2[*types.Func, *ast.FuncDecl] {
	return func(yield func(*types.Func, *ast.FuncDecl) bool) {
		for _, file := range files {
			for _, decl := range file.Decls {
				if decl, ok := decl.(*ast.FuncDecl); ok && decl.Body != nil {
					if f, ok := info.Defs[decl.Name].(*types.Func); ok && !yield(f, decl) {
						return
					}
				}
			}
		}
	}
}

// Func returns the function or method that an expression names without a call: f, pkg.F, x.M, T.M.
func Func(info *types.Info, e ast.Expr) *types.Func {
	return Callee(info, &ast.CallExpr{Fun: e})
}

// Is reports whether f is one of the named functions of the package: "Get", or "Storage.Get" for a
// method.
func Is(f *types.Func, path string, names ...string) bool {
	return f != nil && Path(f.Pkg()) == path && slices.Contains(names, Name(f))
}

// Name returns the name of a function, with the receiver's type for a method: "Get", "Storage.Get".
func Name(f *types.Func) string {
	if recv := Recv(f); recv != nil {
		return recv.Obj().Name() + "." + f.Name()
	}
	return f.Name()
}

// Recv returns the named type of a method's receiver, nil for functions and for methods of unnamed
// interfaces.
func Recv(f *types.Func) *types.Named {
	recv := f.Signature().Recv()
	if recv == nil {
		return nil
	}
	return Named(recv.Type())
}

// Named returns the named type t, or the one that t points to. It returns nil if there is none.
func Named(t types.Type) *types.Named {
	if t == nil {
		return nil
	}
	t = types.Unalias(t)
	if p, ok := t.(*types.Pointer); ok {
		t = types.Unalias(p.Elem())
	}
	named, _ := t.(*types.Named)
	return named
}

// IsType reports whether t is the named type, and not a pointer to it.
func IsType(t types.Type, path, name string) bool {
	if t == nil {
		return false
	}
	named, ok := types.Unalias(t).(*types.Named)
	return ok && named.Obj().Name() == name && Path(named.Obj().Pkg()) == path
}

// IsPointer reports whether t is a pointer to the named type.
func IsPointer(t types.Type, path, name string) bool {
	if t == nil {
		return false
	}
	p, ok := types.Unalias(t).(*types.Pointer)
	return ok && IsType(p.Elem(), path, name)
}

// IsFunc reports whether t is the type of a function.
func IsFunc(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Signature)
	return ok
}

// ServesHTTP reports whether t, or a pointer to it, is an http.Handler. It looks at the method
// alone: the package need not import net/http.
func ServesHTTP(t types.Type) bool {
	if t == nil {
		return false
	}
	obj, _, _ := types.LookupFieldOrMethod(t, true, nil, "ServeHTTP")
	f, ok := obj.(*types.Func)
	return ok && IsHandler(f.Signature())
}

// IsHandler reports whether a function has the signature of an http.HandlerFunc.
func IsHandler(sig *types.Signature) bool {
	return sig != nil && sig.Results().Len() == 0 && sig.Params().Len() == 2 &&
		IsType(sig.Params().At(0).Type(), "net/http", "ResponseWriter") &&
		IsPointer(sig.Params().At(1).Type(), "net/http", "Request")
}

// Text returns an expression as messages show it: the end alone if it is long.
func Text(e ast.Expr) string {
	text := types.ExprString(ast.Unparen(e))
	if len(text) > 60 {
		return "…" + text[strings.LastIndex(text, ".")+1:]
	}
	return text
}
