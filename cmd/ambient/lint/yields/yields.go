package yields

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

//go:embed doc.go
var doc string

// Analyzer finds generators that yield while they have something set.
var Analyzer = &analysis.Analyzer{
	Name:     "yields",
	Doc:      known.Doc(doc, "yields"),
	URL:      known.URL("yields"),
	Run:      run,
	Requires: []*analysis.Analyzer{inspect.Analyzer, reads.Analyzer},
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx) {
		return nil, nil
	}
	c := &checker{
		pass:     pass,
		info:     pass.TypesInfo,
		reads:    pass.ResultOf[reads.Analyzer].(*reads.Result),
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
		scopes:   map[*ast.FuncLit]*ast.CallExpr{},
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		c.scope(cur.Node().(*ast.CallExpr))
	}
	for cur := range in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if yield := c.yield(cur); yield != nil {
			c.generator(cur, yield)
		}
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	reads    *reads.Result
	assigned known.Assignments

	scopes map[*ast.FuncLit]*ast.CallExpr // calls that set something, by the function literal that they run
}

func (c *checker) scope(call *ast.CallExpr) {
	f := known.Callee(c.info, call)
	for i, arg := range call.Args {
		lit, ok := c.assigned.Resolve(c.info, arg).(*ast.FuncLit)
		if ok && (known.RunsHere(f) == i || c.reads.SetsAround(f, i)) { // with other values set
			c.scopes[lit] = call
		}
	}
}

// yield returns the parameter by which a generator calls the loop's body, nil if the function is no
// generator.
func (c *checker) yield(cur inspector.Cursor) *types.Var {
	var typ *ast.FuncType
	switch n := cur.Node().(type) {
	case *ast.FuncDecl:
		if n.Body == nil {
			return nil
		}
		typ = n.Type
	case *ast.FuncLit:
		typ = n.Type
	}
	if typ.Results.NumFields() > 0 || len(typ.Params.List) != 1 || len(typ.Params.List[0].Names) != 1 {
		return nil
	}
	v, ok := c.info.Defs[typ.Params.List[0].Names[0]].(*types.Var)
	if !ok || !isYield(v.Type()) || v.Name() != "yield" && !c.isSeq(cur) {
		return nil
	}
	return v
}

func isYield(t types.Type) bool {
	sig, ok := t.Underlying().(*types.Signature)
	if !ok || sig.Params().Len() > 2 || sig.Results().Len() != 1 {
		return false
	}
	b, ok := sig.Results().At(0).Type().Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

// isSeq reports whether the code returns, converts or assigns a function literal as an iter.Seq or
// iter.Seq2.
func (c *checker) isSeq(cur inspector.Cursor) bool {
	lit, ok := cur.Node().(*ast.FuncLit)
	if !ok {
		return false
	}
	parent := cur.Parent()
	switch n := parent.Node().(type) {
	case *ast.CallExpr:
		return c.info.Types[n.Fun].IsType() && seq(c.info.TypeOf(n.Fun))
	case *ast.AssignStmt:
		for i, e := range n.Rhs {
			if e == lit && i < len(n.Lhs) {
				return seq(c.info.TypeOf(n.Lhs[i]))
			}
		}
	case *ast.ValueSpec:
		return n.Type != nil && seq(c.info.TypeOf(n.Type))
	case *ast.ReturnStmt:
		sig := c.signature(parent)
		for i, e := range n.Results {
			if e == lit && sig != nil && i < sig.Results().Len() {
				return seq(sig.Results().At(i).Type())
			}
		}
	}
	return false
}

func seq(t types.Type) bool {
	named := known.Named(t)
	return named != nil && known.Path(named.Obj().Pkg()) == "iter"
}

// signature returns the signature of the function around a statement.
func (c *checker) signature(cur inspector.Cursor) *types.Signature {
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch n := fn.Node().(type) {
		case *ast.FuncDecl:
			if f, ok := c.info.Defs[n.Name].(*types.Func); ok {
				return f.Signature()
			}
		case *ast.FuncLit:
			sig, _ := c.info.TypeOf(n).(*types.Signature)
			return sig
		}
		return nil
	}
	return nil
}

// generator checks every call that calls yield or passes it on.
func (c *checker) generator(gen inspector.Cursor, yield *types.Var) {
	for cur := range gen.Preorder((*ast.CallExpr)(nil)) {
		call := cur.Node().(*ast.CallExpr)
		uses := c.is(call.Fun, yield)
		for _, arg := range call.Args {
			uses = uses || c.is(arg, yield)
		}
		if !uses || c.rebound(gen, cur, yield) {
			continue
		}
		if by := c.within(gen, cur); by != "" {
			c.pass.ReportRangef(call, "%s is called %s: the body of the caller's loop runs with what is set here: write %[1]s = "+
				"gls.Bind(%[1]s) before, or yield outside of it", yield.Name(), by)
		}
	}
}

func (c *checker) is(e ast.Expr, v *types.Var) bool {
	id, ok := ast.Unparen(e).(*ast.Ident)
	return ok && c.info.Uses[id] == v
}

// rebound reports whether an assignment before the call sets yield to gls.Bind(yield). If that
// stands in a scope, generator reports it.
func (c *checker) rebound(gen, cur inspector.Cursor, yield *types.Var) bool {
	for _, a := range c.assigned[yield] {
		if call, ok := a.Value.(*ast.CallExpr); ok && a.Node.End() <= cur.Node().Pos() &&
			known.Is(known.Callee(c.info, call), known.GLS, "Bind") {
			return true
		}
	}
	return false
}

// within describes the scope that a call in a generator stands in, "" if there is none.
func (c *checker) within(gen, cur inspector.Cursor) string {
	at := cur.Node()
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if body := bodyOf(fn.Node()); body != nil && c.reads.Entered(body, at.Pos()) {
			return "between Enter and Leave"
		}
		lit, ok := fn.Node().(*ast.FuncLit)
		if !ok || fn.Node() == gen.Node() {
			return ""
		}
		at = lit
		scope := c.scopes[lit]
		if scope == nil {
			continue
		}
		if known.Is(known.Callee(c.info, scope), known.GLS, "Snapshot.Run") {
			if capture := c.capture(scope); capture.Valid() && gen.Contains(capture) && c.within(gen, capture) == "" {
				return "" // it runs in the frame of the generator's caller
			}
		}
		return "inside " + known.Text(scope.Fun)
	}
	return ""
}

func bodyOf(fn ast.Node) ast.Node {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return fn.Body
	case *ast.FuncLit:
		return fn.Body
	}
	return nil
}

// capture returns the call of gls.Capture that made the snapshot of a Snapshot.Run.
func (c *checker) capture(run *ast.CallExpr) inspector.Cursor {
	sel, ok := ast.Unparen(run.Fun).(*ast.SelectorExpr)
	if !ok {
		return inspector.Cursor{}
	}
	call, ok := c.assigned.Resolve(c.info, sel.X).(*ast.CallExpr)
	if !ok || !known.Is(known.Callee(c.info, call), known.GLS, "Capture") {
		return inspector.Cursor{}
	}
	cur, _ := c.pass.ResultOf[inspect.Analyzer].(*inspector.Inspector).Root().FindNode(call)
	return cur
}
