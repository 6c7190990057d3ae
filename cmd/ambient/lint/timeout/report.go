package timeout

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// report reports a call that puts a Middleware around arg, which has a TimeoutHandler.
func (c *checker) report(call *ast.CallExpr, arg ast.Expr, timeout ast.Node) {
	d := analysis.Diagnostic{
		Pos: call.Pos(),
		End: call.End(),
		Message: c.stands(call, arg, timeout) + ": the handler runs on another goroutine and has no request there; " +
			"put Middleware inside",
	}
	inner, ok := timeout.(*ast.CallExpr)
	if ok && arg != nil && c.isMiddleware(call.Fun) && c.stripped(arg) == inner && c.isTimeoutHandler(inner) {
		d.SuggestedFixes = c.swap(call, inner)
	}
	c.pass.Report(d)
}

// reportPair reports a call that puts a second Middleware around arg, which has a TimeoutHandler
// with a Middleware inside.
func (c *checker) reportPair(call *ast.CallExpr, arg ast.Expr, timeout ast.Node) {
	c.pass.ReportRangef(call, "%s, in which there is a Middleware too: that one begins another request, with an id of its "+
		"own and without the outer one's keys; give the outer one httpctx.WithRequestContext, or leave it out",
		c.stands(call, arg, timeout))
}

// stands returns the beginning of the message: it names the outer call and the TimeoutHandler.
func (c *checker) stands(call *ast.CallExpr, arg ast.Expr, timeout ast.Node) string {
	name := "Middleware"
	if arg != nil && !c.isMiddleware(call.Fun) {
		name = known.Text(call.Fun)
	}
	what, where := "http.TimeoutHandler", ""
	if inner, ok := timeout.(*ast.CallExpr); ok && !c.isTimeoutHandler(inner) {
		what = known.Text(inner.Fun) + ", which uses http.TimeoutHandler"
	}
	if at := c.pass.Fset.Position(timeout.Pos()); at.Line != c.pass.Fset.Position(call.Pos()).Line {
		where = fmt.Sprintf(" (line %d)", at.Line)
	}
	return name + " stands around " + what + where
}

// stripped returns an expression without parentheses and conversions.
func (c *checker) stripped(e ast.Expr) ast.Expr {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok && len(call.Args) == 1 && c.info.Types[call.Fun].IsType() {
		return c.stripped(call.Args[0])
	}
	return e
}

// swap moves the text before and after the inner call to before and after the handler in that call.
func (c *checker) swap(outer, inner *ast.CallExpr) []analysis.SuggestedFix {
	if len(inner.Args) != 3 {
		return nil // http.TimeoutHandler(f())
	}
	file := edit.Open(c.pass, outer.Pos())
	if file == nil {
		return nil
	}
	before := []byte(file.Text(outer.Pos(), inner.Pos()))
	after := []byte(file.Text(inner.End(), outer.End()))
	h := inner.Args[0]
	return []analysis.SuggestedFix{{
		Message: "Put Middleware inside http.TimeoutHandler",
		TextEdits: []analysis.TextEdit{
			{Pos: outer.Pos(), End: inner.Pos()},
			{Pos: h.Pos(), End: h.Pos(), NewText: before},
			{Pos: h.End(), End: h.End(), NewText: after},
			{Pos: inner.End(), End: outer.End()},
		},
	}}
}
