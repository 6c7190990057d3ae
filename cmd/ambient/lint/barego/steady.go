package barego

import (
	"go/ast"
	"go/token"
	"go/types"
	"go/version"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// steady reports whether an argument has the same value on the new goroutine as at the go
// statement, so that the function literal may use it without a copy: a variable that does not
// change after the statement, or the address of one.
func (s *statement) steady(e ast.Expr) bool {
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, ok := s.pass.TypesInfo.ObjectOf(e).(*types.Var)
		return ok && s.unchanged(v)
	case *ast.UnaryExpr:
		if e.Op != token.AND {
			return false
		}
		v := s.place(e.X)
		return v != nil && !known.Global(v) && s.own(v)
	}
	return false
}

// steadyFunc is steady for the called function: a variable, or a method of one.
func (s *statement) steadyFunc(e ast.Expr) bool {
	sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
	if !ok {
		return s.steady(e)
	}
	selection := s.pass.TypesInfo.Selections[sel]
	v := known.Var(s.pass.TypesInfo, sel.X)
	if selection == nil || selection.Kind() != types.MethodVal || len(selection.Index()) != 1 || v == nil {
		return false
	}
	fn, ok := selection.Obj().(*types.Func)
	if !ok {
		return false
	}
	_, byPointer := fn.Signature().Recv().Type().(*types.Pointer)
	_, isPointer := v.Type().Underlying().(*types.Pointer)
	switch {
	case byPointer && !isPointer: // the method value holds v's address
		return !known.Global(v) && s.own(v)
	case isPointer && !byPointer: // the method value holds a copy of what v points to
		return false
	}
	return s.unchanged(v)
}

// unchanged reports whether a local variable keeps its value from the statement on.
func (s *statement) unchanged(v *types.Var) bool {
	if known.Global(v) || v.IsField() || !s.own(v) {
		return false
	}
	for _, c := range s.changes()[v] {
		if !s.before(c, v) {
			return false
		}
	}
	return true
}

// own reports whether no later iteration of a loop sets the variable: since Go 1.22 each iteration
// has variables of its own.
func (s *statement) own(v *types.Var) bool {
	file := s.pass.TypesInfo.FileVersions[s.file.AST()]
	return file == "" || version.Compare(version.Lang(file), "go1.22") >= 0 || !s.loopVars()[v]
}

// A change is a place where a variable may get another value.
type change struct {
	at    ast.Node
	outer []ast.Node // function literals and loops around it
	late  bool       // may happen at any time: the variable's address is taken, or a return assigns it
}

// before reports whether a change cannot happen after the statement has run: it stands before the
// statement, in the same function, and no loop leads from the statement back to it.
func (s *statement) before(c change, v *types.Var) bool {
	if c.late || c.at.Pos() >= s.stmt.Pos() || s.jumps() {
		return false
	}
	for _, n := range c.outer {
		switch n.(type) {
		case *ast.FuncLit:
			if !within(s.stmt, n) {
				return false
			}
		case *ast.ForStmt, *ast.RangeStmt:
			if within(s.stmt, n) && !(n.Pos() <= v.Pos() && v.Pos() < n.End()) {
				return false
			}
		}
	}
	for _, n := range s.stack { // a function between the two may run again
		if lit, ok := n.(*ast.FuncLit); ok && !within(c.at, lit) {
			return false
		}
	}
	return true
}

func within(n, outer ast.Node) bool { return outer.Pos() <= n.Pos() && n.End() <= outer.End() }

