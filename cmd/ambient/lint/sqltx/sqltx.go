package sqltx

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

//go:embed doc.go
var doc string

// Analyzer finds statements that escape the transaction around them.
var Analyzer = &analysis.Analyzer{
	Name: "sqltx",
	Doc:  known.Doc(doc, "sqltx"),
	URL:  known.URL("sqltx"),
	Run:  run,
}

const glssql = known.GLS + "/glssql"

func run(pass *analysis.Pass) (any, error) {
	if known.Own(pass.Pkg) || !known.Concerns(pass.Pkg, glssql) {
		return nil, nil
	}
	c := &checker{
		pass:     pass,
		info:     pass.TypesInfo,
		assigned: known.Assigned(pass.TypesInfo, pass.Files),
		bodies:   map[*types.Func]*ast.BlockStmt{},
		wrapped:  map[types.Object]bool{},
		found:    map[token.Pos]bool{},
	}
	c.collect()
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && c.is(call, "DB.Run") && len(call.Args) == 3 {
				c.visited = map[ast.Node]bool{}
				c.inside(c.body(call.Args[2]))
			}
			return true
		})
	}
	return nil, nil
}

type checker struct {
	pass     *analysis.Pass
	info     *types.Info
	assigned known.Assignments
	bodies   map[*types.Func]*ast.BlockStmt // bodies of the package's functions
	wrapped  map[types.Object]bool          // variables and fields given to glssql.New
	visited  map[ast.Node]bool              // bodies seen in the present Run
	found    map[token.Pos]bool             // nodes reported already, in this Run or another
}

// is reports whether a call is one of glssql's functions or methods.
func (c *checker) is(call *ast.CallExpr, names ...string) bool {
	return known.Is(known.Callee(c.info, call), glssql, names...)
}

// collect fills bodies and wrapped.
func (c *checker) collect() {
	for f, decl := range known.Decls(c.info, c.pass.Files) {
		c.bodies[f] = decl.Body
	}
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && c.is(call, "New") && len(call.Args) > 0 {
				if v := c.variable(call.Args[0]); v != nil {
					c.wrapped[v] = true
				}
			}
			return true
		})
	}
}

// variable returns the variable or field that an expression names.
func (c *checker) variable(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := c.info.Uses[e].(*types.Var); ok {
			return v
		}
	case *ast.SelectorExpr:
		if v, ok := c.info.Uses[e.Sel].(*types.Var); ok {
			return v
		}
	}
	return nil
}

// body returns the body of the function that an expression names, nil if it is unknown.
func (c *checker) body(e ast.Expr) ast.Node {
	if lit, ok := c.assigned.Resolve(c.info, e).(*ast.FuncLit); ok {
		return lit.Body
	}
	if body := c.bodies[known.Func(c.info, e)]; body != nil {
		return body
	}
	return nil
}

// inside checks code that runs in a transaction.
func (c *checker) inside(body ast.Node) {
	if body == nil || c.visited[body] {
		return
	}
	c.visited[body] = true
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			c.started(n, "a go statement", n.Call)
			return false
		case *ast.CallExpr:
			if c.is(n, "DB.Outside", "DB.AfterCommit") {
				return false
			}
			if known.Is(known.Callee(c.info, n), known.GLS, "Go") && len(n.Args) == 1 {
				c.started(n, "gls.Go", &ast.CallExpr{Fun: n.Args[0]})
				return false
			}
			if recv := c.escapes(n); recv != nil {
				c.report(n, "a statement on %s, the *sql.DB itself, inside of a Run: it is no part of the transaction and "+
					"may wait for it for ever; call the method of the glssql.DB, or use its Outside", known.Text(recv))
			}
			c.inside(c.body(n.Fun))
		}
		return true
	})
}

// started checks a call that starts on another goroutine inside a Run.
func (c *checker) started(n ast.Node, what string, call *ast.CallExpr) {
	used := c.uses(call)
	if body := c.body(call.Fun); !used && body != nil {
		used = c.uses(body)
	}
	if used {
		c.report(n, "%s inside of a Run starts statements on its DB: they are refused, the transaction belongs to the "+
			"goroutine of the Run; run them here, by AfterCommit, or in Outside", what)
	}
}

var statements = []string{
	"Exec", "ExecContext", "Query", "QueryContext", "QueryRow", "QueryRowContext", "Prepare", "PrepareContext", "Begin", "BeginTx",
}

// uses reports whether code runs a statement on a glssql.DB.
func (c *checker) uses(code ast.Node) (used bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if c.is(call, "DB.Outside", "DB.AfterCommit") {
				return false
			}
			f := known.Callee(c.info, call)
			used = used || f != nil && known.Path(f.Pkg()) == glssql &&
				(c.is(call, "DB.Run") || known.Recv(f) != nil && slices.Contains(statements, f.Name()))
		}
		return !used
	})
	return used
}

// escapes returns the *sql.DB on which a call runs a statement, if a glssql.DB wraps it.
func (c *checker) escapes(call *ast.CallExpr) ast.Expr {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	f := known.Callee(c.info, call)
	if !ok || f == nil || known.Path(f.Pkg()) != "database/sql" || !slices.Contains(statements, f.Name()) ||
		!known.IsPointer(c.info.TypeOf(sel.X), "database/sql", "DB") {
		return nil
	}
	if v := c.variable(sel.X); v != nil && c.wrapped[v] {
		return sel.X
	}
	if of, ok := c.assigned.Resolve(c.info, sel.X).(*ast.CallExpr); ok && c.is(of, "DB.Unwrap") {
		return sel.X
	}
	return nil
}

func (c *checker) report(n ast.Node, text string, args ...any) {
	if !c.found[n.Pos()] {
		c.found[n.Pos()] = true
		c.pass.ReportRangef(n, text, args...)
	}
}
