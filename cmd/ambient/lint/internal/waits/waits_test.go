package waits_test

import (
	"go/ast"
	"testing"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

// asker reports each goroutine that its flow waits for.
var asker = &analysis.Analyzer{
	Name:     "asker",
	Doc:      "reports each goroutine that its flow waits for",
	Requires: []*analysis.Analyzer{waits.Analyzer, reads.Analyzer},
	Run: func(pass *analysis.Pass) (any, error) {
		w := pass.ResultOf[waits.Analyzer].(*waits.Result)
		r := pass.ResultOf[reads.Analyzer].(*reads.Result)
		for _, file := range pass.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.GoStmt:
					if w.Go(n) {
						pass.ReportRangef(n, "waited for")
					}
				case *ast.CallExpr:
					for _, i := range runners.Args(r.Target(n)) {
						if w.Call(n, n.Args[i]) {
							pass.ReportRangef(n, "waited for")
						}
					}
				}
				return true
			})
		}
		return nil, nil
	},
}

func TestWaits(t *testing.T) { linttest.Run(t, asker, "a", "help", "deep") }
