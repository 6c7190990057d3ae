package sqltx

import (
	_ "embed"
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/analysis"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

//go:embed doc.go
var doc string

// Analyzer finds statements that escape the transaction around them.
var Analyzer = &analysis.Analyzer{
	Name:      "sqltx",
	Doc:       known.Doc(doc, "sqltx"),
	URL:       known.URL("sqltx"),
	Run:       run,
	FactTypes: []analysis.Fact{new(does)},
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
		facts:    map[*types.Func]does{},
	}
	c.collect()
	c.findFacts()
	for _, file := range pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok && c.is(call, "DB.Run") && len(call.Args) == 3 {
				c.visited, c.db = map[ast.Node]bool{}, c.name(call)
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
	db       string                         // the name of the present Run's DB
	found    map[token.Pos]bool             // nodes reported already, in this Run or another
	facts    map[*types.Func]does           // of the package's functions
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
	var same [][2]types.Object // a variable or field, and the one that it is set to
	pair := func(to, from types.Object) {
		if to != nil && from != nil && known.IsPointer(to.Type(), "database/sql", "DB") {
			same = append(same, [2]types.Object{to, from})
		}
	}
	for _, file := range c.pass.Files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				if c.is(n, "New") && len(n.Args) > 0 {
					if v := c.variable(n.Args[0]); v != nil {
						c.wrapped[v] = true
					}
				}
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if len(n.Lhs) == len(n.Rhs) {
						pair(c.variable(lhs), c.variable(n.Rhs[i]))
					}
				}
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if len(n.Names) == len(n.Values) {
						pair(c.variable(name), c.variable(n.Values[i]))
					}
				}
			case *ast.KeyValueExpr: // of a struct
				if field, ok := n.Key.(*ast.Ident); ok {
					pair(c.variable(field), c.variable(n.Value))
				}
			}
			return true
		})
	}
	for range same { // what is set to the DB is the DB
		for _, p := range same {
			c.wrapped[p[0]] = c.wrapped[p[0]] || c.wrapped[p[1]]
		}
	}
}

// variable returns the variable or field that an expression names.
func (c *checker) variable(e ast.Expr) types.Object {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		if v, ok := c.info.ObjectOf(e).(*types.Var); ok {
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
			if what, args := c.starts(n); len(args) > 0 {
				for _, arg := range args {
					c.started(n, what, &ast.CallExpr{Fun: arg})
				}
				return false
			}
			if recv := c.escapes(n); recv != nil {
				c.report(n, "a statement on %s, the *sql.DB itself, inside of a Run: it is no part of the transaction and "+
					"may wait for it for ever; call the method of the glssql.DB, or use its Outside", known.Text(recv))
			}
			if f := known.Callee(c.info, n); f != nil && f.Pkg() != c.pass.Pkg {
				if on := c.does(f).Escapes; on != "" {
					c.report(n, "%s runs a statement on %s, the *sql.DB itself, inside of a Run: it is no part of the transaction "+
						"and may wait for it for ever; let it call the method of the glssql.DB, or call it in Outside", known.Text(n.Fun), on)
				}
			}
			c.inside(c.body(n.Fun))
		}
		return true
	})
}

// starts returns the arguments that a call runs on another goroutine, and its name.
func (c *checker) starts(call *ast.CallExpr) (name string, args []ast.Expr) {
	f := known.Callee(c.info, call)
	name, does := known.Function(f)
	index := runners.Args(f)
	if does.Way == api.Started || does.Way == api.Timed {
		index = []int{does.Arg}
	} else if name = known.Text(call.Fun); len(index) == 0 {
		return "", nil
	}
	for _, i := range index {
		if i < len(call.Args) {
			args = append(args, call.Args[i])
		}
	}
	return name, args
}

// started checks a call that starts on another goroutine inside a Run.
func (c *checker) started(n ast.Node, what string, call *ast.CallExpr) {
	used := c.uses(call)
	if f := known.Func(c.info, call.Fun); f != nil {
		used = append(used, c.does(f).Statements...)
	}
	if body := c.body(call.Fun); body != nil {
		used = append(used, c.uses(body)...)
	}
	if !slices.ContainsFunc(used, func(name string) bool { return name == unnamed || c.db == unnamed || name == c.db }) {
		return
	}
	refused := "they are refused, the"
	if _, isCall := n.(*ast.CallExpr); isCall && !strings.HasPrefix(what, "gls.") && !strings.HasPrefix(what, "httpctx.") {
		refused = "they are refused, or no part of the transaction if the goroutine is an older one; the"
	}
	c.report(n, "%s inside of a Run starts statements on its DB: %s transaction belongs to the goroutine of the Run; run "+
		"them here, by AfterCommit, or in Outside", what, refused)
}

var statements = []string{
	"Exec", "ExecContext", "Query", "QueryContext", "QueryRow", "QueryRowContext", "Prepare", "PrepareContext", "Begin", "BeginTx",
}

// uses returns the names of the glssql.DBs on which code, or a function that it calls, runs a statement.
func (c *checker) uses(code ast.Node) (names []string) {
	ast.Inspect(code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if c.is(call, "DB.Outside", "DB.AfterCommit") {
				return false
			}
			f := known.Callee(c.info, call)
			names = append(names, c.does(f).Statements...)
			if f != nil && known.Path(f.Pkg()) == glssql &&
				(c.is(call, "DB.Run") || known.Recv(f) != nil && slices.Contains(statements, f.Name())) {
				names = append(names, c.name(call))
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

// unnamed is the name of a DB that is a parameter, or in no variable.
const unnamed = "?"

// name returns the name of the variable or field with the DB of which a call is a method. What has another name may be
// another database, on which a goroutine may run statements.
func (c *checker) name(call *ast.CallExpr) string {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || !known.IsPointer(c.info.TypeOf(sel.X), glssql, "DB") {
		return unnamed
	}
	v, ok := c.variable(sel.X).(*types.Var)
	if !ok || v.Kind() == types.ParamVar || v.Kind() == types.RecvVar {
		return unnamed
	}
	return strings.ToLower(v.Name())
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
