package reads

import (
	"go/ast"
	"go/token"
	"go/types"
)

// A stretch is the part of a function in which Enter has set values.
type stretch struct {
	from, to token.Pos
	sets     Sets
}

func at(stretches []stretch, pos token.Pos) Sets {
	var sets Sets
	for _, s := range stretches {
		if s.from <= pos && pos < s.to {
			sets = sets.with(s.sets...)
		}
	}
	return sets
}

// entered returns the stretches of a function's body. A stretch lasts from a statement that enters
// to the Leave of its scope, or to the end of the block: an Enter in a branch may not have run, so
// its stretch ends with the branch.
func (w *walker) entered(body ast.Node) []stretch {
	var all []stretch
	blocks(body, func(list []ast.Stmt, end token.Pos) {
		for _, s := range list {
			call, scope := entering(s)
			if call == nil {
				continue
			}
			sets := w.enters(call)
			if len(sets) == 0 {
				continue
			}
			to := end
			if v, ok := w.info.ObjectOf(scope).(*types.Var); scope != nil && ok {
				if leave := w.leave(body, v); leave.IsValid() {
					to = min(to, leave)
				}
			}
			all = append(all, stretch{s.End(), to, sets})
		}
	})
	return all
}

// blocks calls f with each list of statements in the function, those of function literals left out.
func blocks(body ast.Node, f func(list []ast.Stmt, end token.Pos)) {
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			return ast.Node(x) == body
		case *ast.BlockStmt:
			f(x.List, x.End())
		case *ast.CaseClause:
			f(x.Body, x.End())
		case *ast.CommClause:
			f(x.Body, x.End())
		}
		return true
	})
}

// entering returns the call in a statement that may open a scope, and the variable that gets the
// scope.
func entering(s ast.Stmt) (*ast.CallExpr, *ast.Ident) {
	switch s := s.(type) {
	case *ast.ExprStmt:
		call, _ := ast.Unparen(s.X).(*ast.CallExpr)
		return call, nil
	case *ast.AssignStmt:
		if len(s.Lhs) == 1 && len(s.Rhs) == 1 {
			call, _ := ast.Unparen(s.Rhs[0]).(*ast.CallExpr)
			id, _ := s.Lhs[0].(*ast.Ident)
			return call, id
		}
	case *ast.DeclStmt:
		if d, ok := s.Decl.(*ast.GenDecl); ok && len(d.Specs) == 1 {
			if v, ok := d.Specs[0].(*ast.ValueSpec); ok && len(v.Names) == 1 && len(v.Values) == 1 {
				call, _ := ast.Unparen(v.Values[0]).(*ast.CallExpr)
				return call, v.Names[0]
			}
		}
	case *ast.DeferStmt: // defer storage.Enter(v).Leave()
		if sel, ok := s.Call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == "Leave" {
			call, _ := ast.Unparen(sel.X).(*ast.CallExpr)
			return call, nil
		}
	}
	return nil, nil
}

// enters returns what a call leaves set after it.
func (w *walker) enters(call *ast.CallExpr) Sets {
	fn := w.callee(call)
	if fn == nil {
		return nil
	}
	if does, ok := libraryFunc(fn); ok {
		if does.Enters {
			return does.sets(w, call)
		}
		return nil
	}
	if n := w.decls[fn]; n != nil {
		return substitute(n.enters, w.names(call))
	}
	if f := w.fact(fn); f != nil {
		return substitute(f.Enters, w.names(call))
	}
	return nil
}

// leave returns the position of the first Leave of the scope in v that is not deferred.
func (w *walker) leave(body ast.Node, v *types.Var) token.Pos {
	first := token.NoPos
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.DeferStmt, *ast.FuncLit:
			return x == body
		case *ast.CallExpr:
			if w.isLeave(x, v) && !first.IsValid() {
				first = x.End()
			}
		}
		return true
	})
	return first
}

func (w *walker) isLeave(call *ast.CallExpr, v *types.Var) bool {
	sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	if !ok || sel.Sel.Name != "Leave" {
		return false
	}
	id, ok := ast.Unparen(sel.X).(*ast.Ident)
	return ok && w.info.ObjectOf(id) == v
}

// leaves returns what a function leaves set for its caller: the values of each Enter at the top
// level of its body whose scope the function does not leave, or returns.
func (w *walker) leaves(body *ast.BlockStmt) Sets {
	var sets Sets
	for _, s := range body.List {
		if _, ok := s.(*ast.DeferStmt); ok {
			continue
		}
		call, scope := entering(s)
		if r, ok := s.(*ast.ReturnStmt); ok && len(r.Results) == 1 {
			call, _ = ast.Unparen(r.Results[0]).(*ast.CallExpr)
		}
		if call == nil {
			continue
		}
		if scope != nil {
			if v, ok := w.info.ObjectOf(scope).(*types.Var); ok && w.anyLeave(body, v) {
				continue
			}
		}
		sets = sets.with(w.enters(call)...)
	}
	return sets
}

func (w *walker) anyLeave(body ast.Node, v *types.Var) bool {
	found := false
	ast.Inspect(body, func(x ast.Node) bool {
		if call, ok := x.(*ast.CallExpr); ok && w.isLeave(call, v) {
			found = true
		}
		return !found
	})
	return found
}
