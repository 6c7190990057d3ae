// Package waits tells whether the flow of control that starts a goroutine waits for it: with a
// WaitGroup or a similar group, on a channel, or through a function that waits. If a handler does
// not wait, it may have returned when the goroutine runs, and then its request is over.
//
// The goroutine must signal its end as its last action, and the flow must wait for the signal on
// each path to its own end: in the function that starts the goroutine, in the functions around that
// one, or in all its callers in the package. Code that the package does not understand counts as
// not waiting.
package waits

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"reflect"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// Analyzer computes a Result and exports a Fact for each function that waits or signals its end.
var Analyzer = &analysis.Analyzer{
	Name:       "ambientwaits",
	Doc:        "find goroutines that their flow of control waits for, for the other analyzers of ambient",
	URL:        "https://pkg.go.dev/github.com/ambient-go/ambient/cmd/ambient/lint",
	Run:        run,
	Requires:   []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer, reads.Analyzer},
	ResultType: reflect.TypeFor[*Result](),
	FactTypes:  []analysis.Fact{new(Fact)},
}

// A Fact lists the parameters on which a function waits for goroutines, and those on which it
// signals its end.
type Fact struct{ Waits, Signals []Param }

// A Param is a parameter, or a field of the value that it points to.
type Param struct {
	Index  int // receiver for a method's receiver
	Fields string
	How    How
}

const receiver = -1

// AFact makes Fact a fact of go/analysis.
func (*Fact) AFact() {}

func (f *Fact) String() string { return fmt.Sprintf("waits%+v", *f) }

// How is the way in which a goroutine signals its end.
type How int

const (
	group    How = iota // by Done of a WaitGroup, or started by a method Go
	closes              // by closing a channel that carries no values
	sends               // by sending a value
	streamed            // by closing a channel that carries values: the first value is not the end
)

// A handle is the variable, or the field of one, that a goroutine signals and the flow waits for.
type handle struct {
	root   *types.Var
	fields string
	how    How
}

func (h handle) same(g handle) bool { return h.root == g.root && h.fields == g.fields }

// A Result answers questions about one package. Analyzers that run at once ask the same Result.
type Result struct {
	pass     *analysis.Pass
	info     *types.Info
	reads    *reads.Result
	in       *inspector.Inspector
	graphs   *ctrlflow.CFGs
	assigned known.Assignments

	decls  map[*types.Func]*ast.FuncDecl
	calls  map[*types.Func][]*ast.CallExpr // calls in this package
	passed map[*types.Func]bool            // also used as a value, so that some calls are unknown

	mu      sync.Mutex // held by Go and Call, which change what follows
	signals map[*ast.BlockStmt][]handle
	asked   map[question]bool
	depth   int // how many calls deep the search is
}

func run(pass *analysis.Pass) (any, error) {
	r := &Result{
		pass: pass, info: pass.TypesInfo,
		reads:  pass.ResultOf[reads.Analyzer].(*reads.Result),
		in:     pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		graphs: pass.ResultOf[ctrlflow.Analyzer].(*ctrlflow.CFGs),

		decls: map[*types.Func]*ast.FuncDecl{}, calls: map[*types.Func][]*ast.CallExpr{}, passed: map[*types.Func]bool{},
		signals: map[*ast.BlockStmt][]handle{}, asked: map[question]bool{},
	}
	if reads.Unread(pass) {
		return r, nil
	}
	r.assigned = known.Assigned(pass.TypesInfo, pass.Files)
	r.collect()
	for fn, d := range r.decls {
		if f := r.fact(fn, d); f != nil {
			pass.ExportObjectFact(fn, f)
		}
	}
	return r, nil
}

// collect finds the declarations of the package and their uses.
func (r *Result) collect() {
	called := map[*ast.Ident]bool{}
	for cur := range r.in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.CallExpr)(nil), (*ast.Ident)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.FuncDecl:
			if fn, ok := r.info.Defs[n.Name].(*types.Func); ok && n.Body != nil {
				r.decls[fn] = n
			}
		case *ast.CallExpr:
			if fn := known.Callee(r.info, n); fn != nil && fn.Pkg() == r.pass.Pkg {
				r.calls[fn] = append(r.calls[fn], n)
				called[name(n.Fun)] = true // the loop visits it after this
			}
		case *ast.Ident:
			if fn, ok := r.info.Uses[n].(*types.Func); ok && !called[n] {
				r.passed[fn.Origin()] = true
			}
		}
	}
}

// name returns the identifier of a called function.
func name(fun ast.Expr) *ast.Ident {
	switch f := ast.Unparen(fun).(type) {
	case *ast.Ident:
		return f
	case *ast.SelectorExpr:
		return f.Sel
	case *ast.IndexExpr:
		return name(f.X)
	case *ast.IndexListExpr:
		return name(f.X)
	}
	return nil
}

