package loops

import (
	"go/ast"
	"go/token"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// in returns the loops in a function, and in the functions it calls, that receive tasks.
func (r *Result) in(body *ast.BlockStmt) []Loop {
	if body == nil {
		return nil
	}
	if all, ok := r.found[body]; ok {
		return all
	}
	r.found[body] = nil // ends the recursion of functions that call each other
	s := &search{Result: r}
	s.walk(body)
	r.found[body] = s.all
	return s.all
}

// A search collects the loops of one function.
type search struct {
	*Result
	all   []Loop
	outer []ast.Node // enclosing loops, the outermost first
}

func (s *search) add(over ast.Expr, calls bool) {
	root, field := s.origin(over)
	if calls && s.bound(over) {
		calls = false
	}
	s.all = append(s.all, Loop{Over: known.Text(over), Calls: calls, root: root, field: field})
}

func (s *search) walk(n ast.Node) {
	ast.Inspect(n, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit, *ast.GoStmt:
			return false // its body runs later, or on another goroutine
		case *ast.RangeStmt:
			if ast.Node(x) == n {
				return true
			}
			if elem := element(s.info.TypeOf(x.X)); elem != nil && !isTime(elem) {
				s.add(x.X, s.calls(x.Body, known.Var(s.info, x.Key)) || isSignal(elem) && s.callsAny(x))
			}
			s.loop(x)
			return false
		case *ast.ForStmt:
			if ast.Node(x) == n {
				return true
			}
			s.receives(x)
			s.signals(x)
			s.loop(x)
			return false
		case *ast.CallExpr:
			s.call(x)
		}
		return true
	})
}

func (s *search) loop(n ast.Node) {
	s.outer = append(s.outer, n)
	s.walk(n)
	s.outer = s.outer[:len(s.outer)-1]
}

// call adds the loops of a called function, and a loop around sync.Cond.Wait.
func (s *search) call(call *ast.CallExpr) {
	fn := known.Callee(s.info, call)
	if known.Is(fn, "sync", "Cond.Wait") {
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if outer := s.endless(); ok && outer != nil {
			s.add(sel.X, s.callsAny(outer))
		}
		return
	}
	if name, _ := known.Function(fn); name != "" {
		if i := known.RunsHere(fn); i >= 0 && i < len(call.Args) { // Storage.Run(v, func() { for ... })
			if lit, ok := ast.Unparen(call.Args[i]).(*ast.FuncLit); ok {
				s.all = append(s.all, s.in(lit.Body)...)
			}
		}
		return
	}
	if _, returned := ast.Unparen(call.Fun).(*ast.CallExpr); returned {
		return // f()()
	}
	s.all = append(s.all, s.called(call.Fun, call.Args)...)
}

// endless returns the loop that goes on after a Wait has returned: the innermost one if it has no
// condition, otherwise the outermost one if there are several.
func (s *search) endless() ast.Node {
	if len(s.outer) == 0 {
		return nil
	}
	if loop, ok := s.outer[len(s.outer)-1].(*ast.ForStmt); ok && loop.Cond == nil {
		return loop
	}
	if len(s.outer) > 1 {
		return s.outer[0]
	}
	return nil
}

// receives adds the channels from which a loop receives tasks: for { task := <-tasks }, for {
// select { case task := <-tasks: } }. A loop that counts collects results, not tasks.
func (s *search) receives(loop *ast.ForStmt) {
	inspect := func(n ast.Node) {
		ast.Inspect(n, func(x ast.Node) bool {
			switch x := x.(type) {
			case *ast.FuncLit, *ast.GoStmt, *ast.ForStmt, *ast.RangeStmt:
				return false
			case *ast.CommClause:
				if len(x.Body) > 0 {
					if _, ends := x.Body[len(x.Body)-1].(*ast.ReturnStmt); ends {
						return false // the loop waits for a single value
					}
				}
			case *ast.AssignStmt:
				if over := received(x); over != nil && len(x.Lhs) > 0 {
					if elem := element(s.info.TypeOf(over)); elem != nil && isTask(elem) {
						s.add(over, s.calls(loop.Body, known.Var(s.info, x.Lhs[0])))
					}
					return false
				}
			case *ast.CallExpr: // (<-tasks)(), handle(<-tasks)
				for _, e := range append([]ast.Expr{x.Fun}, x.Args...) {
					if u, ok := ast.Unparen(e).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
						if elem := element(s.info.TypeOf(u.X)); elem != nil && isTask(elem) {
							s.add(u.X, known.IsFunc(elem))
						}
					}
				}
			}
			return true
		})
	}
	if loop.Init != nil && loop.Post != nil {
		if post, ok := loop.Post.(*ast.AssignStmt); ok && received(post) != nil {
			inspect(post)
		}
		return
	}
	inspect(loop.Body)
}

