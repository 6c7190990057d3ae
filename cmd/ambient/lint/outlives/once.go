package outlives

import (
	"go/ast"
	"go/types"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

const first = "%s keeps what the first request gave for all that follow; read it where it is needed"

// once checks the functions that sync calls a single time.
func (c *checker) once(cur inspector.Cursor) {
	call := cur.Node().(*ast.CallExpr)
	f := known.Callee(c.info, call)
	if f == nil || known.Path(f.Pkg()) != "sync" || len(call.Args) != 1 {
		return
	}
	code := c.code(call.Args[0])
	if code == nil {
		c.onceOf(cur, call, known.Name(f))
		return
	}
	switch known.Name(f) {
	case "Once.Do":
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok {
			return
		}
		// A local Once belongs to one call of its function. How long a Once in a struct lives is
		// unknown.
		switch p := c.place(sel.X); {
		case p.global:
			c.assigns("sync.Once", code, c.copied)
		case p.root == nil || p.root.Kind() == types.RecvVar || p.root.Kind() == types.ParamVar:
			c.assigns("sync.Once", code, c.request)
		}
	case "OnceFunc":
		if c.onceStays(cur) {
			c.assigns("sync.OnceFunc", code, c.copied)
		}
	case "OnceValue", "OnceValues":
		if c.onceStays(cur) {
			c.returns("sync."+f.Name(), code)
			c.assigns("sync."+f.Name(), code, c.copied)
		}
	}
}

// onceOf is once for a function of another package. The report stands at the call of sync.
func (c *checker) onceOf(cur inspector.Cursor, call *ast.CallExpr, once string) {
	fn := known.Func(c.info, c.assigned.Resolve(c.info, call.Args[0]))
	switch once {
	case "Once.Do":
		if c.gives(fn).Sets {
			c.report(call.Args[0], first, "sync.Once")
		}
	case "OnceFunc":
		if c.gives(fn).Sets && c.onceStays(cur) {
			c.report(call.Args[0], first, "sync.OnceFunc")
		}
	case "OnceValue", "OnceValues":
		if c.reads(call.Args[0]) && c.onceStays(cur) {
			c.report(call.Args[0], first, "sync."+once)
		}
	}
}

// code returns the function literal or the declaration of a function in this package.
func (c *checker) code(e ast.Expr) ast.Node {
	e = c.assigned.Resolve(c.info, e)
	if lit, ok := e.(*ast.FuncLit); ok {
		return lit
	}
	f := known.Func(c.info, e)
	if f == nil || f.Pkg() != c.pass.Pkg {
		return nil
	}
	for g, decl := range known.Decls(c.info, c.pass.Files) {
		if g == f {
			return decl
		}
	}
	return nil
}

// reads reports whether an expression is a function of another package that returns a request's
// value, as in sync.OnceValue(httpctx.GetOrFail).
func (c *checker) reads(e ast.Expr) bool {
	f := known.Func(c.info, c.assigned.Resolve(c.info, e))
	return f != nil && (readsAnything(f) || f.Signature().Results().Len() > 0 &&
		(isOurs(f.Signature().Results().At(0).Type()) || len(c.gives(f).Results)+len(c.gives(f).Copies) > 0))
}

// readsAnything reports whether a function returns ambient state of any type.
func readsAnything(f *types.Func) bool {
	_, does := known.Function(f)
	return does.Gives != api.Lasting
}

// onceStays reports whether the function that OnceValue returns outlives its caller: the caller
// returns it or assigns it to more than a local variable.
func (c *checker) onceStays(cur inspector.Cursor) bool {
	if !inFunction(cur) {
		return true
	}
	for outer := cur.Parent(); ; outer = outer.Parent() {
		switch n := outer.Node().(type) {
		case *ast.ParenExpr, *ast.UnaryExpr, *ast.KeyValueExpr, *ast.CompositeLit:
			continue
		case *ast.ReturnStmt:
			return true
		case *ast.AssignStmt:
			for _, lhs := range n.Lhs {
				if p := c.place(lhs); p.global || p.field || p.root != nil && c.returned(p.root, body(cur)) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
}

// assigns reports the values that a function assigns to variables outside of it.
func (c *checker) assigns(by string, code ast.Node, kept func(ast.Expr) bool) {
	ast.Inspect(code, func(n ast.Node) bool {
		if call, ok := n.(*ast.CallExpr); ok && c.gives(known.Callee(c.info, call)).Sets {
			c.report(call, first, by)
		}
		assign, ok := n.(*ast.AssignStmt)
		if !ok {
			return true
		}
		for i, lhs := range assign.Lhs {
			p := c.place(lhs)
			if p.root != nil && !p.global && code.Pos() <= p.root.Pos() && p.root.Pos() < code.End() &&
				p.root.Kind() != types.RecvVar {
				continue // a variable of the function itself
			}
			if id, ok := lhs.(*ast.Ident); ok && id.Name == "_" {
				continue
			}
			switch {
			case len(assign.Rhs) == len(assign.Lhs):
				if kept(assign.Rhs[i]) {
					c.report(assign.Rhs[i], first, by)
				}
			case i == 0 && len(assign.Rhs) == 1 && kept(assign.Rhs[0]):
				c.report(assign.Rhs[0], first, by)
			}
		}
		return true
	})
}

// returns reports the values that a function returns.
func (c *checker) returns(by string, code ast.Node) {
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return n == code
		case *ast.ReturnStmt:
			for _, result := range n.Results {
				if c.copied(result) {
					c.report(result, first, by)
				}
			}
		}
		return true
	})
}
