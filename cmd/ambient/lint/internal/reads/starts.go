package reads

import (
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A Start is an argument that a callee runs on another goroutine, which has nothing set, and what it reads there.
type Start struct {
	Arg  int
	Fact *Fact
}

// Starts returns the arguments that a function of the module itself starts: func Go(fn func()) { go fn() }. The functions
// of other modules that do are listed in package runners, for whom they serve is seen in a review alone.
func (r *Result) Starts(pass *analysis.Pass, call *ast.CallExpr) []Start {
	fn := r.w.callee(call)
	if fn == nil || !SameModule(pass, fn.Pkg()) {
		return nil
	}
	names := r.w.names(call)
	var all []Start
	for _, p := range r.w.paramsOf(fn) {
		if !p.Started || p.Serves { // bound, it would serve all with the values of one
			continue
		}
		for i, arg := range call.Args {
			if min(i, fn.Signature().Params().Len()-1) != p.Index || !known.IsFunc(r.w.info.TypeOf(arg)) {
				continue
			}
			if fact := r.eval(r.w.value(arg, item{sets: substitute(p.Sets, names)}, nil)); fact != nil {
				all = append(all, Start{i, fact})
			}
		}
	}
	return all
}

// SetsAround reports whether a function runs an argument inside of a scope of its own.
func (r *Result) SetsAround(fn *types.Func, arg int) bool {
	fn = static(fn)
	return fn != nil && slices.ContainsFunc(r.w.paramsOf(fn), func(p Param) bool {
		return p.Index == arg && len(p.Sets) > 0 && !p.Passed
	})
}

// paramsOf returns the parameters that a declared function runs.
func (w *walker) paramsOf(fn *types.Func) []Param {
	if n := w.decls[fn]; n != nil {
		var all []Param
		for _, i := range slices.Sorted(maps.Keys(n.params)) {
			all = append(all, n.params[i])
		}
		return all
	}
	if f := w.fact(fn); f != nil {
		return f.Params
	}
	return nil
}

// loops returns a function that says whether a place is in a loop of the function itself.
func loops(body ast.Node) func(token.Pos) bool {
	var all []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return ast.Node(n) == body
		case *ast.ForStmt:
			all = append(all, n.Body)
		case *ast.RangeStmt:
			all = append(all, n.Body)
		}
		return true
	})
	return func(pos token.Pos) bool {
		return slices.ContainsFunc(all, func(n ast.Node) bool { return n.Pos() <= pos && pos < n.End() })
	}
}

// SameModule reports whether a package is of the module of the one that is analyzed. Without modules the first element of
// the path tells.
func SameModule(pass *analysis.Pass, pkg *types.Package) bool {
	if pkg == nil || pkg == pass.Pkg {
		return pkg != nil
	}
	module, _, _ := strings.Cut(pass.Pkg.Path(), "/")
	if pass.Module != nil && pass.Module.Path != "" {
		module = pass.Module.Path
	} else if strings.Contains(module, ".") {
		return false
	}
	return pkg.Path() == module || strings.HasPrefix(pkg.Path(), module+"/")
}
