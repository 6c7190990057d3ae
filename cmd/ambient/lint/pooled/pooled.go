package pooled

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

//go:embed doc.go
var doc string

// Analyzer finds storages and keys of contexts that a framework uses again.
var Analyzer = &analysis.Analyzer{
	Name:     "pooled",
	Doc:      known.Doc(doc, "pooled"),
	URL:      known.URL("pooled"),
	Run:      run,
	Requires: []*analysis.Analyzer{inspect.Analyzer},
}

// contexts has the types that frameworks keep in pools. Their paths have no major version.
var contexts = map[string]bool{
	"github.com/gin-gonic/gin.Context":                  true,
	"github.com/labstack/echo.Context":                  true,
	"github.com/gofiber/fiber.Ctx":                      true,
	"github.com/gofiber/fiber.DefaultCtx":               true,
	"github.com/valyala/fasthttp.RequestCtx":            true,
	"github.com/cloudwego/hertz/pkg/app.RequestContext": true,
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx) {
		return nil, nil
	}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil), (*ast.ValueSpec)(nil), (*ast.Field)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.CallExpr:
			call(pass, n)
		case *ast.ValueSpec:
			declared(pass, n.Type)
		case *ast.Field:
			declared(pass, n.Type)
		}
	}
	return nil, nil
}

func call(pass *analysis.Pass, call *ast.CallExpr) {
	f := known.Callee(pass.TypesInfo, call)
	switch _, does := known.Function(f); {
	case does.Makes:
		report(pass, call, pass.TypesInfo.TypeOf(call))
	case does.Ambient && len(call.Args) > 0:
		if name := pooled(pass.TypesInfo.TypeOf(call.Args[0]), 0); name != "" {
			pass.ReportRangef(call.Args[0], "%s as the ambient context: its framework uses it for another request when this one "+
				"is over; give the context.Context of its request, or a copy", name)
		}
	}
}

// declared checks a storage that is a variable or a field itself, and needs no call of New.
func declared(pass *analysis.Pass, e ast.Expr) {
	if e == nil {
		return
	}
	if t := pass.TypesInfo.TypeOf(e); known.IsType(t, known.GLS, "Storage") {
		report(pass, e, t)
	}
}

func report(pass *analysis.Pass, n ast.Node, t types.Type) {
	named := known.Named(t)
	if named == nil || named.TypeArgs().Len() != 1 {
		return
	}
	if name := pooled(named.TypeArgs().At(0), 0); name != "" {
		pass.ReportRangef(n, "%s of %s: its framework uses that for another request when this one is over; keep copies of what "+
			"is needed of it", named.Obj().Name(), name)
	}
}

// pooled returns the name of the type in contexts that t is, points to or has in a field, "" if
// there is none.
func pooled(t types.Type, depth int) string {
	named := known.Named(t)
	if named != nil && named.Obj().Pkg() != nil {
		if contexts[runners.PlainPath(named.Obj().Pkg())+"."+named.Obj().Name()] {
			return types.TypeString(types.Unalias(t), func(p *types.Package) string { return p.Name() })
		}
	}
	if t == nil || depth > 2 {
		return ""
	}
	under := t.Underlying()
	if named != nil {
		under = named.Underlying()
	}
	s, ok := under.(*types.Struct)
	if !ok {
		return ""
	}
	for field := range s.Fields() {
		if name := pooled(field.Type(), depth+1); name != "" {
			return name
		}
	}
	return ""
}
