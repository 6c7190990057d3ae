package timeout

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

//go:embed doc.go
var doc string

// Analyzer finds httpctx.Middleware around http.TimeoutHandler.
var Analyzer = &analysis.Analyzer{
	Name:      "timeout",
	Doc:       known.Doc(doc, "timeout"),
	URL:       known.URL("timeout"),
	Run:       run,
	Requires:  []*analysis.Analyzer{inspect.Analyzer},
	FactTypes: []analysis.Fact{new(made)},
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || known.Path(pass.Pkg) == "net/http" || !known.Concerns(pass.Pkg, "net/http") {
		return nil, nil
	}
	c := &checker{
		pass:       pass,
		info:       pass.TypesInfo,
		in:         pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		assigned:   known.Assigned(pass.TypesInfo, pass.Files),
		registered: map[*types.Var][]*ast.CallExpr{},
		params:     map[*types.Var]int{},
	}
	c.findRoutes()
	c.exportMade()
	if !known.Concerns(pass.Pkg, known.HTTPCtx) {
		return nil, nil
	}
	for cur := range c.in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		for _, arg := range c.around(call) {
			if p := c.parts(arg, call.Pos()); c.check(call, arg, p, c.shares(call.Fun)) {
				break
			}
		}
		c.checkUse(call)
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	in       *inspector.Inspector
	assigned known.Assignments

	// registered has the method calls on variables and fields that hold a handler, such as a
	// router's.
	registered map[*types.Var][]*ast.CallExpr

	// params has the parameters of the function whose fact is computed.
	params map[*types.Var]int

	// visiting has the variables that parts is following.
	visiting []place
}

type place struct {
	v  *types.Var
	at token.Pos
}

// around returns the arguments that a call puts a Middleware around.
func (c *checker) around(call *ast.CallExpr) []ast.Expr {
	if len(call.Args) == 0 {
		return nil
	}
	if c.isMiddleware(call.Fun) {
		return call.Args[:1]
	}
	var fact made
	f := known.Callee(c.info, call)
	if f == nil || !c.pass.ImportObjectFact(f, &fact) {
		return nil
	}
	var args []ast.Expr
	for _, i := range fact.Within {
		if i < len(call.Args) {
			args = append(args, call.Args[i])
		}
	}
	return args
}

// isMiddleware reports whether an expression is httpctx.Middleware or the result of httpctx.New.
func (c *checker) isMiddleware(e ast.Expr) bool {
	e = c.assigned.Resolve(c.info, e)
	if call, ok := e.(*ast.CallExpr); ok {
		return known.Is(known.Callee(c.info, call), known.HTTPCtx, "New")
	}
	return known.Is(known.Func(c.info, e), known.HTTPCtx, "Middleware")
}

// shares reports whether a Middleware shares its request with an inner one: it has the option
// WithRequestContext, or options that the analyzer does not see.
func (c *checker) shares(e ast.Expr) bool {
	e = c.assigned.Resolve(c.info, e)
	call, ok := e.(*ast.CallExpr)
	if !ok {
		var fact made
		f := known.Func(c.info, e)
		return f != nil && c.pass.ImportObjectFact(f, &fact) && fact.Shares
	}
	for _, arg := range call.Args {
		option, ok := c.assigned.Resolve(c.info, arg).(*ast.CallExpr)
		if !ok || known.Is(known.Callee(c.info, option), known.HTTPCtx, "WithRequestContext") {
			return true
		}
	}
	return false
}

// check reports a call that puts a Middleware around a handler with the parts p, if that is wrong.
func (c *checker) check(call *ast.CallExpr, arg ast.Expr, p parts, shares bool) bool {
	switch {
	case p.timeout != nil:
		c.report(call, arg, p.timeout)
	case p.paired != nil && !shares:
		c.reportPair(call, arg, p.paired)
	default:
		return false
	}
	return true
}

func (c *checker) isTimeoutHandler(call *ast.CallExpr) bool {
	return known.Is(known.Func(c.info, c.assigned.Resolve(c.info, call.Fun)), "net/http", "TimeoutHandler")
}

// findRoutes fills registered. A field counts if this package declares it: then the analyzer sees
// all its uses.
func (c *checker) findRoutes() {
	for cur := range c.in.Root().Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || len(call.Args) == 0 || c.info.Selections[sel] == nil {
			continue
		}
		if v := c.router(sel.X); v != nil && known.ServesHTTP(v.Type()) {
			c.registered[v] = append(c.registered[v], call)
		}
	}
}

// router returns the variable, or the field declared in this package, that an expression names.
func (c *checker) router(e ast.Expr) *types.Var {
	if v := known.Var(c.info, e); v != nil {
		return v
	}
	if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
		if s := c.info.Selections[sel]; s != nil && s.Kind() == types.FieldVal && s.Obj().Pkg() == c.pass.Pkg {
			return s.Obj().(*types.Var)
		}
	}
	return nil
}

// checkUse checks a router that gets a Middleware for all routes: r.Use(httpctx.Middleware).
func (c *checker) checkUse(call *ast.CallExpr) {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Use" {
		return
	}
	i := slices.IndexFunc(call.Args, c.isMiddleware)
	if i < 0 {
		return
	}
	v := c.router(sel.X)
	if v == nil {
		return
	}
	for _, route := range c.registered[v] {
		for _, arg := range route.Args {
			if c.check(call, nil, c.parts(arg, route.Pos()), c.shares(call.Args[i])) {
				return
			}
		}
	}
}
