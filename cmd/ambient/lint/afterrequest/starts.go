package afterrequest

import (
	"fmt"
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// carries reports whether a function passes the caller's frame, and the request in it, to a
// goroutine.
func carries(does api.Function) bool {
	return (does.Way == api.Started || does.Way == api.Timed) && !does.Brings && !does.Detaches
}

// starts reports a call that starts a function which reads the request if the flow does not wait
// for it.
func (c *checker) starts(call *ast.CallExpr) {
	fn := c.reads.Target(call)
	if _, does := known.Function(fn); carries(does) {
		if does.Arg < len(call.Args) {
			c.started(call, call.Args[does.Arg], call.Args[does.Arg], does.Detached)
		}
		return
	}
	for _, i := range runners.Args(fn) {
		if i >= len(call.Args) {
			continue
		}
		bound, ok := c.assigned.Resolve(c.info, call.Args[i]).(*ast.CallExpr)
		if ok && known.Is(known.Callee(c.info, bound), known.GLS, "Bind") && len(bound.Args) == 1 {
			c.started(call, call.Args[i], bound.Args[0], "")
		}
	}
}

func (c *checker) started(call *ast.CallExpr, arg, fn ast.Expr, detached string) {
	fact := c.reads.Expr(fn).Certain()
	if fact == nil {
		return
	}
	read, ok := fact.HTTP()
	// Analyzer workers reports workers; GoDetached would keep a worker's request for ever.
	if !ok || c.waits.Call(call, arg) || c.loops.Func(fn) != nil {
		return
	}
	if reason, _ := c.reads.Directives.At(call.Pos(), call.End()); reason != "" {
		return
	}
	d := analysis.Diagnostic{
		Pos: call.Pos(), End: call.End(),
		Message: fmt.Sprintf("%s starts what reads the current request (%s), and nothing waits for it: the request may be "+
			"over when it runs; ", known.Text(call.Fun), read),
	}
	switch {
	case c.waits.Answers(fn):
		d.Message += "wait for it, for it answers or sets a key"
	case detached == "":
		d.Message += "start it with httpctx.GoDetached, or read what it needs before"
	default:
		d.Message += "use httpctx." + detached
		d.SuggestedFixes = c.detach(call, detached)
	}
	c.pass.Report(d)
}

// detach replaces the called function of gls by one of httpctx.
func (c *checker) detach(call *ast.CallExpr, function string) []analysis.SuggestedFix {
	file := edit.Open(c.pass, call.Pos())
	if file == nil {
		return nil
	}
	qualifier, edits := file.Import(known.HTTPCtx, call.Pos())
	fun := ast.Unparen(call.Fun)
	edits = append(edits, analysis.TextEdit{Pos: fun.Pos(), End: fun.End(), NewText: []byte(qualifier + function)})
	return []analysis.SuggestedFix{{Message: "use httpctx." + function, TextEdits: edits}}
}