// signals adds the channels of signals for which an endless loop waits, if it calls functions: they
// lie in a list, and a signal says that there are some.
func (s *search) signals(loop *ast.ForStmt) {
	if loop.Cond != nil || !s.callsAny(loop) {
		return
	}
	ast.Inspect(loop.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.ForStmt, *ast.RangeStmt:
			return false
		case *ast.CommClause:
			if len(n.Body) > 0 {
				if _, ends := n.Body[len(n.Body)-1].(*ast.ReturnStmt); ends {
					return false
				}
			}
		case *ast.ExprStmt:
			if wait, ok := ast.Unparen(n.X).(*ast.UnaryExpr); ok && wait.Op == token.ARROW && isSignal(element(s.info.TypeOf(wait.X))) {
				s.add(wait.X, true)
			}
		}
		return true
	})
}

// received returns the channel in an assignment x := <-channel.
func received(n *ast.AssignStmt) ast.Expr {
	if len(n.Rhs) != 1 {
		return nil
	}
	if u, ok := ast.Unparen(n.Rhs[0]).(*ast.UnaryExpr); ok && u.Op == token.ARROW {
		return u.X
	}
	return nil
}

// verbs holds the names of methods that run a task whose type is an interface.
var verbs = map[string]bool{
	"Run": true, "Do": true, "Exec": true, "Execute": true, "Process": true, "Handle": true, "Perform": true, "Work": true,
	"Call": true, "Invoke": true,
}

// calls reports whether a loop calls the task that it received: the value itself, a function in a
// field of it, or a method that runs it.
func (s *search) calls(body ast.Node, task *types.Var) bool {
	if task == nil {
		return false
	}
	isTaskFunc := func(e ast.Expr) bool {
		e = ast.Unparen(e)
		if known.Var(s.info, e) == task {
			return known.IsFunc(task.Type())
		}
		sel, ok := e.(*ast.SelectorExpr)
		if !ok || s.info.Selections[sel] == nil {
			return false
		}
		if root, _ := s.root(sel.X); root != task {
			return false
		}
		if s.info.Selections[sel].Kind() == types.FieldVal {
			return known.IsFunc(s.info.TypeOf(sel))
		}
		return types.IsInterface(s.info.TypeOf(sel.X)) && verbs[sel.Sel.Name]
	}
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s.resumes(call) {
				return false
			}
			found = found || isTaskFunc(call.Fun)
			for _, arg := range call.Args {
				found = found || isTaskFunc(arg)
			}
		}
		return !found
	})
	return found
}

// resumes reports whether a call runs a function in a frame that a task brought.
func (s *search) resumes(call *ast.CallExpr) bool {
	_, does := known.Function(known.Callee(s.info, call))
	return does.Brings
}

// callsAny reports whether a loop calls a function that is a variable declared in the loop, and not
// one that the loop itself defines.
func (s *search) callsAny(loop ast.Node) bool {
	found := false
	ast.Inspect(loop, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if s.resumes(call) {
				return false
			}
			v := known.Var(s.info, call.Fun)
			_, here := s.assigned.Resolve(s.info, call.Fun).(*ast.FuncLit)
			found = found || v != nil && !here && loop.Pos() <= v.Pos() && v.Pos() < loop.End()
		}
		return !found
	})
	return found
}

// bound reports whether each value that this package sends to the channel carries a frame:
// gls.Bind(f), or task{gls.Bind(f)}.
func (s *search) bound(over ast.Expr) bool {
	v := s.channel(over)
	if v == nil || len(s.sent[v]) == 0 {
		return false
	}
	for _, e := range s.sent[v] {
		if !s.carries(e) {
			return false
		}
	}
	return true
}

func (r *Result) carries(e ast.Expr) bool {
	switch e := r.assigned.Resolve(r.info, e).(type) {
	case *ast.CallExpr:
		return known.Is(known.Callee(r.info, e), known.GLS, "Bind")
	case *ast.UnaryExpr:
		return e.Op == token.AND && r.carries(e.X)
	case *ast.CompositeLit:
		carries := false
		for _, elt := range e.Elts {
			if kv, ok := elt.(*ast.KeyValueExpr); ok {
				elt = kv.Value
			}
			if known.IsFunc(r.info.TypeOf(elt)) {
				if carries = r.carries(elt); !carries {
					return false
				}
			}
		}
		return carries
	}
	return false
}

// element returns the type of the values that a channel carries, nil if t is no channel to receive
// from.
func element(t types.Type) types.Type {
	if t == nil {
		return nil
	}
	if c, ok := t.Underlying().(*types.Chan); ok && c.Dir() != types.SendOnly {
		return c.Elem()
	}
	return nil
}

// isTask reports whether values of the type can be tasks. Signals that work is done or due, and
// errors, are no tasks.
func isTask(t types.Type) bool {
	if isTime(t) || known.IsType(t, "os", "Signal") || types.Identical(t, types.Universe.Lookup("error").Type()) {
		return false
	}
	switch u := t.Underlying().(type) {
	case *types.Struct:
		return u.NumFields() > 0
	case *types.Basic:
		return u.Info()&types.IsBoolean == 0
	}
	return true
}

// isSignal reports whether values of the type say nothing but that they are there.
func isSignal(t types.Type) bool {
	if t == nil {
		return false
	}
	u, ok := t.Underlying().(*types.Struct)
	return ok && u.NumFields() == 0
}

func isTime(t types.Type) bool { return known.IsType(t, "time", "Time") }
