package shared

import (
	"go/ast"
	"go/token"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// lookup reports a cache by hand: a function that looks for a key in a map and returns what it
// finds, and otherwise stores a value that was made from a read.
//
//	if v, ok := rows[table]; ok {
//		return v
//	}
//	rows[table] = visible(table)
//
// A map that is written alone, or looked at for another reason, may keep who did something.
func (c *checker) lookup(fn inspector.Cursor) {
	for cur := range fn.Preorder((*ast.AssignStmt)(nil), (*ast.CallExpr)(nil)) {
		if function(cur) != fn.Node() {
			continue
		}
		m, key, value := c.put(cur.Node())
		if m == nil || !c.forAll(m) || !c.returnsEntry(fn, cur, m, key) {
			continue
		}
		if _, silent := c.reads.Directives.At(cur.Node().Pos(), cur.Node().End()); silent {
			continue
		}
		if found := without(c.outside(value, c.value(value)), c.within(key)); len(found) > 0 {
			c.report(value, stores(0, 1), known.Text(m), (&reads.Fact{Reads: found}).First())
		}
	}
}

func function(cur inspector.Cursor) ast.Node {
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		return fn.Node()
	}
	return nil
}

// put returns the map, the key and the value of a statement that stores an entry: m[key] = value,
// m.Store(key, value) for a sync.Map.
func (c *checker) put(n ast.Node) (m, key, value ast.Expr) {
	switch n := n.(type) {
	case *ast.AssignStmt:
		if index, ok := ast.Unparen(n.Lhs[0]).(*ast.IndexExpr); ok && n.Tok == token.ASSIGN {
			if t := c.info.TypeOf(index.X); t != nil && isMap(t) {
				return index.X, index.Index, n.Rhs[0]
			}
		}
	case *ast.CallExpr:
		sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr)
		if ok && len(n.Args) == 2 && known.Is(known.Callee(c.info, n), "sync", "Map.Store") {
			return sel.X, n.Args[0], n.Args[1]
		}
	}
	return nil, nil, nil
}

func isMap(t types.Type) bool {
	_, ok := t.Underlying().(*types.Map)
	return ok
}

// forAll reports whether a map is a package-level variable or a field of one, or a field of a
// receiver whose type has a package-level variable. Other maps may be those of one request.
func (c *checker) forAll(m ast.Expr) bool {
	for {
		sel, ok := ast.Unparen(m).(*ast.SelectorExpr)
		if !ok || c.info.Selections[sel] == nil {
			break
		}
		m = sel.X
	}
	v := known.Var(c.info, m)
	if v == nil || known.Global(v) || v.Kind() != types.RecvVar {
		return known.Global(v)
	}
	scope := c.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		global, ok := scope.Lookup(name).(*types.Var)
		if ok && known.Named(global.Type()) != nil && known.Named(global.Type()) == known.Named(v.Type()) {
			return true
		}
	}
	return false
}

// returnsEntry reports whether a function returns what the map has for the key: before it stores
// the value, or after an if statement that does.
func (c *checker) returnsEntry(fn, put inspector.Cursor, m, key ast.Expr) bool {
	conditional := false
	for stmt := range put.Enclosing((*ast.IfStmt)(nil)) {
		conditional = conditional || stmt.Node().Pos() > fn.Node().Pos()
	}
	for ret := range fn.Preorder((*ast.ReturnStmt)(nil)) {
		for _, result := range ret.Node().(*ast.ReturnStmt).Results {
			after := ret.Node().Pos() > put.Node().Pos()
			if after && (!conditional || c.gets(unasserted(result), m, key)) || function(ret) != fn.Node() {
				continue
			}
			if c.isEntry(result, m, key) {
				return true
			}
		}
	}
	return false
}

// isEntry reports whether an expression is the entry of a map, or a variable that was assigned it.
func (c *checker) isEntry(e, m, key ast.Expr) bool {
	e = unasserted(e)
	for _, a := range c.assigned[known.Var(c.info, e)] {
		if a.Value != nil && a.Index <= 0 && c.gets(unasserted(a.Value), m, key) {
			return true
		}
	}
	return c.gets(e, m, key)
}

// gets reports whether an expression is m[key] or m.Load(key).
func (c *checker) gets(e, m, key ast.Expr) bool {
	var from, at ast.Expr
	switch e := e.(type) {
	case *ast.IndexExpr:
		from, at = e.X, e.Index
	case *ast.CallExpr:
		sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
		if !ok || len(e.Args) != 1 || !known.Is(known.Callee(c.info, e), "sync", "Map.Load") {
			return false
		}
		from, at = sel.X, e.Args[0]
	default:
		return false
	}
	return types.ExprString(from) == types.ExprString(m) && types.ExprString(at) == types.ExprString(key)
}

// unasserted returns x for x.(T).
func unasserted(e ast.Expr) ast.Expr {
	e = ast.Unparen(e)
	if assert, ok := e.(*ast.TypeAssertExpr); ok {
		return ast.Unparen(assert.X)
	}
	return e
}
