package barego

import (
	_ "embed"
	"go/ast"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/directive"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

//go:embed doc.go
var doc string

// Analyzer reports plain go statements that start goroutines which read ambient state.
var Analyzer = &analysis.Analyzer{
	Name:     "barego",
	Doc:      known.Doc(doc, "barego"),
	URL:      known.URL("barego"),
	Requires: []*analysis.Analyzer{reads.Analyzer, waits.Analyzer, loops.Analyzer},
	Run:      run,
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) {
		return nil, nil
	}
	r := pass.ResultOf[reads.Analyzer].(*reads.Result)
	adviser := &adviser{
		pass:  pass,
		waits: pass.ResultOf[waits.Analyzer].(*waits.Result), loops: pass.ResultOf[loops.Analyzer].(*loops.Result),
	}
	for _, d := range r.Directives.WithoutReason() {
		pass.Report(analysis.Diagnostic{
			Pos: d.Pos(), End: d.End(),
			Message: directive.Detached + " without a reason: say behind it why nothing of the caller's is needed",
		})
	}
	for _, file := range pass.Files {
		var fixes *fixer
		for _, decl := range file.Decls {
			ast.PreorderStack(decl, nil, func(n ast.Node, stack []ast.Node) bool {
				stmt, ok := n.(*ast.GoStmt)
				if !ok {
					return true
				}
				fact := r.Call(stmt.Call)
				if fact == nil {
					return true
				}
				if _, ok := r.Directives.At(stmt.Pos(), stmt.End()); ok {
					return true
				}
				if fixes == nil {
					fixes = newFixer(pass, r, file)
				}
				advice := adviser.advise(stmt, fact)
				d := analysis.Diagnostic{
					Pos: stmt.Pos(), End: stmt.End(),
					Message: "go statement starts a goroutine with nothing set, and it reads " + fact.First().String() +
						": " + advice.text,
				}
				if advice.function != "" {
					d.SuggestedFixes = fixes.fix(decl, stmt, stack, advice.path, advice.function)
				}
				pass.Report(d)
				return true
			})
		}
	}
	return nil, nil
}
