package waits

import (
	"go/ast"
	"go/token"

	"golang.org/x/tools/go/cfg"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A way searches a function for a path to its end on which nothing waits for the handle.
type way struct {
	*Result
	h     handle
	comms map[ast.Node]bool // cases of a select with several of them; the block of a case's body tells whether it was chosen
	only  ast.Node          // if not nil, no other node counts
	loops bool              // only loops count
	seen  map[*cfg.Block]bool
}

// always reports whether a function waits for h on each path from its start to its end.
func (r *Result) always(fn ast.Node, h handle) bool {
	g, body := r.graph(fn)
	if g == nil || len(g.Blocks) == 0 {
		return false
	}
	// Functions that call one another are looked into by as many ways as there are calls: the answers are kept.
	k := question{fn, h, r.depth}
	if answer, ok := r.asked[k]; ok {
		return answer
	}
	w := r.way(body, h)
	answer := !w.escapes(g.Blocks[0], g.Blocks[0].Nodes)
	r.asked[k] = answer
	return answer
}

// A question is whether a function waits for a handle, asked at a depth.
type question struct {
	fn    ast.Node
	h     handle
	depth int
}

// after reports whether a function waits for h on each path from a node to the function's end. If
// several goroutines send on one channel, there must be as many receives, or a loop.
func (r *Result) after(fn, start ast.Node, h handle, senders int, repeated bool) bool {
	g, body := r.graph(fn)
	if g == nil {
		return false
	}
	for _, s := range body.List { // deferred before the start
		if d, ok := s.(*ast.DeferStmt); ok && d.End() <= start.Pos() && senders <= 1 && !repeated && r.way(body, h).waits(d) {
			return true
		}
	}
	block, i := find(g, start)
	if block == nil {
		return true // unreachable
	}
	if h.how != sends || senders <= 1 && !repeated {
		return !r.way(body, h).escapes(block, block.Nodes[i+1:])
	}
	w := r.way(body, h)
	w.loops = true
	if !w.escapes(block, block.Nodes[i+1:]) {
		return true
	}
	received := 0
	for _, b := range g.Blocks {
		for _, n := range b.Nodes {
			w := r.way(body, h)
			w.only = n
			if b.Live && w.node(n) && !w.escapes(block, block.Nodes[i+1:]) {
				received++
			}
		}
	}
	return !repeated && received >= senders
}

func (r *Result) way(body *ast.BlockStmt, h handle) *way {
	w := &way{Result: r, h: h, comms: map[ast.Node]bool{}, seen: map[*cfg.Block]bool{}}
	ast.Inspect(body, func(n ast.Node) bool {
		if s, ok := n.(*ast.SelectStmt); ok && len(s.Body.List) > 1 {
			for _, c := range s.Body.List {
				if comm := c.(*ast.CommClause).Comm; comm != nil {
					w.comms[comm] = true
				}
			}
		}
		return true
	})
	return w
}

// escapes reports whether a path leads from the nodes of a block to the function's end without a
// wait.
func (w *way) escapes(b *cfg.Block, nodes []ast.Node) bool {
	for _, n := range nodes {
		if w.node(n) {
			return false
		}
	}
	if b.Return() != nil {
		return true
	}
	for _, next := range b.Succs {
		if w.seen[next] {
			continue
		}
		w.seen[next] = true
		if w.only == nil && w.block(next) {
			continue
		}
		if w.escapes(next, next.Nodes) {
			return true
		}
	}
	return false
}

func (w *way) node(n ast.Node) bool {
	return (w.only == nil || w.only == n) && !w.loops && !w.comms[n] && w.waits(n)
}

// block reports whether entering a block means to have waited: at the head of a loop that receives
// until the channel is closed, and in the body of the case that received.
func (w *way) block(b *cfg.Block) bool {
	switch s := b.Stmt.(type) {
	case *ast.RangeStmt:
		if b.Kind != cfg.KindRangeLoop || leaves(s.Body) {
			return false
		}
		h, ok := w.path(s.X)
		return ok && h.same(w.h) && w.h.how != group || w.receives(s.Body)
	case *ast.ForStmt:
		return b.Kind == cfg.KindForLoop && !leaves(s.Body) && w.receives(s.Body)
	case *ast.CommClause:
		return b.Kind == cfg.KindSelectCaseBody && s.Comm != nil && !w.loops && w.waits(s.Comm)
	}
	return false
}

// receives reports whether each iteration of a loop waits.
func (w *way) receives(body *ast.BlockStmt) bool {
	for _, s := range body.List {
		switch s.(type) {
		case *ast.ExprStmt, *ast.AssignStmt, *ast.DeclStmt:
			if w.waits(s) {
				return true
			}
		case *ast.IfStmt: // if err := <-errs; err != nil { ... }
			if init := s.(*ast.IfStmt).Init; init != nil && w.waits(init) {
				return true
			}
		}
	}
	return false
}

// leaves reports whether a loop may end early, by a return, a break or a goto.
func leaves(body *ast.BlockStmt) bool {
	found := false
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			found = true
		case *ast.BranchStmt:
			found = found || n.Tok == token.BREAK || n.Tok == token.GOTO || n.Label != nil
		}
		return !found
	})
	return found
}

