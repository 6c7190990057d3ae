package shared

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

//go:embed doc.go
var doc string

// Analyzer finds results that are computed with one request's values and given to others.
var Analyzer = &analysis.Analyzer{
	Name:     "shared",
	Doc:      known.Doc(doc, "shared"),
	URL:      known.URL("shared"),
	Run:      run,
	Requires: []*analysis.Analyzer{inspect.Analyzer, reads.Analyzer},

	FactTypes: []analysis.Fact{new(keeps)},
}

func run(pass *analysis.Pass) (any, error) {
	if reads.Unread(pass) {
		return nil, nil
	}
	c := &checker{
		pass:     pass,
		info:     pass.TypesInfo,
		in:       pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		reads:    pass.ResultOf[reads.Analyzer].(*reads.Result),
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
	}
	c.exportKeepers()
	if !known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx) {
		return nil, nil
	}
	for cur := range c.in.Root().Preorder((*ast.CallExpr)(nil)) {
		c.call(cur.Node().(*ast.CallExpr))
	}
	for cur := range c.in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		c.lookup(cur)
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	in       *inspector.Inspector
	reads    *reads.Result
	assigned known.Assignments
}

func (c *checker) call(call *ast.CallExpr) {
	fn := known.Callee(c.info, call)
	s, ok := find(fn)
	if !ok {
		s, ok = c.own(call, fn)
	}
	if !ok || max(s.key, s.fn, s.value) >= len(call.Args) {
		return
	}
	if _, silent := c.reads.Directives.At(call.Pos(), call.End()); silent {
		return
	}
	var found []reads.Read
	what := call.Args[max(s.fn, s.value)]
	switch {
	case s.keeps:
		found = lasting(c.loader(what, s))
	case s.fn >= 0:
		found = c.loader(what, s)
	default:
		found = c.value(what)
	}
	found = c.outside(call, found)
	if s.key >= 0 && len(found) > 0 {
		found = without(found, c.within(call.Args[s.key]))
	}
	if len(found) == 0 {
		return
	}
	name := runners.Name(fn)
	name = strings.Replace(name[strings.LastIndex(name, "/")+1:], ".cache.", ".Cache.", 1)
	c.report(what, s, name, (&reads.Fact{Reads: found}).First())
}

func (c *checker) report(what ast.Expr, s sink, name string, read reads.Read) {
	switch {
	case s.makes:
		c.pass.ReportRangef(what, "%s: the loader's results are for all, and it reads %s: compute what is the same for all in "+
			"gls.Isolate, or make what it depends on part of the keys; bind a loader of one request with gls.Bind", name, read)
	case s.fn >= 0:
		c.pass.ReportRangef(what, "%s gives one result to all who ask for its key, and the function reads %s: compute what "+
			"is the same for all in gls.Isolate, or put what it depends on into the key", name, read)
	default:
		c.pass.ReportRangef(what, "%s keeps the value for all who ask for its key, and it depends on %s: compute what is the "+
			"same for all in gls.Isolate, or put what it depends on into the key", name, read)
	}
}

// find returns the sink that a function is. The many copies of singleflight keep its names.
func find(fn *types.Func) (sink, bool) {
	if fn == nil || strings.HasPrefix(known.Path(fn.Pkg()), known.Module+"/") {
		return sink{}, false
	}
	name := runners.Name(fn)
	if s, ok := sinks[name]; ok {
		return s, true
	}
	if _, flight := strings.CutSuffix(name, "singleflight.Group.Do"); flight {
		return flightSink(fn)
	}
	if strings.HasSuffix(name, "singleflight.Group.DoChan") || strings.HasSuffix(name, "singleflight.Group.DoContext") {
		return flightSink(fn)
	}
	return sink{}, false
}

// flightSink finds the key and the function among the parameters: (key, fn) or (ctx, key, fn).
func flightSink(fn *types.Func) (sink, bool) {
	params := fn.Signature().Params()
	last := params.Len() - 1
	if last < 1 || !known.IsFunc(params.At(last).Type()) {
		return sink{}, false
	}
	return loads(last-1, last), true
}

