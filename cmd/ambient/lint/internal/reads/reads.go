// Package reads finds the functions that read ambient state: a value of gls, the ambient context, the current request.
// It is the ground on which the analyzers stand and reports nothing itself.
//
// A function reads if it calls a reading function of the library or anything that reads: over packages, by facts; through
// function values where their assignments are seen; through function literals that it calls, or hands to something that
// calls them. Calls of interface methods are not followed. What is set around a read by Run, Enter and their kind is
// taken off: a function that sets what it reads needs nothing of its caller.
package reads

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/directive"
)

// Analyzer computes a Result and exports a Fact for each function that has one.
var Analyzer = &analysis.Analyzer{
	Name:       "ambientreads",
	Doc:        "find functions that read ambient state, for the other analyzers of ambient",
	URL:        "https://pkg.go.dev/github.com/ambient-go/ambient/cmd/ambient/lint",
	Run:        run,
	ResultType: reflect.TypeFor[*Result](),
	FactTypes:  []analysis.Fact{new(Fact)},
}

// A Result answers for one package. Its answers are nil where nothing is read.
type Result struct {
	// Directives are those of the package's files.
	Directives *directive.Set
	w          *walker
}

func run(pass *analysis.Pass) (any, error) {
	w := &walker{
		pkg: pass.Pkg, info: pass.TypesInfo, fset: pass.Fset,
		silent: directive.New(pass.Fset, pass.Files),
		fact: func(fn *types.Func) *Fact {
			f := new(Fact)
			if fn.Pkg() == pass.Pkg || !pass.ImportObjectFact(fn, f) {
				return nil
			}
			return f
		},
		decls: map[*types.Func]*node{}, lits: map[*ast.FuncLit]*node{},
		params: map[*types.Var]int{}, values: map[*types.Var][]ast.Expr{},
	}
	result := &Result{Directives: w.silent, w: w}
	if Unread(pass) {
		return result, nil
	}
	w.collect(pass.Files)
	for range 2 { // an Enter two calls away
		w.eachFunc(pass.Files, func(d *ast.FuncDecl, n *node) { n.enters = w.leaves(d.Body) })
	}
	w.eachFunc(pass.Files, func(d *ast.FuncDecl, n *node) { w.body(n, d.Body) })
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				w.body(new(node), g) // for the literals in it
			}
		}
	}
	w.solve()
	for _, n := range w.nodes {
		if f := n.fact(); n.fn != nil && f != nil {
			pass.ExportObjectFact(n.fn, f)
		}
	}
	return result, nil
}

// Unread reports whether a package is one of those that are not walked: the library's own and the standard library's.
func Unread(pass *analysis.Pass) bool {
	return IsLibrary(pass.Pkg) ||
		isStd(pass.Pkg) && (pass.Module == nil || pass.Module.Path == "" || pass.Module.Path == "std")
}

// eachFunc calls f with each declared function that has a body.
func (w *walker) eachFunc(files []*ast.File, f func(*ast.FuncDecl, *node)) {
	for _, file := range files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				if fn, ok := w.info.Defs[d.Name].(*types.Func); ok {
					f(d, w.decls[fn])
				}
			}
		}
	}
}

// Func returns what a call of fn reads.
func (r *Result) Func(fn *types.Func) *Fact {
	fn = static(fn)
	if fn == nil {
		return nil
	}
	if known, ok := libraryFunc(fn); ok {
		kind, ok := kinds[known.Reads]
		if !ok {
			return nil
		}
		return &Fact{Reads: []Read{{Kind: kind, What: LibraryName(fn)}}}
	}
	if n := r.w.decls[fn]; n != nil {
		return reading(n.reads)
	}
	if f := r.w.fact(fn); f != nil {
		return reading(f.Reads)
	}
	return nil
}

// Call returns what the call reads: its callee, and the functions among its arguments that the callee runs, but not the
// evaluation of its operands.
func (r *Result) Call(call *ast.CallExpr) *Fact { return r.eval(r.w.call(call, nil)) }

// Expr returns what running the function reads that e stands for: a literal, a declared function, a method value, a
// variable to which such are assigned, a call that returns one. A function made by gls.Bind reads nothing.
func (r *Result) Expr(e ast.Expr) *Fact { return r.eval(r.w.value(e, item{}, nil)) }

// Lit returns what running the literal reads.
func (r *Result) Lit(lit *ast.FuncLit) *Fact { return r.Expr(lit) }

// Target returns the function or method that a call names, an interface's method too.
func (r *Result) Target(call *ast.CallExpr) *types.Func { return r.w.target(call) }

// Callee returns the function that is called, nil where an interface or a function value hides it.
func (r *Result) Callee(call *ast.CallExpr) *types.Func { return r.w.callee(call) }

// Entered reports whether a scope of Enter is open at a place in a function's body.
func (r *Result) Entered(body ast.Node, pos token.Pos) bool {
	return len(at(r.w.entered(body), pos)) > 0
}

func (r *Result) eval(items []item) *Fact {
	n := &node{items: items}
	n.update()
	return reading(n.reads)
}

func reading(reads []Read) *Fact {
	if len(reads) == 0 {
		return nil
	}
	return &Fact{Reads: slices.Clone(reads)}
}
