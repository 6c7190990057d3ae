// Package reads finds the functions that read ambient state: the value of a gls.Storage, the
// ambient context, the current request. The other analyzers build on it; it reports nothing itself.
//
// A function reads if it calls a reading function of the library, or a function that reads. The
// search crosses packages by facts, follows function values where it sees their assignments, those in
// fields, maps and slices included, and enters function literals that the function calls or passes to
// a function that calls them. It does not follow methods of interfaces. A read does not count
// inside of a Run or Enter that sets its value: such a function needs nothing of its caller.
package reads

import (
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/directive"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
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

// A Result answers questions about one package. An answer is nil if nothing is read.
type Result struct {
	// Directives holds the directives of the package's files.
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
		params: map[*types.Var]int{}, values: map[*types.Var][]ast.Expr{}, stored: map[*types.Var][]ast.Expr{},
		resets: map[*types.Var]bool{}, starts: map[*ast.CallExpr]bool{},
	}
	result := &Result{Directives: w.silent, w: w}
	if Unread(pass) {
		return result, nil
	}
	w.collect(pass.Files)
	for range 2 { // the second time for an Enter two calls away
		for fn, d := range known.Decls(w.info, pass.Files) {
			w.decls[fn].enters = w.leaves(d.Body)
		}
	}
	for fn, d := range known.Decls(w.info, pass.Files) {
		w.body(w.decls[fn], d.Body)
	}
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			if g, ok := d.(*ast.GenDecl); ok {
				w.body(new(node), g) // the function literals in it
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

// Unread reports whether the analyzer skips a package: one of the library or of the standard
// library.
func Unread(pass *analysis.Pass) bool {
	return known.Own(pass.Pkg) ||
		isStd(pass.Pkg) && (pass.Module == nil || pass.Module.Path == "" || pass.Module.Path == "std")
}

// Func returns what a call of fn reads.
func (r *Result) Func(fn *types.Func) *Fact {
	fn = static(fn)
	if fn == nil {
		return nil
	}
	if does, ok := libraryFunc(fn); ok {
		kind, ok := kinds[does.Reads]
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

// Call returns what a call reads: the called function, and the arguments that it calls. The
// evaluation of the operands is left out.
func (r *Result) Call(call *ast.CallExpr) *Fact { return r.eval(r.w.call(call, nil)) }

// Expr returns what the function e reads: a function literal, a declared function, a method value,
// a variable to which such functions are assigned, or a call that returns one. A function that
// gls.Bind returns reads nothing.
func (r *Result) Expr(e ast.Expr) *Fact { return r.eval(r.w.value(e, item{}, nil)) }

// Lit returns what a function literal reads.
func (r *Result) Lit(lit *ast.FuncLit) *Fact { return r.Expr(lit) }

// Target returns the function or method that a call names, methods of interfaces included.
func (r *Result) Target(call *ast.CallExpr) *types.Func { return r.w.target(call) }

// Callee returns the called function, nil for a method of an interface and for a function value.
func (r *Result) Callee(call *ast.CallExpr) *types.Func { return r.w.callee(call) }

// Entered reports whether a scope of Enter is open at a position in a function's body.
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
