package barego

import (
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

// An adviser chooses what replaces a go statement.
type adviser struct {
	pass  *analysis.Pass
	waits *waits.Result
	loops *loops.Result
}

// An advice is the end of a message and the function that starts the goroutine instead. function is
// "" where no single change is right for every meaning of the code; then there is no fix.
type advice struct{ text, path, function string }

func (a *adviser) advise(stmt *ast.GoStmt, fact *reads.Fact) advice {
	if loop := a.loops.Call(stmt.Call); loop != nil {
		return advice{text: "it serves many, for it takes tasks from " + loop.Over + ": send gls.Capture() with each task and " +
			"do the task in the snapshot's Run"}
	}
	if !waits.Late(fact) || a.waits.Go(stmt) {
		return advice{"start it with gls.Go", known.GLS, "Go"}
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
		known.HTTPCtx, "GoDetached"}
}
