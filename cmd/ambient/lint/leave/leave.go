package leave

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/ctrlflow"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"
	"golang.org/x/tools/go/cfg"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

//go:embed doc.go
var doc string

// Analyzer finds scopes that stay open.
var Analyzer = &analysis.Analyzer{
	Name:      "leave",
	Doc:       known.Doc(doc, "leave"),
	URL:       known.URL("leave"),
	Run:       run,
	Requires:  []*analysis.Analyzer{inspect.Analyzer, ctrlflow.Analyzer},
	FactTypes: []analysis.Fact{new(opens)},
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !known.Concerns(pass.Pkg, known.GLS) {
		return nil, nil
	}
	c := &checker{pass: pass, assigned: known.Assigned(pass.TypesInfo, pass.Files)}
	c.exportOpeners()
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		c.function(cur)
	}
	// What is left are initialisers of package-level variables, where a Scope can only be kept or discarded.
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil)) {
		if function(cur) == nil {
			if e, _ := c.enter(cur); e != nil && e.fate == discarded {
				c.reportDiscarded(e, nil)
			}
		}
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	assigned known.Assignments
}

// A fate is what becomes of a Scope in the statement that opens it.
type fate int

const (
	escapes    fate = iota // returned, stored, passed on: someone else's
	discarded              // nobody has it
	held                   // in a local variable
	deferred               // defer x.Enter(v).Leave()
	leftAtOnce             // x.Enter(v).Leave()
)

// An enter is a call that opens a scope.
type enter struct {
	call *ast.CallExpr
	fate fate
	stmt ast.Node         // the node of the control flow graph, where fate is held
	v    *types.Var       // where fate is held
	at   inspector.Cursor // the statement
}

// enter says whether a call opens a scope. With several results it is the first Scope among them that counts.
func (c *checker) enter(cur inspector.Cursor) (*enter, bool) {
	call := cur.Node().(*ast.CallExpr)
	results := c.opens(call)
	if len(results) == 0 {
		return nil, false
	}
	e := &enter{call: call}
	outer := cur.Parent()
	for is[*ast.ParenExpr](outer) {
		outer = outer.Parent()
	}
	sel, ok := outer.Node().(*ast.SelectorExpr)
	if ok && sel.Sel.Name == "Leave" && known.IsType(c.typeOf(call), known.GLS, "Scope") {
		return c.leaving(e, outer), true
	}
	e.at = outer
	switch n := outer.Node().(type) {
	case *ast.ExprStmt, *ast.DeferStmt, *ast.GoStmt:
		e.fate = discarded
	case *ast.AssignStmt:
		if i := position(n.Rhs, call, results[0]); i >= 0 && i < len(n.Lhs) {
			c.assign(e, n, n.Lhs[i])
		}
	case *ast.ValueSpec:
		if i := position(n.Values, call, results[0]); i >= 0 && i < len(n.Names) {
			c.assign(e, n, n.Names[i])
		}
	}
	return e, true
}

// leaving is for x.Enter(v).Leave, at the selector.
func (c *checker) leaving(e *enter, sel inspector.Cursor) *enter {
	outer := sel.Parent()
	for is[*ast.ParenExpr](outer) {
		outer = outer.Parent()
	}
	e.at = outer
	switch n := outer.Node().(type) {
	case *ast.CallExpr:
		e.at = outer.Parent()
		switch e.at.Node().(type) {
		case *ast.DeferStmt:
			e.fate = deferred
		case *ast.ExprStmt:
			e.fate = leftAtOnce
		}
	case *ast.AssignStmt: // leave := x.Enter(v).Leave
		if i := position(n.Rhs, sel.Node(), 0); i >= 0 && i < len(n.Lhs) {
			c.assign(e, n, n.Lhs[i])
		}
	case *ast.ValueSpec:
		if i := position(n.Values, sel.Node(), 0); i >= 0 && i < len(n.Names) {
			c.assign(e, n, n.Names[i])
		}
	}
	return e
}

