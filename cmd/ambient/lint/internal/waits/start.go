package waits

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// maxDepth limits the chains of calls that the search follows.
const maxDepth = 6

// Go reports whether the flow waits for the goroutine of a go statement, or has a request that does
// not end.
func (r *Result) Go(stmt *ast.GoStmt) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	cur, ok := r.in.Root().FindNode(stmt)
	return ok && (r.detached(cur, 0) || r.any(cur, r.ending(stmt.Call)))
}

// Call is Go for a call that runs the function arg on another goroutine.
func (r *Result) Call(call *ast.CallExpr, arg ast.Expr) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	cur, ok := r.in.Root().FindNode(call)
	if !ok {
		return false
	}
	fn := r.reads.Target(call)
	return fn != nil && joined(fn) || r.pulled(cur, fn) || r.detached(cur, 0) || r.result(cur, sends) || r.any(cur, r.running(call, arg))
}

// pulled reports whether a sequence of iter.Pull runs only while the flow does: the function that
// got next and stop calls them and does nothing else with them.
func (r *Result) pulled(call inspector.Cursor, fn *types.Func) bool {
	assign, ok := call.Parent().Node().(*ast.AssignStmt)
	if !known.Is(fn, "iter", "Pull", "Pull2") || !ok {
		return false
	}
	outer := function(call)
	for _, lhs := range assign.Lhs {
		v := known.Var(r.info, lhs)
		if v == nil {
			continue // the blank identifier
		}
		if known.Global(v) || v.Pos() < outer.Node().Pos() || len(r.assigned[v]) != 1 {
			return false
		}
		for id := range outer.Preorder((*ast.Ident)(nil)) {
			if r.info.Uses[id.Node().(*ast.Ident)] != v {
				continue
			}
			use, ok := id.Parent().Node().(*ast.CallExpr)
			if !ok || use.Fun != id.Node() || is[*ast.GoStmt](id.Parent().Parent()) || function(id).Node() != outer.Node() {
				return false
			}
		}
	}
	return true
}

// running returns the handles by which a function signals its end that a call runs on another
// goroutine.
func (r *Result) running(call *ast.CallExpr, arg ast.Expr) []handle {
	all := r.function(arg)
	fn := known.Callee(r.info, call)
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && fn != nil && fn.Signature().Recv() != nil {
		if h, ok := r.path(sel.X); ok {
			h.how = group
			all = append(all, h)
		}
	}
	return all
}

// result reports whether the flow waits for the channel that a call returns: <-lo.Async(f).
func (r *Result) result(call inspector.Cursor, how How) bool {
	if _, ok := r.info.TypeOf(call.Node().(ast.Expr)).(*types.Chan); !ok {
		return false
	}
	switch n := call.Parent().Node().(type) {
	case *ast.UnaryExpr:
		_, clause := call.Parent().Parent().Parent().Node().(*ast.CommClause)
		return n.Op == token.ARROW && how != streamed && !clause
	case *ast.AssignStmt:
		if i := slices.Index(n.Rhs, call.Node().(ast.Expr)); i >= 0 && len(n.Lhs) == len(n.Rhs) {
			h, ok := r.path(n.Lhs[i])
			h.how = how
			return ok && r.flow(call, h, 0)
		}
	case *ast.RangeStmt:
		return how == streamed && !leaves(n.Body)
	}
	return false
}

func (r *Result) any(start inspector.Cursor, handles []handle) bool {
	return slices.ContainsFunc(handles, func(h handle) bool { return r.flow(start, h, 0) })
}

// flow reports whether the code that runs a node waits for the handle afterwards: the function
// around the node, one around that function, or all callers.
func (r *Result) flow(start inspector.Cursor, h handle, depth int) bool {
	if depth > maxDepth {
		return false
	}
	fn := function(start)
	if fn.Node() == nil {
		return false
	}
	if r.here(fn.Node(), start.Node(), h) {
		return true
	}
	switch n := fn.Node().(type) {
	case *ast.FuncLit:
		if n.Pos() <= h.root.Pos() && h.root.Pos() < n.End() {
			return false
		}
		at := r.run(fn)
		return len(at) > 0 && !slices.ContainsFunc(at, func(c inspector.Cursor) bool { return !r.flow(c, h, depth+1) })
	case *ast.FuncDecl:
		return r.callers(n, h, depth)
	}
	return false
}

