package leave

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/cfg"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// instead is what to write in place of an Enter that stays open.
func (c *checker) instead(e *enter, sig *types.Signature) string {
	switch {
	case known.IsHandler(sig):
		return "in a handler use Run"
	case known.Is(known.Callee(c.pass.TypesInfo, e.call), known.GLS, "Storage.Enter"):
		return "write defer " + known.Text(e.call.Fun) + "(...).Leave(), or use Run"
	default:
		return "write defer " + known.Text(e.call.Fun) + "(...).Leave()"
	}
}

func (c *checker) reportDiscarded(e *enter, sig *types.Signature) {
	c.pass.ReportRangef(e.call, "the Scope of %s is discarded: the value stays set for the caller too; %s",
		known.Text(e.call.Fun), c.instead(e, sig))
}

// reportLost reports a scope that is open at some return, and says whether there was one.
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

// reportLeftAtOnce reports a Leave in the statement that enters, where something follows that could be meant to see the
// value: alone in its block, as in a benchmark's loop, it may be just that.
func (c *checker) reportLeftAtOnce(e *enter) {
	if _, ok := e.at.NextSibling(); !ok {
		return
	}
	stmt := e.at.Node()
	c.pass.Report(analysis.Diagnostic{
		Pos: e.call.Pos(),
		End: e.call.End(),
		Message: fmt.Sprintf("the Scope of %s is left at once: nothing runs with the value; defer is missing",
			known.Text(e.call.Fun)),
		SuggestedFixes: []analysis.SuggestedFix{{
			Message:   "Defer Leave",
			TextEdits: []analysis.TextEdit{{Pos: stmt.Pos(), End: token.NoPos, NewText: []byte("defer ")}},
		}},
	})
}

func (c *checker) reportHandler(e *enter) {
	c.pass.ReportRangef(e.call, "%s in a handler where Run serves: the value lasts until a Leave that is easily "+
		"lost, that of Run as long as its function; put what needs the value into Run", known.Text(e.call.Fun))
}