func (r *Result) fact(fn *types.Func, d *ast.FuncDecl) *Fact {
	f := new(Fact)
	of := func(v *types.Var, index int) {
		fields := r.fieldsUsed(d.Body, v)
		for _, h := range r.ends(d.Body) {
			if h.root == v {
				f.Signals = append(f.Signals, Param{index, h.fields, h.how})
			}
		}
		for _, path := range fields {
			for _, how := range []How{streamed, closes, sends, group} {
				if r.always(d, handle{v, path, how}) {
					f.Waits = append(f.Waits, Param{index, path, how})
				}
			}
		}
	}
	if recv := fn.Signature().Recv(); recv != nil {
		of(recv, receiver)
	}
	for i := range fn.Signature().Params().Len() {
		of(fn.Signature().Params().At(i), i)
	}
	if len(f.Waits)+len(f.Signals) == 0 {
		return nil
	}
	return f
}

// fieldsUsed returns the paths below v that a function may wait for: operands of receives, ranges
// and calls.
func (r *Result) fieldsUsed(body *ast.BlockStmt, v *types.Var) []string {
	var all []string
	add := func(e ast.Expr) {
		if h, ok := r.path(e); ok && h.root == v && !slices.Contains(all, h.fields) {
			all = append(all, h.fields)
		}
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.UnaryExpr:
			add(n.X)
		case *ast.RangeStmt:
			add(n.X)
		case *ast.CallExpr:
			if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok {
				add(sel.X)
			}
			for _, arg := range n.Args {
				add(arg)
			}
		}
		return true
	})
	return all
}

// importFact returns the fact of a function in another package, nil if there is none.
func (r *Result) importFact(fn *types.Func) *Fact {
	f := new(Fact)
	if fn == nil || fn.Pkg() == r.pass.Pkg || !r.pass.ImportObjectFact(fn, f) {
		return nil
	}
	return f
}

// operand returns the argument or receiver in the place of a parameter.
func operand(call *ast.CallExpr, index int) ast.Expr {
	if index == receiver {
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
			return sel.X
		}
		return nil
	}
	if index < len(call.Args) {
		return call.Args[index]
	}
	return nil
}

// index returns the index of fn's parameter v.
func index(fn *types.Func, v *types.Var) (int, bool) {
	if fn.Signature().Recv() == v {
		return receiver, true
	}
	return param(fn.Signature(), v)
}

// path returns the handle that an expression names: a channel, a group, or a struct that holds one.
func (r *Result) path(e ast.Expr) (handle, bool) {
	switch x := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := r.info.ObjectOf(x).(*types.Var)
		if !ok || v.IsField() {
			return handle{}, false
		}
		if value := r.alias(v); value != nil {
			if h, ok := r.path(value); ok {
				return h, true
			}
		}
		return handle{root: v}, true
	case *ast.SelectorExpr:
		if r.info.Selections[x] == nil {
			v, ok := r.info.Uses[x.Sel].(*types.Var)
			return handle{root: v}, ok
		}
		h, ok := r.path(x.X)
		h.fields += "." + x.Sel.Name
		return h, ok
	case *ast.StarExpr:
		return r.path(x.X)
	case *ast.UnaryExpr:
		if x.Op == token.AND {
			return r.path(x.X)
		}
	}
	return handle{}, false
}

// alias returns the expression of which a variable is another name, if it is never changed: wg :=
// &group, done := s.done.
func (r *Result) alias(v *types.Var) ast.Expr {
	all := r.assigned[v]
	if len(all) != 1 || all[0].Index >= 0 || all[0].Value == nil || !r.isPointerOrChan(v) {
		return nil
	}
	if assign, ok := all[0].Node.(*ast.AssignStmt); ok && assign.Tok != token.DEFINE {
		return nil // the variable had another value before
	}
	switch value := ast.Unparen(all[0].Value).(type) {
	case *ast.UnaryExpr, *ast.Ident, *ast.SelectorExpr:
		return value
	}
	return nil
}

func (r *Result) isPointerOrChan(v *types.Var) bool {
	switch v.Type().Underlying().(type) {
	case *types.Pointer, *types.Chan:
		return true
	}
	return false
}

// joins holds the prefixes of functions that return when the functions they were given have
// returned.
var joins = []string{"github.com/sourcegraph/conc/iter.", "github.com/samber/lo/parallel."}

func joined(fn *types.Func) bool {
	name := runners.Name(fn)
	for _, j := range joins {
		if strings.HasPrefix(name, j) {
			return true
		}
	}
	return false
}