// loader returns the reads of a function that computes a value for all callers. A function inside
// gls.Bind counts, too: it reads one caller's values for all.
func (c *checker) loader(e ast.Expr, s sink) []reads.Read {
	e = c.assigned.Resolve(c.info, e)
	for {
		call, ok := e.(*ast.CallExpr)
		if !ok || len(call.Args) != 1 {
			break
		}
		conversion := c.info.Types[call.Fun].IsType()
		if !conversion && (s.makes || !known.Is(known.Callee(c.info, call), known.GLS, "Bind")) {
			break
		}
		e = c.assigned.Resolve(c.info, call.Args[0])
	}
	if t := c.info.TypeOf(e); t != nil && !known.IsFunc(t) {
		return c.methods(t)
	}
	if fact := c.reads.Expr(e); fact != nil {
		return fact.Reads
	}
	return nil
}

// methods returns the reads of a loader that is a value with methods of these names.
func (c *checker) methods(t types.Type) []reads.Read {
	var all []reads.Read
	for _, name := range []string{"Get", "Load", "Reload", "BulkLoad", "BulkReload"} {
		obj, _, _ := types.LookupFieldOrMethod(t, true, c.pass.Pkg, name)
		if f, ok := obj.(*types.Func); ok {
			if fact := c.reads.Func(f); fact != nil {
				all = append(all, fact.Reads...)
			}
		}
	}
	return all
}

// value returns the reads that a value was made from. A read of a storage or a key counts in the
// expression and in functions that it calls, a read of the request in the expression alone: below
// that a request, and everywhere a context, is mostly read for a log line or a deadline.
func (c *checker) value(e ast.Expr) []reads.Read { return lasting(c.within(e)) }

// lasting returns the reads of which a value keeps something.
func lasting(found []reads.Read) []reads.Read {
	var all []reads.Read
	for _, r := range found {
		request := strings.HasPrefix(r.What, "httpctx.") && len(r.Via) > 0
		if !r.Passed && !request && (r.Kind == reads.Storage || r.Kind == reads.HTTP) {
			all = append(all, r)
		}
	}
	return all
}

// within returns the reads in evaluating an expression and the variables in it.
func (c *checker) within(e ast.Expr) []reads.Read {
	var all []reads.Read
	seen := map[*types.Var]bool{}
	var visit func(e ast.Expr)
	visit = func(e ast.Expr) {
		ast.Inspect(e, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				return false
			case *ast.CallExpr:
				if fact := c.reads.Call(n); fact != nil {
					all = append(all, fact.Reads...)
				}
			case *ast.Ident:
				v, ok := c.info.Uses[n].(*types.Var)
				if !ok || v.IsField() || known.Global(v) || seen[v] {
					break
				}
				seen[v] = true
				for _, a := range c.assigned[v] {
					if a.Value != nil {
						n := len(all)
						visit(a.Value)
						all = append(all[:n], c.outside(a.Node, all[n:])...)
					}
				}
			}
			return true
		})
	}
	visit(e)
	return all
}

// outside returns the reads at a node that see what is set outside of the functions around it:
// gls.Isolate and Run hide it.
func (c *checker) outside(n ast.Node, found []reads.Read) []reads.Read {
	cur, ok := c.in.Root().FindNode(n)
	if !ok {
		return found
	}
	for lit := range cur.Enclosing((*ast.FuncLit)(nil)) {
		call, ok := lit.Parent().Node().(*ast.CallExpr)
		if ok && known.RunsHere(known.Callee(c.info, call)) >= 0 {
			var all []reads.Read
			if fact := c.reads.Call(call); fact != nil {
				all = fact.Reads
			}
			found = without(found, without(found, all))
		}
	}
	return found
}

// without returns the reads of found that are not among those of the key.
func without(found, key []reads.Read) []reads.Read {
	var rest []reads.Read
	for _, r := range found {
		covered := false
		for _, k := range key {
			covered = covered || k.Kind == r.Kind && (k.Name == r.Name || k.Name == "" || r.Name == "")
		}
		if !covered {
			rest = append(rest, r)
		}
	}
	return rest
}
