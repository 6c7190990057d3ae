package waits

import (
	"go/ast"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// Answers reports whether a call or a function changes the handler's request: it writes the
// response or sets a key. Detached it could do neither. The search does not enter functions of
// other packages.
func (r *Result) Answers(n ast.Node) bool {
	if e, ok := n.(ast.Expr); ok {
		n = r.assigned.Resolve(r.info, e)
	}
	return r.answers(n, map[ast.Node]bool{})
}

func (r *Result) answers(n ast.Node, seen map[ast.Node]bool) bool {
	found := false
	visit := func(n ast.Node) {
		if n != nil && !seen[n] {
			seen[n] = true
			found = found || r.answers(n, seen)
		}
	}
	if e, ok := n.(ast.Expr); ok {
		if d := r.decls[known.Func(r.info, e)]; d != nil {
			visit(d.Body)
		}
	}
	ast.Inspect(n, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || found {
			return !found
		}
		fn := known.Callee(r.info, call)
		switch reads.LibraryName(fn) {
		case "httpctx.Context.Writer", "httpctx.Key.Set":
			found = true
		}
		if d := r.decls[fn]; d != nil {
			visit(d.Body)
		}
		return !found
	})
	return found
}

// BelowHandler reports whether a node may run as part of a handler: a function around it, or a
// caller of that function in this package, handles requests or reads the current one.
func (r *Result) BelowHandler(n ast.Node) bool { return r.below(n, map[*types.Func]bool{}) }

func (r *Result) below(n ast.Node, seen map[*types.Func]bool) bool {
	cur, ok := r.in.Root().FindNode(n)
	if !ok {
		return false
	}
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		switch fn := fn.Node().(type) {
		case *ast.FuncLit:
			if reads.IsHandler(r.info.TypeOf(fn)) || isHTTP(r.reads.Lit(fn)) {
				return true
			}
		case *ast.FuncDecl:
			obj, ok := r.info.Defs[fn.Name].(*types.Func)
			if !ok || seen[obj] {
				return false
			}
			seen[obj] = true
			if reads.IsHandler(obj.Type()) || isHTTP(r.reads.Func(obj)) {
				return true
			}
			for _, call := range r.calls[obj] {
				if r.below(call, seen) {
					return true
				}
			}
		}
	}
	return false
}

func isHTTP(f *reads.Fact) bool {
	if f == nil {
		return false
	}
	_, ok := f.HTTP()
	return ok
}
