package leave

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"golang.org/x/tools/go/cfg"
)

// A use says what an occurrence of a variable does with the scope in it.
type use int

const (
	none    use = iota // _ = v
	settles            // leaves the scope, or passes it where this function does not see it
	replace            // assigns v another value
)

// A search looks for a path from an Enter to the end of its function on which the scope stays open.
type search struct {
	info  *types.Info
	v     *types.Var
	named bool // v is a named result, so that a return without operands returns it
	uses  map[*ast.Ident]use
	seen  map[*cfg.Block]bool
}

func newSearch(info *types.Info, v *types.Var, body *ast.BlockStmt, sig *types.Signature) *search {
	s := &search{info: info, v: v, uses: map[*ast.Ident]use{}, seen: map[*cfg.Block]bool{}}
	if sig != nil {
		for result := range sig.Results().Variables() {
			s.named = s.named || result == v
		}
	}
	closures := 0
	var stack []ast.Node
	ast.Inspect(body, func(n ast.Node) bool {
		if n == nil {
			if _, ok := stack[len(stack)-1].(*ast.FuncLit); ok {
				closures--
			}
			stack = stack[:len(stack)-1]
			return true
		}
		switch n := n.(type) {
		case *ast.FuncLit:
			closures++
		case *ast.AssignStmt:
			if closures == 0 {
				s.assignment(n)
			}
		}
		stack = append(stack, n)
		return true
	})
	return s
}

// assignment records the occurrences of v in an assignment that neither leave the scope nor pass it
// on.
func (s *search) assignment(n *ast.AssignStmt) {
	for i, lhs := range n.Lhs {
		if id := s.ident(lhs); id != nil && n.Tok == token.ASSIGN {
			s.uses[id] = replace
		}
		if blank, ok := lhs.(*ast.Ident); ok && blank.Name == "_" && len(n.Rhs) == len(n.Lhs) {
			if id := s.ident(n.Rhs[i]); id != nil {
				s.uses[id] = none
			}
		}
	}
}

// ident returns e if it names v, nil otherwise.
func (s *search) ident(e ast.Expr) *ast.Ident {
	id, ok := ast.Unparen(e).(*ast.Ident)
	if !ok || s.info.Uses[id] != s.v {
		return nil
	}
	return id
}

// lost returns the node at which a path from stmt loses the open scope: a return, which may be the
// implicit one at the end of the function, or an assignment that replaces the scope. It returns nil
// if no path does.
func (s *search) lost(g *cfg.CFG, stmt ast.Node) ast.Node {
	for _, b := range g.Blocks {
		for i, n := range b.Nodes {
			if n == stmt {
				return s.block(b, b.Nodes[i+1:], stmt)
			}
		}
	}
	return nil // stmt is unreachable
}

// repeats reports whether a path leads from a statement back to it, without a node that ends it.
func repeats(g *cfg.CFG, stmt ast.Node, ends func(ast.Node) bool) bool {
	seen := map[*cfg.Block]bool{}
	var from func(b *cfg.Block, nodes []ast.Node) bool
	from = func(b *cfg.Block, nodes []ast.Node) bool {
		for _, n := range nodes {
			if n == stmt || ends(n) {
				return n == stmt
			}
		}
		for _, next := range b.Succs {
			if !seen[next] {
				seen[next] = true
				if from(next, next.Nodes) {
					return true
				}
			}
		}
		return false
	}
	for _, b := range g.Blocks {
		if i := slices.Index(b.Nodes, stmt); i >= 0 {
			return from(b, b.Nodes[i+1:])
		}
	}
	return false
}

// atOnce reports whether a node leaves the scope before the function ends, or gives it away.
func (s *search) atOnce(n ast.Node) bool {
	_, later := n.(*ast.DeferStmt)
	return !later && s.node(n) != none
}

func (s *search) block(b *cfg.Block, nodes []ast.Node, stmt ast.Node) ast.Node {
	for _, n := range nodes {
		does := s.node(n)
		switch {
		case n == stmt, does == replace:
			return n
		case does == settles:
			return nil
		}
	}
	if ret := b.Return(); ret != nil {
		return ret
	}
	for _, next := range b.Succs {
		if s.seen[next] {
			continue
		}
		s.seen[next] = true
		if n := s.block(next, next.Nodes, stmt); n != nil {
			return n
		}
	}
	return nil
}

// node returns what a statement or expression does with the scope. A statement evaluates its
// operands before it assigns.
func (s *search) node(n ast.Node) use {
	found := none
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			if s.info.Uses[n] != s.v {
				break
			}
			does, ok := s.uses[n]
			switch {
			case !ok:
				found = settles
			case does == replace && found == none:
				found = replace
			}
		case *ast.ReturnStmt:
			if n.Results == nil && s.named {
				found = settles
			}
		}
		return true
	})
	return found
}
