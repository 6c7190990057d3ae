package outlives

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// findServed finds the parameters of HTTP handlers. Other functions may have a client's request.
func (c *checker) findServed() {
	for cur := range c.in.Root().Preorder((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if sig := c.signature(cur.Node()); known.IsHandler(sig) {
			c.served[sig.Params().At(0)], c.served[sig.Params().At(1)] = true, true
		}
	}
}

func (c *checker) signature(fn ast.Node) *types.Signature {
	var t types.Type
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		t = c.info.TypeOf(fn.Name)
	case *ast.FuncLit:
		t = c.info.TypeOf(fn)
	}
	sig, _ := t.(*types.Signature)
	return sig
}

// snapshots returns the snapshots and bound functions that a handler assigns to package-level
// variables, for all that follow. What is kept for one request is an entry of a map or a slice, and
// outside of a handler the values may be those of the program's start.
func (c *checker) snapshots(n *ast.AssignStmt, cur inspector.Cursor) []store {
	inHandler := false
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		inHandler = inHandler || known.IsHandler(c.signature(fn.Node()))
	}
	if !inHandler || len(n.Lhs) != len(n.Rhs) {
		return nil
	}
	var all []store
	for i, lhs := range n.Lhs {
		if p := c.place(lhs); p.global && !p.inner && c.isSnapshot(n.Rhs[i]) {
			all = append(all, store{n.Rhs[i], p, "stored in " + p.variable()})
		}
	}
	return all
}

func (c *checker) isSnapshot(e ast.Expr) bool {
	call, ok := ast.Unparen(e).(*ast.CallExpr)
	return ok && known.Is(known.Callee(c.info, call), known.GLS, "Capture", "Bind")
}

// answered reports whether a function waits after it has sent a value: it receives from a channel
// or calls a method Wait. Then the request is not over when the value arrives.
func (c *checker) answered(send inspector.Cursor) bool {
	after := send.Node().End()
	if clause, ok := send.Parent().Node().(*ast.CommClause); ok && clause.Comm == send.Node() {
		after = send.Parent().Parent().Node().End() // the clauses beside it do not run
	}
	for fn := range send.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for cur := range fn.Preorder((*ast.UnaryExpr)(nil), (*ast.CallExpr)(nil)) {
			waits := false
			switch n := cur.Node().(type) {
			case *ast.UnaryExpr:
				waits = n.Op == token.ARROW
			case *ast.CallExpr:
				sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
				waits = ok && sel.Sel.Name == "Wait"
			}
			if waits && cur.Node().Pos() >= after {
				return true
			}
		}
		return false
	}
	return false
}
