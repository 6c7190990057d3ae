// Package loops finds workers: functions that take one task after the other, from a channel or a queue with a sync.Cond,
// and so serve many flows of control. What is set where a worker is started is of one of them alone.
package loops

import (
	"fmt"
	"go/ast"
	"go/types"
	"reflect"

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

// A Loop is how a worker gets its tasks.
type Loop struct {
	// Over is the channel or the sync.Cond as the source has it.
	Over string
	// Calls says that it calls functions that it is sent: nobody knows what these read.
	Calls bool

	root  *types.Var // the variable at the root of Over, nil where it is of another package
	field bool       // Over is a field of it
}

// A Fact is what is known of a worker in another package.
type Fact struct{ Loops []Source }

// A Source is a Loop as its function's callers see it.
type Source struct {
	Over  string
	Calls bool
	From  int // a parameter; receiver or elsewhere
	Field bool
}

const (
	receiver  = -1
	elsewhere = -2
)

// AFact makes it a fact of go/analysis.
func (*Fact) AFact() {}

func (f *Fact) String() string { return fmt.Sprintf("loops%+v", f.Loops) }

// A Result answers for one package.
type Result struct {
	pass     *analysis.Pass
	info     *types.Info
	assigned known.Assignments
	decls    map[*types.Func]*ast.FuncDecl
	sent     map[*types.Var][]ast.Expr // by the channel's variable or field
	found    map[*ast.BlockStmt][]Loop
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
	for _, file := range pass.Files {
		for _, d := range file.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && d.Body != nil {
				if fn, ok := r.info.Defs[d.Name].(*types.Func); ok {
					r.decls[fn] = d
				}
			}
		}
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
		return r, nil // its loops are its own affair
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
				continue // a variable of its own
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

// Call returns how a call, made on a new goroutine, gets tasks of others. It is nil for what is no worker, and for one
// whose channel is of the function that starts it: its tasks are of the same flow.
func (r *Result) Call(call *ast.CallExpr) *Loop {
	return r.foreign(r.called(call.Fun, call.Args), call)
}

// Func is Call for a function without arguments that is handed to something that calls it on another goroutine.
func (r *Result) Func(e ast.Expr) *Loop { return r.foreign(r.called(e, nil), e) }

// foreign returns the first of the loops that takes the tasks of others.
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

// called returns the loops of the function that e stands for, with what it is called with in the place of its parameters.
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

// substitute puts a call's operands in the place of the parameters of fn, and leaves out loops over channels of its own.
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

// at moves a loop to the operand that stands for its root.
func (r *Result) at(l Loop, operand ast.Expr) Loop {
	v, field := r.origin(operand)
	l.root, l.field = v, l.field || field
	return l
}
