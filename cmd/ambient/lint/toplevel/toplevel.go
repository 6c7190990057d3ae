package toplevel

import (
	_ "embed"
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

//go:embed doc.go
var doc string

// Analyzer finds ambient state read in package-level variables and init.
var Analyzer = &analysis.Analyzer{
	Name:     "toplevel",
	Doc:      known.Doc(doc, "toplevel"),
	URL:      known.URL("toplevel"),
	Run:      run,
	Requires: []*analysis.Analyzer{reads.Analyzer},
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) {
		return nil, nil
	}
	c := &checker{pass: pass, reads: pass.ResultOf[reads.Analyzer].(*reads.Result)}
	for _, file := range pass.Files {
		for _, decl := range file.Decls {
			switch decl := decl.(type) {
			case *ast.GenDecl:
				c.variables(decl)
			case *ast.FuncDecl:
				if decl.Recv == nil && decl.Name.Name == "init" && decl.Body != nil {
					c.init(decl)
				}
			}
		}
	}
	return nil, nil
}

type checker struct {
	pass  *analysis.Pass
	reads *reads.Result
}

func (c *checker) variables(decl *ast.GenDecl) {
	for _, spec := range decl.Specs {
		spec, ok := spec.(*ast.ValueSpec)
		if !ok || len(spec.Names) == 0 {
			continue
		}
		for i, value := range spec.Values {
			name := spec.Names[min(i, len(spec.Names)-1)]
			if len(spec.Values) == 1 {
				name = spec.Names[0]
			}
			where := "the initialiser of package-level variable " + name.Name
			c.runs(value, where, func(reads.Read) bool { return true })
		}
	}
}

// init checks an init function. A value that it sets itself is not missing.
func (c *checker) init(decl *ast.FuncDecl) {
	f, ok := c.pass.TypesInfo.Defs[decl.Name].(*types.Func)
	if !ok {
		return
	}
	all := c.reads.Func(f)
	if all == nil {
		return
	}
	c.runs(decl.Body, "init", func(r reads.Read) bool {
		return slices.ContainsFunc(all.Reads, func(s reads.Read) bool { return s.Kind == r.Kind && s.Name == r.Name })
	})
}

// runs reports the calls in code that runs when the package is initialised.
func (c *checker) runs(code ast.Node, where string, missing func(reads.Read) bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // it is stored, and does not run here
		case *ast.GoStmt:
			// The initialisation evaluates the operands alone.
			for _, arg := range n.Call.Args {
				c.runs(arg, where, missing)
			}
			if _, literal := ast.Unparen(n.Call.Fun).(*ast.FuncLit); !literal {
				c.runs(n.Call.Fun, where, missing)
			}
			return false
		case *ast.CallExpr:
			if lit, ok := ast.Unparen(n.Fun).(*ast.FuncLit); ok {
				c.runs(lit.Body, where, missing)
				break
			}
			c.call(n, where, missing)
		}
		return true
	})
}

func (c *checker) call(call *ast.CallExpr, where string, missing func(reads.Read) bool) {
	if f := c.reads.Callee(call); f != nil {
		if _, elsewhere := runners.Of(f); elsewhere {
			return // it runs on another goroutine
		}
	}
	fact := c.reads.Call(call).Certain()
	if fact == nil || !slices.ContainsFunc(fact.Reads, missing) {
		return
	}
	c.pass.ReportRangef(call, "%s in %s: it runs once, when the package is imported, and keeps what the first importer "+
		"has set, if anything; read it where it is needed", fact.First(), where)
}
