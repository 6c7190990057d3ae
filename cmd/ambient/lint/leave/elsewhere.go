package leave

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// elsewhere reports a Leave on a goroutine that a function starts, of a scope that it does not open there.
func (c *checker) elsewhere(cur inspector.Cursor) {
	switch n := cur.Node().(type) {
	case *ast.GoStmt:
		c.leaves(n.Call.Fun)
	case *ast.CallExpr:
		f := known.Callee(c.pass.TypesInfo, n)
		index := runners.Args(f)
		if _, does := known.Function(f); does.Way == api.Started || does.Way == api.Timed {
			index = []int{does.Arg}
		}
		for _, i := range index {
			if i < len(n.Args) {
				c.leaves(n.Args[i])
			}
		}
	}
}

// leaves looks for Leave in a function that is started: a literal, or the Leave of a scope itself.
func (c *checker) leaves(started ast.Expr) {
	started = ast.Unparen(started)
	if lit, ok := started.(*ast.FuncLit); ok {
		ast.Inspect(lit.Body, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if v := c.left(call.Fun); v != nil && !c.within(v, lit) {
					c.reportElsewhere(call)
				}
			}
			return true
		})
	} else if c.left(started) != nil {
		c.reportElsewhere(started)
	}
}

// left returns the local variable whose scope an expression leaves when it is called, nil for other expressions.
func (c *checker) left(e ast.Expr) *types.Var {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok || !known.Is(known.Func(c.pass.TypesInfo, sel), known.GLS, "Scope.Leave") {
		return nil
	}
	v := known.Var(c.pass.TypesInfo, sel.X)
	if known.Global(v) {
		return nil
	}
	return v
}

// within reports whether a variable is declared, or assigned, in the function that runs on the other goroutine.
func (c *checker) within(v *types.Var, lit *ast.FuncLit) bool {
	in := func(n interface{ Pos() token.Pos }) bool { return lit.Pos() <= n.Pos() && n.Pos() < lit.End() }
	if in(v) {
		return true
	}
	for _, a := range c.assigned[v] {
		if in(a.Node) {
			return true
		}
	}
	return false
}

func (c *checker) reportElsewhere(n ast.Node) {
	c.pass.ReportRangef(n, "Leave panics on another goroutine than that of its Enter: leave the scope here, and let the other "+
		"goroutine have the values by gls.Go")
}
