package outlives

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"
	"strings"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// put reports a struct that goes back to a sync.Pool with what a request gave in a field that is not set anew in each use
// and that nothing in the package empties. A field that each use sets first, as gin does with its Request, is right.
//
//	if u, ok := user.Get(); ok {
//		s.user = u
//	}
//	pool.Put(s)
func (c *checker) put(cur inspector.Cursor) {
	call := cur.Node().(*ast.CallExpr)
	if len(call.Args) != 1 || !known.Is(known.Callee(c.info, call), "sync", "Pool.Put") || !inFunction(cur) {
		return
	}
	v := known.Var(c.info, call.Args[0])
	if v == nil || known.Global(v) || c.holder(v) {
		return
	}
	fn, ok := c.in.Root().FindNode(body(cur))
	if !ok || c.resets(fn.Node(), v) {
		return
	}
	for assign := range fn.Preorder((*ast.AssignStmt)(nil)) {
		n := assign.Node().(*ast.AssignStmt)
		for i, lhs := range n.Lhs {
			field, entry := c.fieldOf(lhs, v)
			if field == nil || c.empties(field) || c.assignsWhole(v) || !c.gave(n, i) {
				continue
			}
			if entry || c.mentions(n.Rhs[min(i, len(n.Rhs)-1)], field) || c.sometimes(assign, v) {
				c.report(call.Args[0], "%s goes back to the sync.Pool with what this request gave in %s, which not every use "+
					"sets: the next request may find it there; clear the field before Put", v.Name(), known.Text(lhs))
				return
			}
		}
	}
}

// gave reports whether an assignment gives its variable i what a request or a storage gave.
func (c *checker) gave(n *ast.AssignStmt, i int) bool {
	switch {
	case len(n.Lhs) == len(n.Rhs):
		if call, ok := ast.Unparen(n.Rhs[i]).(*ast.CallExpr); ok && c.info.Types[call.Fun].IsBuiltin() {
			return slices.ContainsFunc(call.Args, c.copied) // append
		}
		return c.copied(n.Rhs[i])
	case len(n.Rhs) == 1:
		return i == 0 && c.copied(n.Rhs[0])
	}
	return false
}

// fieldOf returns the field of v that an assignment sets, and whether it sets an entry of it.
func (c *checker) fieldOf(lhs ast.Expr, v *types.Var) (field *types.Var, entry bool) {
	if index, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		lhs, entry = index.X, true
	}
	sel, ok := ast.Unparen(lhs).(*ast.SelectorExpr)
	if !ok || c.info.Selections[sel] == nil || v != nil && known.Var(c.info, sel.X) != v {
		return nil, false
	}
	field, _ = c.info.Selections[sel].Obj().(*types.Var)
	return field, entry
}

// sometimes reports whether an assignment stands in a branch or a loop that does not contain the assignment of v.
func (c *checker) sometimes(assign inspector.Cursor, v *types.Var) bool {
	for outer := range assign.Enclosing((*ast.IfStmt)(nil), (*ast.CaseClause)(nil), (*ast.CommClause)(nil),
		(*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
		n := outer.Node()
		if !slices.ContainsFunc(c.assigned[v], func(a known.Assignment) bool {
			return n.Pos() <= a.Node.Pos() && a.Node.End() <= n.End()
		}) {
			return true
		}
	}
	return false
}

func (c *checker) mentions(e ast.Expr, field *types.Var) bool {
	found := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		found = found || ok && c.info.Uses[id] == types.Object(field)
		return !found
	})
	return found
}

// resets reports whether a function calls a method of v, or of a field of v, whose name says that it empties it.
func (c *checker) resets(fn ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(fn, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return !found
		}
		name := known.Callee(c.info, call)
		if name == nil || !isReset(name.Name()) {
			return !found
		}
		ast.Inspect(call, func(n ast.Node) bool { // v.Reset(), v.buf.Reset(), reset(v)
			id, ok := n.(*ast.Ident)
			found = found || ok && c.info.Uses[id] == types.Object(v)
			return !found
		})
		return !found
	})
	return found
}

func isReset(name string) bool {
	name = strings.ToLower(name)
	return slices.ContainsFunc([]string{"reset", "clear", "init", "clean", "zero", "recycle", "release", "free", "close"},
		func(word string) bool { return strings.Contains(name, word) })
}

// empties reports whether the package assigns a field, of any variable, what no request gave.
func (c *checker) empties(field *types.Var) bool {
	c.findCleared()
	return c.cleared[field.Origin()]
}

// assignsWhole reports whether the package assigns a whole value of v's type through a pointer: *v = T{}.
func (c *checker) assignsWhole(v *types.Var) bool {
	c.findCleared()
	named := known.Named(v.Type())
	return named != nil && c.whole[named.Origin()]
}

func (c *checker) findCleared() {
	if c.cleared != nil {
		return
	}
	c.cleared, c.whole = map[*types.Var]bool{}, map[*types.Named]bool{}
	for cur := range c.in.Root().Preorder((*ast.AssignStmt)(nil), (*ast.CallExpr)(nil)) {
		switch n := cur.Node().(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if star, ok := ast.Unparen(lhs).(*ast.StarExpr); ok {
					if named := known.Named(c.info.TypeOf(star.X)); named != nil {
						c.whole[named.Origin()] = true
					}
				}
				field, entry := c.fieldOf(lhs, nil)
				if field != nil && !entry && !c.gave(n, i) && (n.Tok == token.ASSIGN || n.Tok == token.DEFINE) {
					c.cleared[field.Origin()] = true
				}
			}
		case *ast.CallExpr: // clear(s.m), delete(s.m, k)
			if c.info.Types[n.Fun].IsBuiltin() && len(n.Args) > 0 {
				id, ok := ast.Unparen(n.Fun).(*ast.Ident)
				if field, _ := c.fieldOf(n.Args[0], nil); ok && field != nil && (id.Name == "clear" || id.Name == "delete") {
					c.cleared[field.Origin()] = true
				}
			}
		}
	}
}
