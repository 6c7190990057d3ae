package outlives

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A place is where a value is stored: the variable that the expression begins with, and how it
// leads on.
type place struct {
	root   *types.Var // nil if it begins with no variable, but a call, say
	global bool       // a package-level variable holds it
	field  bool       // a field of root, or of what root leads to
	inner  bool       // not root itself
	entry  bool       // an element of a map or a slice
}

// place returns the place that an assignment to e stores into.
func (c *checker) place(e ast.Expr) place {
	var p place
	for {
		switch x := ast.Unparen(e).(type) {
		case *ast.SelectorExpr:
			if c.info.Selections[x] == nil { // another package's variable
				p.root = known.Var(c.info, x)
				p.global = known.Global(p.root)
				return p
			}
			p.field, p.inner = true, true
			e = x.X
			continue
		case *ast.IndexExpr:
			p.inner, p.entry = true, true
			e = x.X
			continue
		case *ast.StarExpr:
			p.inner = true
			e = x.X
			continue
		case *ast.UnaryExpr:
			if x.Op == token.AND {
				e = x.X
				continue
			}
		}
		break
	}
	p.root = known.Var(c.info, e)
	p.global = known.Global(p.root) || p.inner && c.leadsToGlobal(p.root)
	return p
}

// leadsToGlobal reports whether a local variable refers to a value that a package-level variable
// holds: s := &server, or the receiver of a type that has a package-level variable.
func (c *checker) leadsToGlobal(v *types.Var) bool {
	if v == nil || !isReference(v.Type()) || c.following[v] {
		return false
	}
	c.following[v] = true
	defer delete(c.following, v)
	for _, a := range c.assigned[v] {
		if a.Value == nil || a.Index > 0 {
			continue
		}
		if c.place(a.Value).global {
			return true
		}
	}
	if len(c.assigned[v]) > 0 || v.Kind() != types.RecvVar {
		return false
	}
	return c.hasGlobal(known.Named(v.Type()))
}

// hasGlobal reports whether the package has a variable of the type, or of a pointer to it, at
// package level.
func (c *checker) hasGlobal(named *types.Named) bool {
	if named == nil {
		return false
	}
	scope := c.pass.Pkg.Scope()
	for _, name := range scope.Names() {
		if v, ok := scope.Lookup(name).(*types.Var); ok {
			if n := known.Named(v.Type()); n != nil && n.Origin() == named.Origin() {
				return true
			}
		}
	}
	return false
}

func isReference(t types.Type) bool {
	switch t.Underlying().(type) {
	case *types.Pointer, *types.Map, *types.Slice, *types.Chan, *types.Interface:
		return true
	}
	return false
}

// stays reports whether the struct at the beginning of p may live longer than the function body: it
// is a parameter, comes from elsewhere, or is returned.
func (c *checker) stays(p place, body ast.Node) bool {
	switch {
	case p.root == nil, p.global:
		return true
	case p.root.Kind() == types.RecvVar, p.root.Kind() == types.ParamVar:
		return isReference(p.root.Type())
	}
	return c.returned(p.root, body)
}

// returned reports whether a function returns a variable or a value that holds it.
func (c *checker) returned(v *types.Var, body ast.Node) bool {
	if v.Kind() == types.ResultVar {
		return true
	}
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if ret, ok := n.(*ast.ReturnStmt); ok {
			for _, result := range ret.Results {
				found = found || c.consistsOf(result, v)
			}
		}
		return !found
	})
	return found
}

// consistsOf reports whether an expression is a variable, its address, or a collection that
// contains it.
func (c *checker) consistsOf(e ast.Expr, v *types.Var) bool {
	has := func(e ast.Expr) bool { return c.consistsOf(value(e), v) }
	switch e := ast.Unparen(e).(type) {
	case *ast.UnaryExpr:
		return e.Op == token.AND && has(e.X)
	case *ast.CompositeLit:
		return slices.ContainsFunc(e.Elts, has)
	case *ast.CallExpr:
		tv := c.info.Types[e.Fun]
		return (tv.IsType() || tv.IsBuiltin()) && slices.ContainsFunc(e.Args, has)
	case *ast.Ident:
		return known.Var(c.info, e) == v
	}
	return false
}
