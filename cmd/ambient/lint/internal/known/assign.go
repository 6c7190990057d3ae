package known

import (
	"go/ast"
	"go/token"
	"go/types"
)

// An Assignment is a place where a variable gets a value.
type Assignment struct {
	Node  ast.Node // the AssignStmt, ValueSpec or RangeStmt
	Value ast.Expr // the value, or the call that returns it among other results; nil where no expression has it
	Index int      // the result's index in the call, -1 where Value is the value itself
}

// Assignments holds all assignments of each variable in a package, in source order.
type Assignments map[*types.Var][]Assignment

// Assigned finds the assignments in a package's files.
func Assigned(info *types.Info, files []*ast.File) Assignments {
	all := Assignments{}
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				all.add(info, n, n.Lhs, n.Rhs, n.Tok == token.ASSIGN || n.Tok == token.DEFINE)
			case *ast.ValueSpec:
				names := make([]ast.Expr, len(n.Names))
				for i, name := range n.Names {
					names[i] = name
				}
				all.add(info, n, names, n.Values, true)
			case *ast.RangeStmt:
				all.add(info, n, []ast.Expr{n.Key, n.Value}, nil, false)
			case *ast.UnaryExpr:
				if n.Op == token.AND { // code that has the address may assign
					all.add(info, n, []ast.Expr{n.X}, nil, false)
				}
			}
			return true
		})
	}
	return all
}

func (all Assignments) add(info *types.Info, n ast.Node, lhs, rhs []ast.Expr, plain bool) {
	for i, e := range lhs {
		v := Var(info, e)
		if v == nil {
			continue
		}
		a := Assignment{Node: n, Index: -1}
		switch {
		case !plain:
		case len(rhs) == len(lhs):
			a.Value = rhs[i]
		case len(rhs) == 1:
			a.Value, a.Index = rhs[0], i
		default: // a declaration without values, or broken code
			if _, ok := n.(*ast.ValueSpec); ok {
				continue
			}
		}
		all[v] = append(all[v], a)
	}
}

// Only returns the value of a variable that is assigned once, nil for other variables.
func (all Assignments) Only(v *types.Var) ast.Expr {
	if as := all[v]; len(as) == 1 && as[0].Index < 0 {
		return as[0].Value
	}
	return nil
}

// Resolve removes parentheses, and replaces a variable that is assigned once by its value. A use
// before the assignment, or in it, stands: in f = gls.Bind(f) the second f has another value. So
// each step of a caller that resolves the operands of what Resolve returns leads backwards, and
// ends.
func (all Assignments) Resolve(info *types.Info, e ast.Expr) ast.Expr {
	for range 8 { // broken code may have a cycle
		e = ast.Unparen(e)
		v := Var(info, e)
		if v == nil || v.IsField() {
			return e
		}
		value := all.Only(v)
		if value == nil || !all.holds(v, value, e) {
			return e
		}
		e = value
	}
	return e
}

// holds reports whether a variable has its only value where it is used: after the assignment, or
// anywhere if the variable's declaration at the package level gives the value, or if the value is a
// function literal, which ends the search.
func (all Assignments) holds(v *types.Var, value, use ast.Expr) bool {
	if _, ok := ast.Unparen(value).(*ast.FuncLit); ok {
		return true
	}
	if _, ok := all[v][0].Node.(*ast.ValueSpec); ok && Global(v) {
		return true
	}
	return value.End() <= use.Pos()
}

// Var returns the variable that an expression names: a local variable, a parameter, or a
// package-level variable of this package or another.
func Var(info *types.Info, e ast.Expr) *types.Var {
	switch e := e.(type) {
	case *ast.Ident:
		v, _ := info.ObjectOf(e).(*types.Var)
		return v
	case *ast.ParenExpr:
		return Var(info, e.X)
	case *ast.SelectorExpr:
		if _, field := info.Selections[e]; field {
			return nil
		}
		v, _ := info.Uses[e.Sel].(*types.Var)
		return v
	}
	return nil
}

// Global reports whether a variable is a package-level one.
func Global(v *types.Var) bool {
	return v != nil && !v.IsField() && v.Pkg() != nil && v.Parent() == v.Pkg().Scope()
}
