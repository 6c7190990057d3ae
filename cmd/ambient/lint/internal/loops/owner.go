package loops

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// unknown stands for a channel that a call returned. It counts as the caller's own, such as a
// subscription.
var unknown = types.NewVar(token.NoPos, nil, "", types.Typ[types.Invalid])

// root returns the variable that an expression begins with, and whether a field follows.
func (r *Result) root(e ast.Expr) (v *types.Var, field bool) {
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			if r.info.Selections[x] == nil {
				return known.Var(r.info, x), field
			}
			field, e = true, x.X
			continue
		case *ast.IndexExpr:
			e = x.X
			continue
		case *ast.StarExpr:
			e = x.X
			continue
		case *ast.UnaryExpr:
			if x.Op == token.AND {
				e = x.X
				continue
			}
		}
		return known.Var(r.info, e), field
	}
}

// origin is root, but looks through local variables: after p := s.pool the origin of p is s.
func (r *Result) origin(e ast.Expr) (v *types.Var, field bool) {
	v, field = r.root(e)
	for range 8 { // broken code may have a cycle
		if v == nil {
			return unknown, field
		}
		value := r.assigned.Only(v)
		if value == nil || known.Global(v) || v.IsField() {
			break
		}
		w, more := r.root(value)
		if w == nil {
			break // a call or a literal made the value
		}
		v, field = w, field || more
	}
	return v, field
}

// channel returns the variable or the field that holds a channel.
func (r *Result) channel(e ast.Expr) *types.Var {
	if sel, ok := ast.Unparen(e).(*ast.SelectorExpr); ok {
		if s := r.info.Selections[sel]; s != nil {
			v, _ := s.Obj().(*types.Var)
			return v
		}
	}
	return known.Var(r.info, e)
}

// enclosing returns the declaration around a node, nil at package level.
func (r *Result) enclosing(n ast.Node) *ast.FuncDecl {
	for _, d := range r.decls {
		if d.Pos() <= n.Pos() && n.End() <= d.End() {
			return d
		}
	}
	return nil
}

// own reports whether all tasks of a loop belong to the flow that starts the worker: its channel is
// a local variable of the starting function, which neither returns nor stores it. A parameter
// counts as well if the channel carries data: the worker is a stage of a pipeline then.
func (r *Result) own(l Loop, start *ast.FuncDecl) bool {
	v := l.root
	switch {
	case v == unknown:
		return true
	case known.Global(v), start == nil, v.Kind() == types.RecvVar:
		return false
	case v.Kind() == types.ParamVar:
		return !l.field && !l.Calls
	}
	return !r.leaks(v, start.Body)
}

// leaks reports whether a function returns a variable, or a literal that holds it, or stores it in
// a field or a package-level variable.
func (r *Result) leaks(v *types.Var, body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				found = found || r.holds(e, v)
			}
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if len(n.Rhs) != len(n.Lhs) {
					break
				}
				to, field := r.root(lhs)
				_, element := ast.Unparen(lhs).(*ast.IndexExpr)
				if to != v && !element && (field || known.Global(to)) {
					found = found || r.holds(n.Rhs[i], v)
				}
			}
		}
		return !found
	})
	return found
}

// holds reports whether an expression is the variable, its address, or a literal that contains it.
func (r *Result) holds(e ast.Expr, v *types.Var) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		return r.info.Uses[e] == v
	case *ast.UnaryExpr:
		return e.Op == token.AND && r.holds(e.X, v)
	case *ast.KeyValueExpr:
		return r.holds(e.Value, v)
	case *ast.SelectorExpr: // a method value
		s := r.info.Selections[e]
		return s != nil && s.Kind() == types.MethodVal && r.holds(e.X, v)
	case *ast.CompositeLit:
		for _, elt := range e.Elts {
			if r.holds(elt, v) {
				return true
			}
		}
	case *ast.CallExpr:
		if tv := r.info.Types[e.Fun]; tv.IsType() && len(e.Args) == 1 {
			return r.holds(e.Args[0], v)
		}
	case *ast.FuncLit:
		found := false
		ast.Inspect(e.Body, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			found = found || ok && r.info.Uses[id] == v
			return !found
		})
		return found
	}
	return false
}
