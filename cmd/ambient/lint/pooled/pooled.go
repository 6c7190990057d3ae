package pooled

import (
	"cmp"
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
	c := &checker{pass, known.Assigned(pass.TypesInfo, pass.Files)}
	in := pass.ResultOf[inspect.Analyzer].(*inspector.Inspector)
	for cur := range in.Root().Preorder((*ast.CallExpr)(nil), (*ast.ValueSpec)(nil), (*ast.Field)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.CallExpr:
			c.call(n)
		case *ast.ValueSpec:
			c.declared(n.Type)
		case *ast.Field:
			c.declared(n.Type)
		}
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	assigned known.Assignments
}

// values are the arguments that are kept, by function.
var values = map[string]int{
	"gls.Storage.Run": 0, "gls.Storage.Enter": 0, "gls.Storage.With": 0, "gls.Call": 1, "httpctx.Key.Set": 1,
}

func (c *checker) call(call *ast.CallExpr) {
	name, does := known.Function(known.Callee(c.pass.TypesInfo, call))
	switch i, kept := values[name]; {
	case does.Makes:
		c.report(call, c.pass.TypesInfo.TypeOf(call))
	case does.Ambient && len(call.Args) > 0:
		if of := c.of(call.Args[0]); of != "" {
			c.pass.ReportRangef(call.Args[0], "%s as the ambient context: its framework uses it for another request when this one "+
				"is over; give the context.Context of its request, or a copy", of)
		}
	case name == "" && c.makesOf(call):
		c.report(call, c.pass.TypesInfo.TypeOf(call))
	case kept && i < len(call.Args):
		if m := c.memory(call.Args[i], 0); m != nil {
			c.pass.ReportRangef(call.Args[i], "%s is in memory that the framework uses for another request when this one is over, "+
				"unless the app is Immutable: clone it", known.Text(m))
			return
		}
		// Where the type of the storage says it, the storage is reported.
		sig, ok := c.pass.TypesInfo.TypeOf(call.Fun).(*types.Signature)
		if !ok || i >= sig.Params().Len() || pooled(sig.Params().At(i).Type(), 0) != "" {
			return
		}
		if of := c.of(call.Args[i]); of != "" {
			c.pass.ReportRangef(call.Args[i], "%s as a value: its framework uses it for another request when this one is over; "+
				"give copies of what is needed of it", of)
		}
	}
}

// of returns the name of the framework's context that a value is or is derived from by package context, "" for others.
func (c *checker) of(e ast.Expr) string {
	for range 8 { // derived from one another
		if name := pooled(c.pass.TypesInfo.TypeOf(e), 0); name != "" {
			return name
		}
		e = c.assigned.Resolve(c.pass.TypesInfo, e)
		call, ok := e.(*ast.CallExpr)
		if !ok {
			break
		}
		conversion := c.pass.TypesInfo.Types[call.Fun].IsType()
		f := known.Callee(c.pass.TypesInfo, call)
		if len(call.Args) == 0 || !conversion && (f == nil || known.Path(f.Pkg()) != "context") {
			break
		}
		e = call.Args[0]
	}
	return pooled(c.pass.TypesInfo.TypeOf(e), 0)
}

// makesOf reports whether a call of a generic function gives the storage or key that it returns its type. What the function
// itself says is reported where it stands.
func (c *checker) makesOf(call *ast.CallExpr) bool {
	f := known.Callee(c.pass.TypesInfo, call)
	if f == nil || f.Signature().Results().Len() != 1 {
		return false
	}
	t := f.Signature().Results().At(0).Type()
	if !known.IsPointer(t, known.GLS, "Storage") && !known.IsPointer(t, known.HTTPCtx, "Key") {
		return false
	}
	args := known.Named(t).TypeArgs()
	return args.Len() == 1 && pooled(args.At(0), 0) == "" && f.Signature().TypeParams().Len() > 0
}

// declared checks a storage that is a variable or a field itself, and needs no call of New.
func (c *checker) declared(e ast.Expr) {
	if e == nil {
		return
	}
	if t := c.pass.TypesInfo.TypeOf(e); known.IsType(t, known.GLS, "Storage") {
		c.report(e, t)
	}
}

func (c *checker) report(n ast.Node, t types.Type) {
	named := known.Named(t)
	if named == nil || named.TypeArgs().Len() != 1 {
		return
	}
	if name := pooled(named.TypeArgs().At(0), 0); name != "" {
		c.pass.ReportRangef(n, "%s of %s: its framework uses that for another request when this one is over; keep copies of what "+
			"is needed of it", named.Obj().Name(), name)
	}
}

// pooled returns the name of the type in contexts that t is, points to, or has in a field or as an
// element, "" if there is none.
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
	switch t := under.(type) {
	case *types.Struct:
		for field := range t.Fields() {
			if name := pooled(field.Type(), depth+1); name != "" {
				return name
			}
		}
	case *types.Map:
		return cmp.Or(pooled(t.Key(), depth+1), pooled(t.Elem(), depth+1))
	case *types.Signature:
		for result := range t.Results().Variables() {
			if name := pooled(result.Type(), depth+1); name != "" {
				return name
			}
		}
	case interface{ Elem() types.Type }: // a slice, an array, a channel
		if _, pointer := t.(*types.Pointer); !pointer {
			return pooled(t.Elem(), depth+1)
		}
	}
	return ""
}
