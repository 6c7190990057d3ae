package outlives

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

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

// snapshots returns the snapshots and bound functions that a handler, or what it calls, assigns to a package-level
// variable or to a field of the handler itself, for all that follow. What is kept for one request is an entry of a map or
// a slice, and outside of a handler the values may be those of the program's start.
func (c *checker) snapshots(n *ast.AssignStmt, cur inspector.Cursor) []store {
	if len(n.Lhs) != len(n.Rhs) || !slices.ContainsFunc(n.Rhs, c.isSnapshot) || c.isolated(cur) || !c.waits.BelowHandler(n) {
		return nil
	}
	var all []store
	for i, lhs := range n.Lhs {
		p := c.place(lhs)
		switch {
		case p.entry || !c.isSnapshot(n.Rhs[i]):
		case p.global && p.inner:
			all = append(all, store{n.Rhs[i], p, "stored in what " + p.variable() + " holds"})
		case p.global:
			all = append(all, store{n.Rhs[i], p, "stored in " + p.variable()})
		case p.field && p.root != nil && p.root.Kind() == types.RecvVar && isReference(p.root.Type()) && known.ServesHTTP(p.root.Type()):
			all = append(all, store{n.Rhs[i], p, "kept in the handler, in " + known.Text(lhs)})
		}
	}
	return all
}

// isolated reports whether a node is in a function literal that runs with other values than its caller's.
func (c *checker) isolated(cur inspector.Cursor) bool {
	for lit := range cur.Enclosing((*ast.FuncLit)(nil)) {
		if call, ok := lit.Parent().Node().(*ast.CallExpr); ok &&
			known.Is(known.Callee(c.info, call), known.GLS, "Isolate", "Snapshot.Run") {
			return true
		}
	}
	return false
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