// waits reports whether a node waits for the handle.
func (w *way) waits(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit, *ast.GoStmt, *ast.SelectStmt:
			return false
		case *ast.UnaryExpr:
			if n.Op == token.ARROW && (w.h.how == sends || w.h.how == closes) {
				h, ok := w.path(n.X)
				found = found || ok && h.same(w.h)
			}
		case *ast.CallExpr:
			found = found || w.call(n)
		}
		return !found
	})
	return found
}

func (w *way) call(call *ast.CallExpr) bool {
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && waiter(sel.Sel.Name) && w.h.how == group {
		if h, ok := w.path(sel.X); ok && h.same(w.h) {
			return true
		}
	}
	if lit, ok := w.assigned.Resolve(w.info, call.Fun).(*ast.FuncLit); ok {
		return w.inside(lit)
	}
	fn := known.Callee(w.info, call)
	if fn == nil {
		return false
	}
	if i := runsHere(fn); i >= 0 && i < len(call.Args) {
		lit, ok := w.assigned.Resolve(w.info, call.Args[i]).(*ast.FuncLit)
		return ok && w.inside(lit)
	}
	if d := w.decls[fn]; d != nil {
		for i := receiver; i < fn.Signature().Params().Len(); i++ {
			if h, ok := w.path(operand(call, i)); ok && h.root == w.h.root && len(h.fields) <= len(w.h.fields) &&
				w.h.fields[:len(h.fields)] == h.fields {
				v := fn.Signature().Recv()
				if i != receiver {
					v = fn.Signature().Params().At(i)
				}
				if v != nil && w.deeper(d, handle{v, w.h.fields[len(h.fields):], w.h.how}) {
					return true
				}
			}
		}
		return false
	}
	if f := w.importFact(fn); f != nil {
		for _, p := range f.Waits {
			if h, ok := w.at(handle{fields: p.Fields, how: p.How}, operand(call, p.Index)); ok && h.same(w.h) && h.how == w.h.how {
				return true
			}
		}
	}
	return false
}

func (w *way) inside(lit *ast.FuncLit) bool { return w.deeper(lit, w.h) }

// deeper is always for a called function. Its depth is limited, for the function may call itself.
func (w *way) deeper(fn ast.Node, h handle) bool {
	if w.depth > maxDepth {
		return false
	}
	w.depth++
	defer func() { w.depth-- }()
	return w.always(fn, h)
}

// find returns the block and the index of the node of a graph that contains start.
func find(g *cfg.CFG, start ast.Node) (*cfg.Block, int) {
	for _, b := range g.Blocks {
		if !b.Live {
			continue
		}
		for i, n := range b.Nodes {
			if n.Pos() <= start.Pos() && start.End() <= n.End() {
				return b, i
			}
		}
	}
	return nil, 0
}

func (r *Result) graph(fn ast.Node) (*cfg.CFG, *ast.BlockStmt) {
	switch fn := fn.(type) {
	case *ast.FuncDecl:
		return r.graphs.FuncDecl(fn), fn.Body
	case *ast.FuncLit:
		return r.graphs.FuncLit(fn), fn.Body
	}
	return nil, nil
}
