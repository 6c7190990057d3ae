package barego

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

// An adviser knows what to write instead of a go statement.
type adviser struct {
	pass  *analysis.Pass
	reads *reads.Result
	waits *waits.Result
	loops *loops.Result
}

// Advice is the end of a message, and the function that starts the goroutine instead; no function where no change is
// right for all that the code may mean.
type advice struct{ text, path, function string }

func (a *adviser) advise(stmt *ast.GoStmt, fact *reads.Fact) advice {
	if loop := a.loops.Call(stmt.Call); loop != nil {
		return advice{text: "it serves many, for it takes tasks from " + loop.Over + ": send gls.Capture() with each task and " +
			"do the task in the snapshot's Run"}
	}
	if !waits.Late(fact) || a.waits.Go(stmt) {
		return advice{"start it with gls.Go", reads.GLS, "Go"}
	}
	_, request := fact.HTTP()
	switch {
	case !request && !(known.Concerns(a.pass.Pkg, known.HTTPCtx) && a.waits.BelowHandler(stmt)):
		return advice{text: "nothing waits for it, and the ambient context may be cancelled when it runs: start it with " +
			"gls.Go if it ends with its caller, with httpctx.GoDetached if it outlives a request"}
	case a.waits.Answers(stmt.Call):
		return advice{text: "nothing waits for it, and the request may be over when it answers or sets a key: wait for it and " +
			"start it with gls.Go"}
	}
	return advice{"nothing waits for it, and the request may be over when it runs: start it with httpctx.GoDetached",
		reads.HTTPCtx, "GoDetached"}
}
