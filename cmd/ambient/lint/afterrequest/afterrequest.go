package afterrequest

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

//go:embed doc.go
var doc string

// Analyzer finds callbacks and goroutines that read the current request after it is over.
var Analyzer = &analysis.Analyzer{
	Name:     "afterrequest",
	Doc:      known.Doc(doc, "afterrequest"),
	URL:      known.URL("afterrequest"),
	Run:      run,
	Requires: []*analysis.Analyzer{inspect.Analyzer, reads.Analyzer, waits.Analyzer, loops.Analyzer},
}

// events holds the functions of the flag -events.
var events runners.List

func init() {
	Analyzer.Flags.Var(&events, "events", "functions that call a function argument later, comma-separated: "+
		"pkg.Func or pkg.Type.Method")
}

// names holds the methods of event APIs.
var names = map[string]bool{
	"On": true, "Once": true, "Subscribe": true, "AddListener": true, "Listen": true, "Handle": true,
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) {
		return nil, nil
	}
	c := &checker{
		pass:     pass,
		info:     pass.TypesInfo,
		reads:    pass.ResultOf[reads.Analyzer].(*reads.Result),
		waits:    pass.ResultOf[waits.Analyzer].(*waits.Result),
		loops:    pass.ResultOf[loops.Analyzer].(*loops.Result),
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		c.call(cur.Node().(*ast.CallExpr))
		c.starts(cur.Node().(*ast.CallExpr))
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	reads    *reads.Result
	waits    *waits.Result
	loops    *loops.Result
	assigned known.Assignments
}

func (c *checker) call(call *ast.CallExpr) {
	f := known.Callee(c.info, call)
	if f == nil {
		return
	}
	if reason, _ := c.reads.Directives.At(call.Pos(), call.End()); reason != "" {
		return
	}
	named := events.Match(f)
	if !named && !c.isEvent(f, call) {
		return
	}
	for i, arg := range call.Args {
		sig, _ := under(c.info.TypeOf(arg)).(*types.Signature)
		if sig != nil && !named && handlesRequests(sig) {
			continue
		}
		if sig == nil && known.ServesHTTP(c.info.TypeOf(arg)) {
			continue
		}
		read, ok := c.callback(arg, param(f, i))
		if !ok {
			continue
		}
		c.pass.ReportRangef(arg, "the callback given to %s reads the current request (%s): when it runs, the request may "+
			"be over and there is none; emit the event in httpctx.GoDetached, or read what the callback needs before",
			known.Text(call.Fun), read)
	}
}

// isEvent reports whether a method belongs to an event API and not to a router.
func (c *checker) isEvent(f *types.Func, call *ast.CallExpr) bool {
	if f.Signature().Recv() == nil || !names[f.Name()] || known.Path(f.Pkg()) == "net/http" {
		return false
	}
	// The type of sel.X and not that of the method's receiver: a router may embed the latter.
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	return ok && !isRouter(c.info.TypeOf(sel.X), f.Name())
}

// callback returns the read of the current request in a function argument. For a value with methods
// it returns that of a method by which the value satisfies the parameter's interface.
func (c *checker) callback(arg ast.Expr, want types.Type) (reads.Read, bool) {
	e := c.assigned.Resolve(c.info, arg)
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 {
		// The request that gls.Bind captured is over, too.
		if known.Is(known.Callee(c.info, call), known.GLS, "Bind") || c.info.Types[call.Fun].IsType() {
			return c.callback(call.Args[0], want)
		}
	}
	if _, ok := under(c.info.TypeOf(arg)).(*types.Signature); ok {
		// A variable that is assigned several functions has the reads of all.
		if fact := c.reads.Expr(arg); fact != nil {
			return fact.HTTP()
		}
		if fact := c.reads.Expr(e); fact != nil {
			return fact.HTTP()
		}
		return reads.Read{}, false
	}
	i, ok := under(want).(*types.Interface)
	if !ok {
		return reads.Read{}, false
	}
	t := c.info.TypeOf(e)
	for m := range i.Methods() {
		obj, _, _ := types.LookupFieldOrMethod(t, true, c.pass.Pkg, m.Name())
		method, ok := obj.(*types.Func)
		if !ok || handlesRequests(method.Signature()) {
			continue
		}
		if fact := c.reads.Func(method); fact != nil {
			if read, ok := fact.HTTP(); ok {
				return read, true
			}
		}
	}
	return reads.Read{}, false
}

// param returns the type of parameter i, the element type for an argument of a variadic parameter.
func param(f *types.Func, i int) types.Type {
	params := f.Signature().Params()
	if params.Len() == 0 {
		return nil
	}
	t := params.At(min(i, params.Len()-1)).Type()
	if s, ok := t.(*types.Slice); ok && f.Signature().Variadic() && i >= params.Len()-1 {
		return s.Elem()
	}
	return t
}