func (c *checker) assign(e *enter, stmt ast.Node, to ast.Expr) {
	id, ok := ast.Unparen(to).(*ast.Ident)
	if !ok {
		return
	}
	if id.Name == "_" {
		e.fate = discarded
		return
	}
	if v, _ := c.pass.TypesInfo.ObjectOf(id).(*types.Var); v != nil {
		e.fate, e.stmt, e.v = held, stmt, v
	}
}

// function checks the scopes that one function opens itself.
func (c *checker) function(cur inspector.Cursor) {
	var enters []*enter
	for call := range cur.Preorder((*ast.CallExpr)(nil)) {
		if function(call) != cur.Node() {
			continue
		}
		if e, ok := c.enter(call); ok {
			enters = append(enters, e)
		}
	}
	if len(enters) == 0 {
		return
	}
	body, sig, g := c.parts(cur.Node())
	for _, e := range enters {
		switch e.fate {
		case discarded:
			c.reportDiscarded(e, sig)
		case leftAtOnce:
			c.reportLeftAtOnce(e)
		case held:
			// A variable of the function around this one is left there.
			if g == nil || e.v.Pos() < cur.Node().Pos() || e.v.Pos() >= cur.Node().End() {
				continue
			}
			if c.reportLost(e, body, sig, g) {
				continue
			}
			fallthrough
		case deferred:
			if known.IsHandler(sig) && c.runServes(e, body) {
				c.reportHandler(e)
			}
		}
	}
}

// parts returns a function's body, signature and control flow graph; no graph for main.main, which ends the process.
func (c *checker) parts(n ast.Node) (*ast.BlockStmt, *types.Signature, *cfg.CFG) {
	graphs := c.pass.ResultOf[ctrlflow.Analyzer].(*ctrlflow.CFGs)
	switch n := n.(type) {
	case *ast.FuncDecl:
		f, ok := c.pass.TypesInfo.Defs[n.Name].(*types.Func)
		if !ok || n.Body == nil {
			return n.Body, nil, nil
		}
		if n.Recv == nil && n.Name.Name == "main" && c.pass.Pkg.Name() == "main" {
			return n.Body, f.Signature(), nil
		}
		return n.Body, f.Signature(), graphs.FuncDecl(n)
	case *ast.FuncLit:
		sig, ok := c.typeOf(n).(*types.Signature)
		if !ok {
			return n.Body, nil, nil
		}
		return n.Body, sig, graphs.FuncLit(n)
	}
	return nil, nil, nil
}

// runServes reports whether a Run could take the place of a scope that is left: it covers the rest of the function, or
// is entered and left in one block. Where it is left depends on more than that, Run would have to be written twice.
func (c *checker) runServes(e *enter, body *ast.BlockStmt) bool {
	at := e.at
	for !is[*ast.BlockStmt](at) && !is[*ast.CaseClause](at) && !is[*ast.CommClause](at) {
		switch at.Node().(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
			return false // in the header
		}
		at = at.Parent()
	}
	if at.Node() == body {
		return true
	}
	if e.fate == deferred || e.v.Pos() < at.Node().Pos() {
		return false
	}
	for d := range at.Preorder((*ast.DeferStmt)(nil)) {
		for id := range d.Preorder((*ast.Ident)(nil)) {
			if c.pass.TypesInfo.Uses[id.Node().(*ast.Ident)] == e.v {
				return false
			}
		}
	}
	return true
}

func (c *checker) typeOf(e ast.Expr) types.Type { return c.pass.TypesInfo.TypeOf(e) }

// function returns the function that a node stands in, nil at package level.
func function(cur inspector.Cursor) ast.Node {
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if outer.Node() != cur.Node() {
			return outer.Node()
		}
	}
	return nil
}

// position returns which of the variables gets the result of an expression, which may stand in parentheses.
func position(values []ast.Expr, e ast.Node, result int) int {
	for i, v := range values {
		if ast.Unparen(v) == e {
			if len(values) == 1 {
				return result
			}
			return i
		}
	}
	return -1
}

func is[T ast.Node](cur inspector.Cursor) bool {
	_, ok := cur.Node().(T)
	return ok
}