// changes returns the changes of all variables in the declaration.
func (s *statement) changes() map[*types.Var][]change {
	if all, ok := s.changed[s.decl]; ok {
		return all
	}
	all := map[*types.Var][]change{}
	s.changed[s.decl] = all
	info := s.pass.TypesInfo
	ast.PreorderStack(s.decl, nil, func(n ast.Node, stack []ast.Node) bool {
		add := func(e ast.Expr, late bool) {
			if e == nil {
				return
			}
			if id, ok := ast.Unparen(e).(*ast.Ident); ok && info.Defs[id] != nil {
				return // the statement declares it
			}
			if v := s.place(e); v != nil {
				c := change{at: n, late: late}
				for _, outer := range stack {
					switch outer.(type) {
					case *ast.FuncLit, *ast.ForStmt, *ast.RangeStmt:
						c.outer = append(c.outer, outer)
					}
				}
				all[v] = append(all[v], c)
			}
		}
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				add(lhs, false)
			}
		case *ast.IncDecStmt:
			if loop, ok := stack[len(stack)-1].(*ast.ForStmt); !ok || loop.Post != ast.Stmt(n) || !s.declares(loop.Init, n.X) {
				add(n.X, false)
			}
		case *ast.RangeStmt:
			add(n.Key, false)
			add(n.Value, false)
		case *ast.UnaryExpr:
			if n.Op == token.AND {
				add(n.X, true)
			}
		case *ast.SliceExpr:
			if _, ok := info.TypeOf(n.X).Underlying().(*types.Array); ok {
				add(n.X, true)
			}
		case *ast.SelectorExpr: // x.M takes the address of x
			if sel := info.Selections[n]; sel != nil && sel.Kind() == types.MethodVal {
				_, byPointer := sel.Obj().(*types.Func).Signature().Recv().Type().(*types.Pointer)
				if byPointer && !isPointer(info.TypeOf(n.X)) {
					add(n.X, true)
				}
			}
		case *ast.FuncType:
			if n.Results != nil {
				for _, field := range n.Results.List {
					for _, name := range field.Names {
						if v, ok := info.Defs[name].(*types.Var); ok {
							all[v] = append(all[v], change{at: n, late: true})
						}
					}
				}
			}
		}
		return true
	})
	return all
}

// place returns the variable that an expression names, or of whose memory it names a field or an
// array element.
func (s *statement) place(e ast.Expr) *types.Var {
	info := s.pass.TypesInfo
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		v, _ := info.ObjectOf(e).(*types.Var)
		return v
	case *ast.SelectorExpr:
		if sel := info.Selections[e]; sel != nil && sel.Kind() == types.FieldVal && !sel.Indirect() {
			return s.place(e.X)
		}
	case *ast.IndexExpr:
		if _, ok := info.TypeOf(e.X).Underlying().(*types.Array); ok {
			return s.place(e.X)
		}
	}
	return nil
}

func isPointer(t types.Type) bool {
	_, ok := t.Underlying().(*types.Pointer)
	return ok
}

// declares reports whether the init statement of a loop declares the variable.
func (s *statement) declares(init ast.Stmt, e ast.Expr) bool {
	assign, ok := init.(*ast.AssignStmt)
	if !ok || assign.Tok != token.DEFINE {
		return false
	}
	v := known.Var(s.pass.TypesInfo, e)
	for _, lhs := range assign.Lhs {
		if id, ok := lhs.(*ast.Ident); ok && v != nil && s.pass.TypesInfo.Defs[id] == v {
			return true
		}
	}
	return false
}

// loopVars returns the variables that the loops of the declaration declare.
func (s *statement) loopVars() map[*types.Var]bool {
	vars := map[*types.Var]bool{}
	add := func(e ast.Expr) {
		if id, ok := e.(*ast.Ident); ok {
			if v, ok := s.pass.TypesInfo.Defs[id].(*types.Var); ok {
				vars[v] = true
			}
		}
	}
	ast.Inspect(s.decl, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.RangeStmt:
			add(n.Key)
			add(n.Value)
		case *ast.ForStmt:
			if assign, ok := n.Init.(*ast.AssignStmt); ok {
				for _, lhs := range assign.Lhs {
					add(lhs)
				}
			}
		}
		return true
	})
	return vars
}

// jumps reports whether the declaration has a goto.
func (s *statement) jumps() bool {
	jumps := false
	ast.Inspect(s.decl, func(n ast.Node) bool {
		b, ok := n.(*ast.BranchStmt)
		jumps = jumps || ok && b.Tok == token.GOTO
		return !jumps
	})
	return jumps
}
