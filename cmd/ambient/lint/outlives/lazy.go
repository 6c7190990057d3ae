package outlives

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// lazy reports a package-level variable that is filled once, by the first request that finds it empty: it is a sync.Once
// without one.
//
//	if address == "" {
//		address = httpctx.GetOrFail().Request().RemoteAddr
//	}
func (c *checker) lazy(cur inspector.Cursor) {
	stmt := cur.Node().(*ast.IfStmt)
	v, filled := c.empty(stmt.Cond)
	if v == nil {
		return
	}
	if !filled {
		c.fills(v, stmt.Body)
		return
	}
	// if address != "" { return address }
	if n := len(stmt.Body.List); stmt.Else != nil || n == 0 || !isReturn(stmt.Body.List[n-1]) {
		return
	}
	for next, ok := cur.NextSibling(); ok; next, ok = next.NextSibling() {
		c.fills(v, next.Node())
	}
}

func isReturn(s ast.Stmt) bool {
	_, ok := s.(*ast.ReturnStmt)
	return ok
}

// empty returns the package-level variable that a condition compares with its zero value, and whether the condition holds
// where it is filled.
func (c *checker) empty(cond ast.Expr) (v *types.Var, filled bool) {
	switch e := ast.Unparen(cond).(type) {
	case *ast.BinaryExpr:
		if e.Op == token.LOR || e.Op == token.LAND {
			return nil, false
		}
		x := ast.Unparen(e.X)
		if call, ok := x.(*ast.CallExpr); ok && len(call.Args) == 1 && c.info.Types[call.Fun].IsBuiltin() {
			x = ast.Unparen(call.Args[0]) // len(v) == 0
		}
		tv := c.info.Types[e.Y]
		zero := tv.IsNil() || tv.Value != nil && (tv.Value.ExactString() == "0" || tv.Value.ExactString() == `""`)
		if v := known.Var(c.info, x); zero && known.Global(v) && (e.Op == token.EQL || e.Op == token.NEQ) {
			return v, e.Op == token.NEQ
		}
	case *ast.UnaryExpr:
		if v := known.Var(c.info, ast.Unparen(e.X)); e.Op == token.NOT && known.Global(v) {
			return v, false
		}
	}
	return nil, false
}

// fills reports an assignment of what a request gave to a variable.
func (c *checker) fills(v *types.Var, code ast.Node) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if known.Var(c.info, lhs) != v {
					continue
				}
				rhs := n.Rhs[0]
				if len(n.Lhs) == len(n.Rhs) {
					rhs = n.Rhs[i]
				} else if i > 0 {
					continue
				}
				if c.copied(rhs) {
					c.report(rhs, first, v.Name()+", filled when it is empty,")
				}
			}
		}
		return true
	})
}
