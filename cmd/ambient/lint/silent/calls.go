package silent

import (
	"go/ast"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// levels has functions of slog and methods of its Logger. Their variants with a ctx may find the
// request in the ctx.
var levels = []string{"Debug", "Info", "Warn", "Error"}

var sends = []string{"Get", "Head", "Post", "PostForm"}

// loses returns the first call that loses the request when the function e, or the call e, runs on
// another goroutine. name is "" if there is none.
func (c *checker) loses(e ast.Expr, seen map[ast.Node]bool) (kind Kind, name string) {
	if call, ok := e.(*ast.CallExpr); ok {
		if kind, name = c.lossOf(call); name != "" {
			return kind, name
		}
		e = call.Fun
	}
	var body *ast.BlockStmt
	switch f := c.assigned.Resolve(c.info, e).(type) {
	case *ast.FuncLit:
		body = f.Body
	case *ast.CallExpr:
		return 0, "" // gls.Bind, or an unknown function
	default:
		if kind, name = c.lossOf(&ast.CallExpr{Fun: f}); name != "" {
			return kind, name
		}
		if d := c.decls[known.Func(c.info, f)]; d != nil {
			body = d.Body
		}
	}
	if body == nil || seen[body] {
		return 0, ""
	}
	seen[body] = true
	ast.Inspect(body, func(n ast.Node) bool {
		if name != "" {
			return false
		}
		switch n := n.(type) {
		case *ast.GoStmt:
			return false // losses checks it by itself
		case *ast.CallExpr:
			fn := known.Callee(c.info, n)
			if strings.HasPrefix(reads.LibraryName(fn), "httpctx.") {
				return false // Run, GoDetached: the code runs in a request
			}
			if kind, name = c.lossOf(n); name != "" {
				return false
			}
			if d := c.decls[fn]; d != nil {
				kind, name = c.loses(n.Fun, seen)
			}
		}
		return true
	})
	return kind, name
}

// lossOf returns the loss of the call itself, without those in the called function.
func (c *checker) lossOf(call *ast.CallExpr) (Kind, string) {
	fn := known.Callee(c.info, call)
	if fn == nil {
		return 0, ""
	}
	named := known.Text(call.Fun)
	name := fn.Name()
	switch recv := known.Recv(fn); {
	case more.Match(fn):
		return Log, named
	case known.Path(fn.Pkg()) == "log/slog" && (recv == nil || recv.Obj().Name() == "Logger"):
		if recv != nil && c.carriesID(call.Fun) {
			return 0, ""
		}
		if slices.Contains(levels, name) || (name == "Log" || name == "LogAttrs" || slices.Contains(levels, strings.TrimSuffix(name, "Context"))) &&
			c.background(call) {
			return Log, named
		}
	case known.Path(fn.Pkg()) == "net/http" && (recv == nil || recv.Obj().Name() == "Client"):
		if slices.Contains(sends, name) || recv != nil && name == "Do" {
			return Send, named
		}
	}
	return 0, ""
}

// background reports whether the ctx of a call is context.Background() or TODO(), in which there is
// no request.
func (c *checker) background(call *ast.CallExpr) bool {
	if len(call.Args) == 0 {
		return false
	}
	ctx, ok := c.assigned.Resolve(c.info, call.Args[0]).(*ast.CallExpr)
	return ok && known.Is(known.Callee(c.info, ctx), "context", "Background", "TODO")
}

// carriesID reports whether a logger comes from httpctx.Context.Logger and so has the request's id.
func (c *checker) carriesID(fun ast.Expr) bool {
	for range 8 {
		sel, ok := ast.Unparen(fun).(*ast.SelectorExpr)
		if !ok {
			return false
		}
		call, ok := c.assigned.Resolve(c.info, sel.X).(*ast.CallExpr)
		if !ok {
			return false
		}
		if reads.LibraryName(known.Callee(c.info, call)) == "httpctx.Context.Logger" {
			return true
		}
		fun = call.Fun // skip With and WithGroup
	}
	return false
}
