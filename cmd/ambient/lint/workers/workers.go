package workers

import (
	_ "embed"
	"fmt"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/loops"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

//go:embed doc.go
var doc string

// Analyzer finds workers that run the tasks of many flows with the values of the code that starts
// them.
var Analyzer = &analysis.Analyzer{
	Name:     "workers",
	Doc:      known.Doc(doc, "workers"),
	URL:      known.URL("workers"),
	Run:      run,
	Requires: []*analysis.Analyzer{inspect.Analyzer, reads.Analyzer, loops.Analyzer},
}

const remedy = "start it in gls.Isolate, and let each task bring its frame by gls.Bind or gls.Capture"

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx) {
		return nil, nil
	}
	c := &checker{
		pass:  pass,
		reads: pass.ResultOf[reads.Analyzer].(*reads.Result),
		loops: pass.ResultOf[loops.Analyzer].(*loops.Result),
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.GoStmt)(nil), (*ast.CallExpr)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.GoStmt:
			c.plain(cur, "the go statement", c.loops.Call(n.Call), c.reads.Call(n.Call))
		case *ast.CallExpr:
			c.call(cur, n)
		}
	}
	return nil, nil
}

type checker struct {
	pass  *analysis.Pass
	reads *reads.Result
	loops *loops.Result
}

// call checks a call that starts a function on another goroutine.
func (c *checker) call(cur inspector.Cursor, call *ast.CallExpr) {
	fn := c.reads.Target(call)
	if fn == nil {
		return
	}
	if name, does := known.Function(fn); does.Way == api.Started && !does.Detaches {
		if len(call.Args) == 1 {
			c.carried(cur, name, c.loops.Func(call.Args[0]), c.reads.Expr(call.Args[0]))
		}
		return
	}
	if i, ok := pools[runners.Name(fn)]; ok && i < len(call.Args) {
		c.pool(cur, call, call.Args[i])
		return
	}
	for _, i := range runners.Args(fn) {
		if i < len(call.Args) {
			c.plain(cur, known.Text(call.Fun), c.loops.Func(call.Args[i]), c.reads.Expr(call.Args[i]))
		}
	}
}

// pools has functions that get a function once and whose workers call it for each task. The numbers
// are indexes of arguments.
var pools = map[string]int{
	"github.com/panjf2000/ants.NewPoolWithFunc":             1,
	"github.com/panjf2000/ants.NewPoolWithFuncGeneric":      1,
	"github.com/panjf2000/ants.NewMultiPoolWithFunc":        2,
	"github.com/panjf2000/ants.NewMultiPoolWithFuncGeneric": 2,
}

// pool checks a function that workers call for each task. A function of gls.Bind has the values of
// the code that made the pool.
func (c *checker) pool(cur inspector.Cursor, call *ast.CallExpr, fn ast.Expr) {
	if bind, ok := ast.Unparen(fn).(*ast.CallExpr); ok && len(bind.Args) == 1 &&
		known.Is(known.Callee(c.pass.TypesInfo, bind), known.GLS, "Bind") {
		fn = bind.Args[0]
	}
	if fact := c.reads.Expr(fn); fact != nil {
		c.report(cur, "%s makes workers of a function for the tasks of many, and it reads %s: let each task bring its frame, "+
			"by gls.Capture, and read inside of its Run", known.Text(call.Fun), fact.First())
	}
}

// carried checks a worker that gets the frame of the code that starts it.
func (c *checker) carried(cur inspector.Cursor, by string, loop *loops.Loop, fact *reads.Fact) {
	if loop == nil || fact == nil && (!loop.Calls || c.isolated(cur)) {
		return
	}
	c.report(cur, "%s starts a worker that takes tasks from %s: all of them see what is set here%s: %s",
		by, loop.Over, reading(fact), remedy)
}

// plain checks a worker that starts with nothing, but in a build by "ambient build" with the frame
// of the code that starts it. barego and unbound report workers that read themselves.
func (c *checker) plain(cur inspector.Cursor, by string, loop *loops.Loop, fact *reads.Fact) {
	if loop != nil && loop.Calls && fact == nil && imports(c.pass.Pkg) && !c.isolated(cur) && !atStart(cur) {
		c.report(cur, "%s starts a worker that runs functions from %s: in a build by ambient build all of them see what "+
			"is set here: %s", by, loop.Over, remedy)
	}
}

func reading(fact *reads.Fact) string {
	if fact == nil {
		return ""
	}
	return fmt.Sprintf(", and it reads %s", fact.First())
}

func (c *checker) report(cur inspector.Cursor, format string, args ...any) {
	n := cur.Node()
	if _, silent := c.reads.Directives.At(n.Pos(), n.End()); !silent {
		c.pass.ReportRangef(n, format, args...)
	}
}

// imports reports whether a package imports the library itself.
func imports(pkg *types.Package) bool {
	for _, p := range pkg.Imports() {
		if path := known.Path(p); path == known.GLS || path == known.HTTPCtx {
			return true
		}
	}
	return false
}

// isolated reports whether a node is in a function literal that is an argument of gls.Isolate.
func (c *checker) isolated(cur inspector.Cursor) bool {
	for lit := range cur.Enclosing((*ast.FuncLit)(nil)) {
		if call, ok := lit.Parent().Node().(*ast.CallExpr); ok &&
			known.Is(known.Callee(c.pass.TypesInfo, call), known.GLS, "Isolate") {
			return true
		}
	}
	return false
}

// atStart reports whether a statement belongs to main, init or TestMain, where nothing is set yet.
func atStart(cur inspector.Cursor) bool {
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		d, ok := fn.Node().(*ast.FuncDecl)
		return ok && d.Recv == nil && (d.Name.Name == "main" || d.Name.Name == "init" || d.Name.Name == "TestMain")
	}
	return false
}
