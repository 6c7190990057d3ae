package timeout

import (
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// parts says what a handler consists of.
type parts struct {
	timeout    ast.Node // a TimeoutHandler without a Middleware inside or around it
	paired     ast.Node // a TimeoutHandler with a Middleware inside
	middleware bool     // the handler has a Middleware
	shares     bool     // each Middleware shares its request with an inner one: httpctx.WithRequestContext
	params     []int    // parameters of the function around, without a Middleware around them
	within     []int    // parameters with a Middleware around them
}

func (p *parts) add(q parts) {
	if p.timeout == nil {
		p.timeout = q.timeout
	}
	if p.paired == nil {
		p.paired = q.paired
	}
	if q.middleware {
		p.shares = q.shares && (p.shares || !p.middleware)
		p.middleware = true
	}
	p.params = append(p.params, q.params...)
	p.within = append(p.within, q.within...)
}

// parts returns the parts of a handler expression, as its variables are at a position.
func (c *checker) parts(e ast.Expr, at token.Pos) parts {
	switch e := ast.Unparen(e).(type) {
	case *ast.CallExpr:
		return c.call(e)
	case *ast.Ident, *ast.SelectorExpr:
		if v := c.router(e); v != nil {
			return c.variable(v, at)
		}
	case *ast.UnaryExpr:
		if e.Op == token.AND {
			return c.parts(e.X, at)
		}
	case *ast.CompositeLit:
		var p parts
		if known.ServesHTTP(c.info.TypeOf(e)) {
			for _, elt := range e.Elts {
				if kv, ok := elt.(*ast.KeyValueExpr); ok {
					elt = kv.Value
				}
				p.add(c.handler(elt, at))
			}
		}
		return p
	case *ast.FuncLit:
		return c.literal(e)
	}
	return parts{}
}

// handler is parts for an expression that need not be a handler.
func (c *checker) handler(e ast.Expr, at token.Pos) parts {
	t := c.info.TypeOf(e)
	if sig, ok := t.(*types.Signature); ok && known.IsHandler(sig) || known.ServesHTTP(t) {
		return c.parts(e, at)
	}
	return parts{}
}

func (c *checker) call(call *ast.CallExpr) parts {
	var p parts
	for _, arg := range call.Args {
		p.add(c.handler(arg, call.Pos()))
	}
	var fact made
	f := known.Callee(c.info, call)
	switch {
	case len(c.around(call)) > 0:
		p.within, p.params = append(p.within, p.params...), nil
		q := parts{middleware: true, within: p.within, shares: c.shares(call.Fun)}
		if f != nil && c.pass.ImportObjectFact(f, &fact) && fact.Pair {
			q.paired = call
		}
		return q
	case c.isTimeoutHandler(call) && p.middleware:
		p.paired = call
	case c.isTimeoutHandler(call):
		p.timeout = call
	case f != nil && c.pass.ImportObjectFact(f, &fact):
		q := parts{middleware: fact.Middleware, shares: fact.Shares}
		switch {
		case fact.Pair, fact.Timeout && p.middleware:
			q.paired = call
		case fact.Timeout:
			q.timeout = call
		}
		p.add(q)
	}
	if p.middleware {
		p.timeout = nil
	}
	return p
}

// variable returns the parts of the values that a variable may have at a position and, for a
// router, of its routes.
func (c *checker) variable(v *types.Var, at token.Pos) parts {
	if !v.IsField() && !known.Global(v) {
		if i, ok := c.params[v]; ok && len(c.assigned[v]) == 0 {
			return parts{params: []int{i}}
		}
	} else {
		at = token.NoPos // the order of the assignments is unknown
	}
	here := place{v, at}
	if slices.Contains(c.visiting, here) || len(c.visiting) > 20 {
		return parts{}
	}
	c.visiting = append(c.visiting, here)
	defer func() { c.visiting = c.visiting[:len(c.visiting)-1] }()
	var p parts
	for _, route := range c.registered[v] {
		for _, arg := range route.Args {
			p.add(c.handler(arg, route.Pos()))
		}
	}
	reached := false
	for _, a := range slices.Backward(c.assigned[v]) {
		if at.IsValid() && a.Node.End() > at {
			continue
		}
		if a.Value != nil && a.Index < 0 {
			p.add(c.parts(a.Value, a.Node.Pos()))
		}
		// This assignment replaces the earlier ones, unless it is in a branch or another function.
		scope := c.pass.Pkg.Scope().Innermost(a.Node.Pos())
		if at.IsValid() && scope != nil && scope.Contains(at) {
			reached = true
			break
		}
	}
	if i, ok := c.params[v]; ok && !reached {
		p.params = append(p.params, i)
	}
	return p
}

// literal returns the parts of the handlers that a function literal calls.
func (c *checker) literal(lit *ast.FuncLit) parts {
	var p parts
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok {
			if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && sel.Sel.Name == "ServeHTTP" {
				p.add(c.handler(sel.X, call.Pos()))
			}
		}
		return true
	})
	if p.middleware {
		p.timeout = nil
	}
	return p
}

// made is the fact of a function that returns a handler.
type made struct {
	Timeout    bool  // the handler has a TimeoutHandler
	Middleware bool  // the handler has a Middleware
	Within     []int // parameters with a Middleware around them
	Pair       bool  // the handler has a TimeoutHandler with a Middleware inside
	Shares     bool  // its Middleware shares its request with an inner one
}

// AFact makes made a fact of go/analysis.
func (*made) AFact() {}

func (m *made) String() string {
	text := fmt.Sprintf("made{Timeout:%v Middleware:%v Within:%v", m.Timeout, m.Middleware, m.Within)
	if m.Pair {
		text += " Pair"
	}
	if m.Shares {
		text += " Shares"
	}
	return text + "}"
}

// exportMade exports the facts. It repeats the search while something changes, for a function may
// call another one.
func (c *checker) exportMade() {
	for range 5 {
		changed := false
		for f, decl := range known.Decls(c.info, c.pass.Files) {
			changed = c.export(f, decl) || changed
		}
		if !changed {
			return
		}
	}
}

func (c *checker) export(f *types.Func, decl *ast.FuncDecl) bool {
	handlers := slices.Collect(f.Signature().Results().Variables())
	if !slices.ContainsFunc(handlers, func(v *types.Var) bool { return known.ServesHTTP(v.Type()) }) {
		return false
	}
	clear(c.params)
	for i := range f.Signature().Params().Len() {
		c.params[f.Signature().Params().At(i)] = i
	}
	defer clear(c.params)
	var p parts
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for _, result := range n.Results {
				p.add(c.handler(result, n.Pos()))
			}
			for i := 0; len(n.Results) == 0 && i < len(handlers); i++ {
				p.add(c.variable(handlers[i], n.Pos()))
			}
		}
		return true
	})
	slices.Sort(p.within)
	fact := made{p.timeout != nil, p.middleware, slices.Compact(p.within), p.paired != nil, p.shares}
	var before made
	if !fact.Timeout && !fact.Middleware && fact.Within == nil ||
		c.pass.ImportObjectFact(f, &before) && before.String() == fact.String() {
		return false
	}
	c.pass.ExportObjectFact(f, &fact)
	return true
}
