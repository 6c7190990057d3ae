package outlives

import (
	_ "embed"
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/analysis"
	"golang.org/x/tools/go/analysis/passes/inspect"
	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/waits"
)

//go:embed doc.go
var doc string

// Analyzer finds values of a request that are stored where they outlive the request.
var Analyzer = &analysis.Analyzer{
	Name:      "outlives",
	Doc:       known.Doc(doc, "outlives"),
	URL:       known.URL("outlives"),
	Run:       run,
	Requires:  []*analysis.Analyzer{inspect.Analyzer, waits.Analyzer},
	FactTypes: []analysis.Fact{new(gives), new(keeps)},
}

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !inModule(pass) {
		return nil, nil
	}
	c := &checker{
		pass:     pass,
		info:     pass.TypesInfo,
		in:       pass.ResultOf[inspect.Analyzer].(*inspector.Inspector),
		waits:    pass.ResultOf[waits.Analyzer].(*waits.Result),
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
		holds:    map[*types.Var]bool{},
		copies:   map[*types.Var]bool{},
		served:   map[*types.Var]bool{},
		given:    map[*types.Func]gives{},
		kept:     map[*types.Func]*keeps{},

		following: map[*types.Var]bool{},
	}
	concerns := known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx)
	if concerns {
		c.findServed()
	}
	c.findKeeps()
	if !concerns {
		return nil, nil // the package has no value of a request
	}
	c.findGives()
	c.check()
	return nil, nil
}

// inModule reports whether a package belongs to a module or a GOPATH. The standard library does
// not: it keeps contexts in many structs, and never a request's of this library.
func inModule(pass *analysis.Pass) bool {
	if pass.Module != nil && pass.Module.Path != "" && pass.Module.Path != "std" {
		return true
	}
	for _, file := range pass.Files {
		for _, spec := range file.Imports {
			// Only the standard library imports its internal packages.
			switch spec.Path.Value {
			case `"internal/goarch"`, `"internal/bytealg"`, `"internal/godebug"`, `"internal/race"`:
				return false
			}
		}
	}
	return known.Concerns(pass.Pkg, known.GLS, known.HTTPCtx)
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	in       *inspector.Inspector
	waits    *waits.Result
	assigned known.Assignments

	// holds has the local variables that hold a request's value, copies those that hold data of
	// one.
	holds, copies map[*types.Var]bool

	// served has the parameters of the package's HTTP handlers.
	served map[*types.Var]bool

	given map[*types.Func]gives  // facts of this package's functions
	kept  map[*types.Func]*keeps // facts of this package's functions

	// assumed is the parameter that counts as a request's value while findKeeps looks at its
	// function.
	assumed *types.Var

	reported []ast.Expr

	// cleared has the fields that the package empties, whole the types of which it assigns whole values through pointers.
	// They are nil until they are needed.
	cleared map[*types.Var]bool
	whole   map[*types.Named]bool

	// following has the variables that place is following, against cycles such as p = p.next.
	following map[*types.Var]bool
}

// check looks at every store in functions. Analyzer toplevel checks the initialisers of
// package-level variables.
func (c *checker) check() {
	stores := []ast.Node{
		(*ast.AssignStmt)(nil), (*ast.SendStmt)(nil), (*ast.CallExpr)(nil), (*ast.CompositeLit)(nil),
		(*ast.IfStmt)(nil),
	}
	for cur := range c.in.Root().Preorder(stores...) {
		if _, ok := cur.Node().(*ast.CallExpr); ok {
			c.once(cur)
			c.put(cur)
		}
		if !inFunction(cur) {
			continue
		}
		if _, ok := cur.Node().(*ast.IfStmt); ok {
			c.lazy(cur)
			continue
		}
		for _, s := range c.stores(cur) {
			if !c.removed(cur, s.place) {
				c.report(s.value, "%s is %s: it ends with its request; keep a copy of what is needed, or ask for it "+
					"where it is used", c.what(s.value), s.where)
			}
		}
	}
}

// report reports an expression, unless it is part of a reported one.
func (c *checker) report(e ast.Expr, format string, args ...any) {
	for _, outer := range c.reported {
		if outer.Pos() <= e.Pos() && e.End() <= outer.End() {
			return
		}
	}
	c.reported = append(c.reported, e)
	c.pass.ReportRangef(e, format, args...)
}

// what describes a reported expression.
func (c *checker) what(e ast.Expr) string {
	t := c.info.TypeOf(e)
	switch {
	case known.IsPointer(t, known.HTTPCtx, "Context"):
		return "the current request's Context"
	case known.IsPointer(t, "net/http", "Request"):
		return "the current *http.Request"
	case known.IsType(t, "net/http", "ResponseWriter"):
		return "the current request's ResponseWriter"
	case known.IsType(t, "context", "Context"):
		return "the request's context.Context"
	}
	switch _, lit := ast.Unparen(e).(*ast.FuncLit); {
	case known.IsType(t, known.GLS, "Snapshot"):
		return "a snapshot of the current request"
	case lit, c.isSnapshot(e):
		return "a function that holds a value of the current request"
	default:
		return "a value that holds one of the current request"
	}
}

func inFunction(cur inspector.Cursor) bool {
	for range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return true
	}
	return false
}
