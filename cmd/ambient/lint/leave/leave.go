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
	c := &checker{pass: pass, assigned: known.Assigned(pass.TypesInfo, pass.Files), asked: map[*ast.FuncLit]bool{}}
	c.exportOpeners()
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		c.function(cur)
	}
	for cur := range in.Root().Preorder((*ast.GoStmt)(nil), (*ast.CallExpr)(nil)) {
		c.elsewhere(cur)
	}
	// Calls outside of functions initialise package-level variables, which keep or discard the
	// Scope.
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
	asked    map[*ast.FuncLit]bool // the literals of which opens is being asked
}

// A fate says what the statement that opens a Scope does with it.
type fate int

const (
	escapes    fate = iota // returned, stored or passed on: its new holder leaves it
	discarded              // no variable has it
	held                   // a local variable has it
	deferred               // defer x.Enter(v).Leave()
	leftAtOnce             // x.Enter(v).Leave()
)

// An enter is a call that opens a scope.
type enter struct {
	call *ast.CallExpr
	fate fate
	stmt ast.Node         // the statement in the control flow graph, if held
	v    *types.Var       // the variable, if held
	at   inspector.Cursor // the statement around the call
}

// enter returns a description of the call if it opens a scope. If several results are scopes, the
// first one counts.
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
	case *ast.CallExpr: // opener(v)()
		if ast.Unparen(n.Fun) == call {
			return c.calling(e, outer), true
		}
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

// leaving is enter for x.Enter(v).Leave. sel is the selector.
func (c *checker) leaving(e *enter, sel inspector.Cursor) *enter {
	outer := sel.Parent()
	for is[*ast.ParenExpr](outer) {
		outer = outer.Parent()
	}
	e.at = outer
	switch n := outer.Node().(type) {
	case *ast.CallExpr:
		return c.calling(e, outer)
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

// calling is enter for a call that leaves the scope.
func (c *checker) calling(e *enter, call inspector.Cursor) *enter {
	e.at = call.Parent()
	switch e.at.Node().(type) {
	case *ast.DeferStmt:
		e.fate = deferred
	case *ast.ExprStmt:
		e.fate = leftAtOnce
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

// function checks the scopes that a function opens outside of its function literals.
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
			// The enclosing function leaves the scope in a variable of its own.
			if g == nil || e.v.Pos() < cur.Node().Pos() || e.v.Pos() >= cur.Node().End() {
				continue
			}
			if c.reportLost(e, body, sig, g) {
				continue
			}
			if repeats(g, e.stmt, newSearch(c.pass.TypesInfo, e.v, body, sig).atOnce) {
				c.reportRepeated(e)
				continue
			}
			fallthrough
		case deferred:
			if e.fate == deferred && g != nil && repeats(g, e.at.Node(), func(ast.Node) bool { return false }) {
				c.reportRepeated(e)
				continue
			}
			if known.IsHandler(sig) && !known.IsFunc(c.typeOf(e.call)) && c.runServes(e, body) {
				c.reportHandler(e)
			}
		}
	}
}

// parts returns a function's body, signature and control flow graph. There is no graph for
// main.main: the process ends with it.
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

// runServes reports whether a Run could replace a scope: Enter is at the top level of the function,
// or one block has both Enter and Leave. Otherwise the code would need two Runs.
func (c *checker) runServes(e *enter, body *ast.BlockStmt) bool {
	at := e.at
	for !is[*ast.BlockStmt](at) && !is[*ast.CaseClause](at) && !is[*ast.CommClause](at) {
		switch at.Node().(type) {
		case *ast.IfStmt, *ast.ForStmt, *ast.SwitchStmt, *ast.TypeSwitchStmt:
			return false // Enter is in the statement's header
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

// function returns the function around a node, nil at package level.
func function(cur inspector.Cursor) ast.Node {
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if outer.Node() != cur.Node() {
			return outer.Node()
		}
	}
	return nil
}

// position returns the index of the variable that gets the result of e in an assignment, -1 if e is
// not among the values.
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
