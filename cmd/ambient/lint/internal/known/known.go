// Package known recognises what belongs to gls and httpctx, in whatever way a program refers to it: vendored, through an
// alias, as a method expression, or promoted from an embedded field.
package known

import (
	"go/ast"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
)

// The import paths of the packages that the analyzers are about.
const (
	Module  = "github.com/ambient-go/ambient"
	GLS     = Module + "/gls"
	HTTPCtx = Module + "/httpctx"
)

// Path returns a package's import path as it is written in an import declaration: without what vendoring puts before it
// and what a test variant puts after it. It is "" for no package.
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

// Own reports whether a package is the library itself or a test of it, which loses values on purpose.
func Own(pkg *types.Package) bool {
	path := strings.TrimSuffix(Path(pkg), "_test")
	for _, own := range []string{GLS, HTTPCtx, Module + "/internal"} {
		if path == own || strings.HasPrefix(path, own+"/") {
			return true
		}
	}
	return false
}

// Concerns reports whether any of the import paths is among what a package imports, itself or through others. A package
// for which it does not hold cannot name a type of theirs.
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

// Function returns the name of a function or method of the library, as in "gls.Go" or "httpctx.Key.Get", and what it does.
// The name is "" for all others.
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

// RunsHere returns the argument that a function of the library runs before it returns, -1 for none.
func RunsHere(f *types.Func) int {
	if _, does := Function(f); does.Way == api.Here {
		return does.Arg
	}
	return -1
}

// Callee returns the function or method that a call names, its generic form where it is an instance. It is nil for a
// conversion, a builtin and a function value.
func Callee(info *types.Info, call *ast.CallExpr) *types.Func {
	f, ok := typeutil.Callee(info, call).(*types.Func)
	if !ok {
		return nil
	}
	return f.Origin()
}

// Func returns the function or method that an expression names without calling it: f, pkg.F, x.M, T.M.
func Func(info *types.Info, e ast.Expr) *types.Func {
	return Callee(info, &ast.CallExpr{Fun: e})
}

// Is reports whether f is one of the package's functions or methods, named as in "Get" or "Storage.Get".
func Is(f *types.Func, path string, names ...string) bool {
	return f != nil && Path(f.Pkg()) == path && slices.Contains(names, Name(f))
}

// Name returns a function's name, with its receiver's type before a method's: "Get", "Storage.Get".
func Name(f *types.Func) string {
	if recv := Recv(f); recv != nil {
		return recv.Obj().Name() + "." + f.Name()
	}
	return f.Name()
}

// Recv returns the named type that a method belongs to, nil for a function and for a method of an unnamed interface.
func Recv(f *types.Func) *types.Named {
	recv := f.Signature().Recv()
	if recv == nil {
		return nil
	}
	return Named(recv.Type())
}

// Named returns the named type that t is or points to, nil where there is none.
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

// IsType reports whether t is the named type itself, not a pointer to it.
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

// IsHandler reports whether a function has the signature of an http.HandlerFunc.
func IsHandler(sig *types.Signature) bool {
	return sig != nil && sig.Results().Len() == 0 && sig.Params().Len() == 2 &&
		IsType(sig.Params().At(0).Type(), "net/http", "ResponseWriter") &&
		IsPointer(sig.Params().At(1).Type(), "net/http", "Request")
}

// Text returns an expression as it stands in the source, cut where it is long, for messages.
func Text(e ast.Expr) string {
	text := types.ExprString(ast.Unparen(e))
	if len(text) > 60 {
		return "…" + text[strings.LastIndex(text, ".")+1:]
	}
	return text
}
