package leave

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/cfg"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// instead returns the advice for an Enter whose scope stays open.
func (c *checker) instead(e *enter, sig *types.Signature) string {
	switch {
	case known.IsHandler(sig):
		return "in a handler use Run"
	case inLoop(e): // a deferred Leave would run at the end of the function
		return "leave it at each end of a round, or put the loop's body into a function of its own that defers it"
	case known.Is(known.Callee(c.pass.TypesInfo, e.call), known.GLS, "Storage.Enter"):
		return "write defer " + known.Text(e.call.Fun) + "(...).Leave(), or use Run"
	case known.IsFunc(c.typeOf(e.call)):
		return "write defer " + known.Text(e.call.Fun) + "(...)()"
	default:
		return "write defer " + known.Text(e.call.Fun) + "(...).Leave()"
	}
}

func (c *checker) reportDiscarded(e *enter, sig *types.Signature) {
	c.pass.ReportRangef(e.call, "the Scope of %s is discarded: the value stays set for the caller too; %s",
		known.Text(e.call.Fun), c.instead(e, sig))
}

// reportLost reports a scope that stays open on some path. It returns false if there is no such
// path.
func (c *checker) reportLost(e *enter, body *ast.BlockStmt, sig *types.Signature, g *cfg.CFG) bool {
	lost := newSearch(c.pass.TypesInfo, e.v, body, sig).lost(g, e.stmt)
	if lost == nil {
		return false
	}
	line := c.pass.Fset.Position(lost.Pos()).Line
	where := fmt.Sprintf("the return on line %d is reached without it", line)
	if lost == e.stmt {
		where = fmt.Sprintf("line %d enters again without it", line)
	} else if ret, ok := lost.(*ast.ReturnStmt); !ok {
		where = fmt.Sprintf("line %d assigns %s anew", line, e.v.Name())
	} else if ret.Return == body.Rbrace {
		where = fmt.Sprintf("the end of the function on line %d is reached without it", line)
	}
	c.pass.ReportRangef(e.call, "the Scope of %s is not left on every path: %s; %s",
		known.Text(e.call.Fun), where, c.instead(e, sig))
	return true
}

// inLoop reports whether a scope is opened in each round of a loop.
func inLoop(e *enter) bool {
	for outer := range e.at.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil), (*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch outer.Node().(type) {
		case *ast.ForStmt, *ast.RangeStmt:
			return true
		}
		return false
	}
	return false
}

// reportLeftAtOnce reports x.Enter(v).Leave() if another statement follows in the block. Alone in a
// block, as in a benchmark's loop, the call may be meant as it stands.
func (c *checker) reportLeftAtOnce(e *enter) {
	if _, ok := e.at.NextSibling(); !ok {
		return
	}
	d := analysis.Diagnostic{
		Pos: e.call.Pos(),
		End: e.call.End(),
		Message: fmt.Sprintf("the Scope of %s is left at once: nothing runs with the value; defer is missing",
			known.Text(e.call.Fun)),
	}
	if inLoop(e) {
		d.Message += ", and a function around the loop's body that it ends with"
		c.pass.Report(d)
		return
	}
	if stmt := e.at.Node(); edit.Open(c.pass, stmt.Pos()) != nil {
		d.SuggestedFixes = []analysis.SuggestedFix{{
			Message:   "Defer Leave",
			TextEdits: []analysis.TextEdit{{Pos: stmt.Pos(), End: token.NoPos, NewText: []byte("defer ")}},
		}}
	}
	c.pass.Report(d)
}

// reportRepeated reports a deferred Leave in a loop.
func (c *checker) reportRepeated(e *enter) {
	c.pass.ReportRangef(e.call, "the Scope of %s is left when the function ends, not with each round of the loop: what follows "+
		"the loop runs with the last value; put the loop's body into a function of its own, or use Run", known.Text(e.call.Fun))
}

func (c *checker) reportHandler(e *enter) {
	c.pass.ReportRangef(e.call, "%s in a handler where Run serves: the value lasts until a Leave that is easily "+
		"lost, that of Run as long as its function; put what needs the value into Run", known.Text(e.call.Fun))
}
