// Package loops finds workers: functions that take one task after another, from a channel, from a
// queue with a sync.Cond or from a list, woken by a signal. The tasks come from many flows of
// control, and the values that were set where the worker started belong to one of them.
package loops

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"
	"sync"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// Analyzer computes a Result and exports a Fact for each function that is a worker.
var Analyzer = &analysis.Analyzer{
	Name:       "ambientloops",
	Doc:        "find functions that take tasks in a loop, for the other analyzers of ambient",
	URL:        "https://pkg.go.dev/github.com/ambient-go/ambient/cmd/ambient/lint",
	Run:        run,
	ResultType: reflect.TypeFor[*Result](),
	FactTypes:  []analysis.Fact{new(Fact)},
}

// A Loop describes how a worker receives its tasks.
type Loop struct {
	// Over is the channel or the sync.Cond as the source names it.
	Over string
	// Calls says that the worker calls functions that it receives. What they read is unknown.
	Calls bool

	root  *types.Var // the variable that Over begins with, nil if it is in another package
	field bool       // Over is a field of root
}

// A Fact describes a worker to the packages that import its package.
type Fact struct{ Loops []Source }

// A Source is a Loop as the function's callers see it.
type Source struct {
	Over  string
	Calls bool
	From  int // index of the parameter that the channel comes from, or receiver, or elsewhere
	Field bool
}

const (
	receiver  = -1
	elsewhere = -2
)

// AFact makes Fact a fact of go/analysis.
func (*Fact) AFact() {}

func (f *Fact) String() string { return fmt.Sprintf("loops%+v", f.Loops) }

// A Result answers questions about the workers of one package. Analyzers that run at once ask the
// same Result.
type Result struct {
	pass     *analysis.Pass
	info     *types.Info
	assigned known.Assignments
	decls    map[*types.Func]*ast.FuncDecl
	sent     map[*types.Var][]ast.Expr // sent values, by the channel's variable or field

	mu    sync.Mutex // held by Call and Func, which change found
	found map[*ast.BlockStmt][]Loop
}

func run(pass *analysis.Pass) (any, error) {
	r := &Result{
		pass: pass, info: pass.TypesInfo,
		decls: map[*types.Func]*ast.FuncDecl{},
		sent:  map[*types.Var][]ast.Expr{},
		found: map[*ast.BlockStmt][]Loop{},
	}
	if known.Own(pass.Pkg) {
		return r, nil
	}
	r.assigned = known.Assigned(pass.TypesInfo, pass.Files)
	for fn, d := range known.Decls(r.info, pass.Files) {
		r.decls[fn] = d
	}
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if send, ok := n.(*ast.SendStmt); ok {
				if v := r.channel(send.Chan); v != nil {
					r.sent[v] = append(r.sent[v], send.Value)
				}
			}
			return true
		})
	}
	if !known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx) {
		return r, nil // facts are for packages that use the library
	}
	for fn, d := range r.decls {
		if f := r.fact(fn, r.in(d.Body)); f != nil {
			pass.ExportObjectFact(fn, f)
		}
	}
	return r, nil
}

func (r *Result) fact(fn *types.Func, all []Loop) *Fact {
	f := new(Fact)
	for _, l := range all {
		s := Source{Over: l.Over, Calls: l.Calls, From: elsewhere, Field: l.field}
		switch {
		case l.root == nil || known.Global(l.root):
		case l.root == fn.Signature().Recv():
			s.From = receiver
		default:
			s.From = index(fn.Signature().Params(), l.root)
			if s.From < 0 {
				continue // a variable of the function itself
			}
		}
		f.Loops = append(f.Loops, s)
	}
	if f.Loops == nil {
		return nil
	}
	return f
}

func index(params *types.Tuple, v *types.Var) int {
	for i := range params.Len() {
		if params.At(i) == v {
			return i
		}
	}
	return elsewhere
}

// Call returns the loop in which a call, made on a new goroutine, takes tasks from other flows of
// control. It returns nil if the call is no worker, or if the function that starts the worker owns
// the channel, so that all tasks belong to its own flow.
func (r *Result) Call(call *ast.CallExpr) *Loop {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.foreign(r.called(call.Fun, call.Args), call)
}

// Func is Call for a function without parameters that another goroutine calls.
func (r *Result) Func(e ast.Expr) *Loop {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.foreign(r.called(e, nil), e)
}

// foreign returns a loop that takes tasks of other flows of control, one that calls functions
// first.
func (r *Result) foreign(all []Loop, at ast.Node) *Loop {
	start := r.enclosing(at)
	var first *Loop
	for _, l := range all {
		if (l.root == nil || !r.own(l, start)) && (first == nil || l.Calls && !first.Calls) {
			first = &l
		}
	}
	return first
}

// called returns the loops of the function e, with the arguments in the place of its parameters.
func (r *Result) called(e ast.Expr, args []ast.Expr) []Loop {
	e = r.assigned.Resolve(r.info, e)
	switch x := e.(type) {
	case *ast.FuncLit:
		sig, _ := r.info.TypeOf(x).(*types.Signature)
		return r.substitute(r.in(x.Body), x, sig, nil, args)
	case *ast.CallExpr:
		if len(x.Args) == 1 && (r.info.Types[x.Fun].IsType() || known.Is(known.Callee(r.info, x), known.GLS, "Bind")) {
			return r.called(x.Args[0], args)
		}
		return nil
	}
	fn := known.Func(r.info, e)
	if fn == nil {
		return nil
	}
	var recv ast.Expr
	if sel, ok := e.(*ast.SelectorExpr); ok && fn.Signature().Recv() != nil {
		recv = sel.X
	}
	if d := r.decls[fn]; d != nil {
		return r.substitute(r.in(d.Body), d, fn.Signature(), recv, args)
	}
	fact := new(Fact)
	if fn.Pkg() == r.pass.Pkg || !r.pass.ImportObjectFact(fn, fact) {
		return nil
	}
	var all []Loop
	for _, s := range fact.Loops {
		l := Loop{Over: s.Over, Calls: s.Calls, field: s.Field}
		switch {
		case s.From == elsewhere:
		case s.From == receiver && recv != nil:
			l = r.at(l, recv)
		case s.From >= 0 && s.From < len(args):
			l = r.at(l, args[s.From])
		default:
			continue
		}
		all = append(all, l)
	}
	return all
}

// substitute puts the operands of a call in the place of fn's parameters, and drops loops over
// channels of fn's own.
func (r *Result) substitute(all []Loop, fn ast.Node, sig *types.Signature, recv ast.Expr, args []ast.Expr) []Loop {
	if sig == nil {
		return nil
	}
	var result []Loop
	for _, l := range all {
		i := index(sig.Params(), l.root)
		switch {
		case l.root == nil:
		case recv != nil && l.root == sig.Recv():
			l = r.at(l, recv)
		case i >= 0 && i < len(args):
			l = r.at(l, args[i])
		case !known.Global(l.root) && fn.Pos() <= l.root.Pos() && l.root.Pos() < fn.End() && l.root != sig.Recv():
			continue
		}
		result = append(result, l)
	}
	return result
}

// at replaces the root of a loop by that of an operand.
func (r *Result) at(l Loop, operand ast.Expr) Loop {
	v, field := r.origin(operand)
	l.root, l.field = v, l.field || field
	return l
}