// here reports whether a function waits after a node for the handle, or for another handle that a
// goroutine signals once it has waited for this one: go func() { group.Wait(); close(results) }().
func (r *Result) here(fn, start ast.Node, h handle) bool {
	senders, repeated := r.senders(fn, h)
	if r.after(fn, start, h, senders, repeated) {
		return true
	}
	_, body := r.graph(fn)
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		var lit *ast.FuncLit
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.GoStmt:
			lit, _ = n.Call.Fun.(*ast.FuncLit)
		case *ast.CallExpr:
			if known.Is(known.Callee(r.info, n), known.GLS, "Go") && len(n.Args) == 1 {
				lit, _ = n.Args[0].(*ast.FuncLit)
			}
		}
		if lit == nil || lit.Pos() <= start.Pos() && start.Pos() < lit.End() || !r.always(lit, h) {
			return !found
		}
		for _, g := range r.ends(lit.Body) {
			if g.how == closes && r.streams(body, g) {
				g.how = streamed
			}
			found = found || r.after(fn, start, g, 1, false)
		}
		return !found
	})
	return found
}

// streams reports whether a function sends on the channel.
func (r *Result) streams(body *ast.BlockStmt, h handle) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		if send, ok := n.(*ast.SendStmt); ok {
			g, ok := r.path(send.Chan)
			found = found || ok && g.same(h)
		}
		return !found
	})
	return found
}

// senders counts the goroutines that a function starts and that signal their end by a send on the
// handle. repeated says that a loop starts one of them.
func (r *Result) senders(fn ast.Node, h handle) (n int, repeated bool) {
	cur, ok := r.in.Root().FindNode(fn)
	if h.how != sends || !ok {
		return 1, false
	}
	count := func(c inspector.Cursor, ends []handle) {
		for _, e := range ends {
			if e.same(h) {
				n++
				for outer := range c.Enclosing((*ast.ForStmt)(nil), (*ast.RangeStmt)(nil)) {
					repeated = repeated || outer.Node().Pos() > fn.Pos()
				}
			}
		}
	}
	for c := range cur.Preorder((*ast.GoStmt)(nil), (*ast.CallExpr)(nil)) {
		switch x := c.Node().(type) {
		case *ast.GoStmt:
			count(c, r.ending(x.Call))
		case *ast.CallExpr:
			target := r.reads.Target(x)
			for _, i := range runners.Args(target) {
				if i < len(x.Args) {
					count(c, r.function(x.Args[i]))
				}
			}
			if i := starts(target); i >= 0 && i < len(x.Args) {
				count(c, r.function(x.Args[i]))
			}
		}
	}
	return n, repeated
}

// starts returns the index of the argument that a function of the library runs on another
// goroutine, -1 if there is none.
func starts(fn *types.Func) int {
	if _, does := known.Function(fn); does.Way == api.Started || does.Way == api.Timed {
		return does.Arg
	}
	return -1
}

// isTimed reports whether a function of the library calls its argument when a timer fires or a
// context ends.
func isTimed(fn *types.Func) bool {
	_, does := known.Function(fn)
	return does.Way == api.Timed
}

// function returns the function around a node, the root outside of functions.
func function(cur inspector.Cursor) inspector.Cursor {
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		if outer.Node() != cur.Node() {
			return outer
		}
	}
	return cur.Inspector().Root()
}

// run returns the calls by which the enclosing function runs or starts a function literal. It
// returns nil if they are unknown, and for a handler of requests, which is a flow of its own.
func (r *Result) run(lit inspector.Cursor) []inspector.Cursor {
	outer := lit.Parent()
	for is[*ast.ParenExpr](outer) {
		outer = outer.Parent()
	}
	switch n := outer.Node().(type) {
	case *ast.CallExpr:
		if is[*ast.DeferStmt](outer.Parent()) {
			return nil // the code after it runs before it
		}
		fn := r.reads.Target(n)
		switch i := slices.Index(n.Args, lit.Node().(ast.Expr)); {
		case ast.Unparen(n.Fun) == lit.Node():
			return []inspector.Cursor{outer}
		case fn == nil || reads.IsHandler(r.info.TypeOf(lit.Node().(ast.Expr))):
			return nil
		case runsHere(fn) == i, starts(fn) == i && !isTimed(fn), known.Is(fn, "testing", "T.Run", "B.Run"),
			slices.Contains(runners.Args(fn), i) && !isLater(fn):
			return []inspector.Cursor{outer}
		}
	case *ast.AssignStmt, *ast.ValueSpec: // visit := func() { ... }; visit()
		return r.calledAs(lit)
	}
	return nil
}

