package unbound

import (
	_ "embed"
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/edit"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

//go:embed doc.go
var doc string

// Analyzer reports functions that lose the values they read because a call runs them on another
// goroutine.
var Analyzer = &analysis.Analyzer{
	Name:     "unbound",
	Doc:      known.Doc(doc, "unbound"),
	URL:      known.URL("unbound"),
	Requires: []*analysis.Analyzer{reads.Analyzer, waits.Analyzer, loops.Analyzer},
	Run:      run,
}

func init() {
	Analyzer.Flags.Var(&runners.Extra, "runners",
		"`functions` that run a function they are given on another goroutine: path.Func or path.Type.Method, comma-separated")
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
	for _, syntax := range pass.Files {
		var file *edit.File
		ast.Inspect(syntax, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			fn := r.Target(call)
			starts, own := started(pass, r, call, fn)
			for _, s := range starts {
				arg, fact := call.Args[s.Arg], s.Fact
				if _, ok := r.Directives.At(call.Pos(), call.End()); ok {
					continue
				}
				if file == nil {
					file = edit.Open(pass, syntax.FileStart)
				}
				name := shortName(runners.Name(fn))
				advice, edits := adviser.advise(file, call, arg, fact, name, own)
				d := analysis.Diagnostic{
					Pos: arg.Pos(), End: arg.End(),
					Message: name + " runs the function on another goroutine with nothing set, and it reads " +
						fact.First().String() + ": " + advice,
				}
				if edits != nil {
					d.SuggestedFixes = []analysis.SuggestedFix{{Message: advice, TextEdits: edits}}
				}
				pass.Report(d)
			}
			return true
		})
	}
	return nil, nil
}

// started returns the arguments of a call that read and that the callee runs on another goroutine, and whether the callee
// is the module's own.
func started(pass *analysis.Pass, r *reads.Result, call *ast.CallExpr, fn *types.Func) (all []reads.Start, own bool) {
	args := runners.Args(fn)
	if args == nil {
		if fn == nil || strings.Contains(runners.Name(fn), "singleflight.") { // of analyzer shared
			return nil, false
		}
		return r.Starts(pass, call), true
	}
	for _, i := range args {
		if i < len(call.Args) {
			if fact := r.Expr(call.Args[i]); fact != nil {
				all = append(all, reads.Start{Arg: i, Fact: fact})
			}
		}
	}
	return all, false
}

// shortName removes the path from a name: "sync.WaitGroup.Go".
func shortName(name string) string { return name[strings.LastIndex(name, "/")+1:] }