// isLater reports whether a runner calls its argument on an event, which may come after the caller
// has ended.
func isLater(fn *types.Func) bool {
	return known.Is(fn, "time", "AfterFunc") || known.Is(fn, "context", "AfterFunc") ||
		known.Is(fn, "net/http", "Server.RegisterOnShutdown") || known.Is(fn, "runtime", "SetFinalizer", "AddCleanup")
}

// calledAs returns the calls of the variable that holds a function literal, nil if the variable has
// other uses.
func (r *Result) calledAs(lit inspector.Cursor) []inspector.Cursor {
	var v *types.Var
	switch n := lit.Parent().Node().(type) {
	case *ast.AssignStmt:
		if i := slices.Index(n.Rhs, lit.Node().(ast.Expr)); i >= 0 && len(n.Lhs) == len(n.Rhs) {
			v = known.Var(r.info, n.Lhs[i])
		}
	case *ast.ValueSpec:
		if i := slices.Index(n.Values, lit.Node().(ast.Expr)); i >= 0 && i < len(n.Names) {
			v = known.Var(r.info, n.Names[i])
		}
	}
	if v == nil || known.Global(v) || r.assigned.Only(v) != lit.Node() {
		return nil
	}
	outer := function(lit)
	var all []inspector.Cursor
	for id := range outer.Preorder((*ast.Ident)(nil)) {
		if r.info.Uses[id.Node().(*ast.Ident)] != v || lit.Contains(id) {
			continue
		}
		call, ok := id.Parent().Node().(*ast.CallExpr)
		if !ok || call.Fun != id.Node() || is[*ast.DeferStmt](id.Parent().Parent()) {
			return nil
		}
		all = append(all, id.Parent())
	}
	return all
}

// callers reports whether each call of a function in this package is followed by a wait for the
// handle: for the operand in the place of the handle's parameter, or for the channel that the call
// returns.
func (r *Result) callers(d *ast.FuncDecl, h handle, depth int) bool {
	fn, ok := r.info.Defs[d.Name].(*types.Func)
	if !ok || len(r.calls[fn]) == 0 || r.passed[fn] {
		return false
	}
	i, isParam := index(fn, h.root)
	result := r.returned(d, h)
	if !isParam && result < 0 {
		return false
	}
	for _, call := range r.calls[fn] {
		cur, ok := r.in.Root().FindNode(call)
		if !ok {
			return false
		}
		if !isParam {
			if fn.Signature().Results().Len() != 1 || !r.result(cur, h.how) {
				return false
			}
			continue
		}
		to, ok := r.at(h, operand(call, i))
		if !ok || !r.flow(cur, to, depth+1) {
			return false
		}
	}
	return true
}

// returned returns the index of the result that is the handle, -1 if there is none.
func (r *Result) returned(d *ast.FuncDecl, h handle) int {
	found := -1
	ast.Inspect(d.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for i, e := range n.Results {
				if g, ok := r.path(e); ok && g.same(h) {
					found = i
				}
			}
		}
		return true
	})
	return found
}

// detached reports whether a node runs only below GoDetached, whose request does not end: in a
// function literal that is its argument, or in a function whose calls are all in such literals.
func (r *Result) detached(cur inspector.Cursor, depth int) bool {
	for lit := range cur.Enclosing((*ast.FuncLit)(nil)) {
		if call, ok := lit.Parent().Node().(*ast.CallExpr); ok {
			if _, does := known.Function(r.reads.Target(call)); does.Detaches {
				return true
			}
		}
	}
	for decl := range cur.Enclosing((*ast.FuncDecl)(nil)) {
		fn, ok := r.info.Defs[decl.Node().(*ast.FuncDecl).Name].(*types.Func)
		if !ok || depth > maxDepth || r.passed[fn] || len(r.calls[fn]) == 0 || fn.Exported() {
			return false
		}
		for _, call := range r.calls[fn] {
			c, ok := r.in.Root().FindNode(call)
			if !ok || !r.detached(c, depth+1) {
				return false
			}
		}
		return true
	}
	return false
}

func is[T ast.Node](cur inspector.Cursor) bool {
	_, ok := cur.Node().(T)
	return ok
}
