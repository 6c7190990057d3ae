package outlives

import (
	"go/ast"
	"go/token"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// hasLifetime reports whether values of type t belong to a request.
func hasLifetime(t types.Type) bool {
	return known.IsPointer(t, known.HTTPCtx, "Context") || known.IsPointer(t, "net/http", "Request") ||
		known.IsType(t, "net/http", "ResponseWriter") || known.IsType(t, "context", "Context")
}

// isContext reports whether t is context.Context or *httpctx.Context.
func isContext(t types.Type) bool {
	return known.IsType(t, "context", "Context") || known.IsPointer(t, known.HTTPCtx, "Context")
}

// request reports whether an expression is a value that belongs to a request, or holds one.
func (c *checker) request(e ast.Expr) bool {
	e = ast.Unparen(e)
	if e == nil || c.info.Types[e].IsNil() {
		return false
	}
	switch e := e.(type) {
	case *ast.CallExpr:
		return c.result(e, 0)
	case *ast.CompositeLit:
		return slices.ContainsFunc(e.Elts, func(elt ast.Expr) bool { return c.request(value(elt)) })
	case *ast.UnaryExpr:
		return e.Op == token.AND && c.request(e.X)
	case *ast.StarExpr:
		return c.request(e.X)
	case *ast.TypeAssertExpr:
		return c.request(e.X)
	case *ast.IndexExpr:
		return hasLifetime(c.info.TypeOf(e)) && c.request(e.X)
	case *ast.SliceExpr:
		return c.request(e.X)
	case *ast.FuncLit:
		return c.captures(e)
	case *ast.SelectorExpr:
		if s := c.info.Selections[e]; s != nil {
			switch s.Kind() {
			case types.MethodVal: // the method value c.ID holds c
				return c.request(e.X)
			case types.FieldVal:
				return isOurs(s.Type()) && !c.place(e).global || hasLifetime(s.Type()) && c.request(e.X)
			}
			return false
		}
	}
	return c.holder(known.Var(c.info, e))
}

// holder reports whether a variable holds a request's value. A package-level variable does not
// count: the report stands where the value was stored.
func (c *checker) holder(v *types.Var) bool {
	switch {
	case v == nil || v.IsField() || known.Global(v):
		return false
	case v == c.assumed, c.holds[v], c.served[v]:
		return true
	}
	return isOurs(v.Type()) && (v.Kind() == types.ParamVar || len(c.assigned[v]) == 0)
}

// isOurs reports whether values of type t come from httpctx alone.
func isOurs(t types.Type) bool { return known.IsPointer(t, known.HTTPCtx, "Context") }

// result is request for a single result of a call.
func (c *checker) result(call *ast.CallExpr, i int) bool {
	tv := c.info.Types[call.Fun]
	switch {
	case tv.IsType():
		return len(call.Args) == 1 && c.request(call.Args[0])
	case tv.IsBuiltin():
		id, ok := ast.Unparen(call.Fun).(*ast.Ident)
		return ok && (id.Name == "append" || id.Name == "min" || id.Name == "max") && slices.ContainsFunc(call.Args, c.request)
	}
	f := known.Callee(c.info, call)
	if f == nil {
		return i == 0 && isOurs(c.info.TypeOf(call))
	}
	if results := f.Signature().Results(); i < results.Len() && isOurs(results.At(i).Type()) {
		return true
	}
	if i == 0 && c.isSource(f, call) {
		return true
	}
	sel, _ := ast.Unparen(call.Fun).(*ast.SelectorExpr)
	switch known.Path(f.Pkg()) {
	case known.HTTPCtx:
		switch known.Name(f) {
		case "Context.Request", "Context.Writer", "Context.Context":
			return true
		}
	case "net/http":
		switch known.Name(f) {
		case "Request.Context", "Request.Clone", "Request.WithContext":
			return sel != nil && c.request(sel.X) || slices.ContainsFunc(call.Args, c.request)
		case "NewRequestWithContext", "NewResponseController", "MaxBytesReader":
			return i == 0 && slices.ContainsFunc(call.Args, c.request)
		}
	case "context":
		// WithoutCancel is the right way to keep a context's values.
		return i == 0 && f.Name() != "WithoutCancel" && len(call.Args) > 0 &&
			isContext(c.info.TypeOf(call.Args[0])) && hasContext(f) && c.request(call.Args[0])
	}
	return slices.Contains(c.gives(f).Results, i)
}

// hasContext reports whether a function of package context returns a Context.
func hasContext(f *types.Func) bool {
	results := f.Signature().Results()
	return results.Len() > 0 && isContext(results.At(0).Type())
}

// isSource reports whether a call reads a value that belongs to a request.
func (c *checker) isSource(f *types.Func, call *ast.CallExpr) bool {
	switch _, does := known.Function(f); does.Gives {
	case api.OfRequest:
		return true
	case api.Unknown:
		t := c.info.TypeOf(call)
		if tuple, ok := t.(*types.Tuple); ok && tuple.Len() > 0 {
			t = tuple.At(0).Type()
		}
		return hasLifetime(t)
	}
	return false
}

// captures reports whether a function literal uses an outer variable that holds a request's value.
func (c *checker) captures(lit *ast.FuncLit) bool {
	found := false
	ast.Inspect(lit.Body, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		if !ok || found {
			return !found
		}
		v, ok := c.info.Uses[id].(*types.Var)
		found = ok && (v.Pos() < lit.Pos() || v.Pos() >= lit.End()) && c.holder(v)
		return !found
	})
	return found
}

// copied reports whether an expression belongs to a request or is data of one: its id, a header, a
// field.
func (c *checker) copied(e ast.Expr) bool {
	e = ast.Unparen(e)
	if e == nil || c.request(e) {
		return e != nil
	}
	switch e := e.(type) {
	case *ast.CallExpr:
		if f := known.Callee(c.info, e); readsAnything(f) || slices.Contains(c.gives(f).Copies, 0) {
			return true
		}
		if sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr); ok && c.info.Selections[sel] != nil && c.copied(sel.X) {
			return true
		}
		// Most calls get a context for its deadline alone.
		return isBasic(c.info.TypeOf(e)) && slices.ContainsFunc(e.Args, func(arg ast.Expr) bool {
			return !known.IsType(c.info.TypeOf(arg), "context", "Context") && c.copied(arg)
		})
	case *ast.SelectorExpr:
		if c.info.Selections[e] != nil {
			return c.copied(e.X)
		}
	case *ast.IndexExpr:
		return c.copied(e.X)
	case *ast.SliceExpr:
		return c.copied(e.X)
	case *ast.StarExpr:
		return c.copied(e.X)
	case *ast.UnaryExpr:
		return e.Op != token.ARROW && c.copied(e.X)
	case *ast.BinaryExpr:
		return isBasic(c.info.TypeOf(e)) && !isBool(c.info.TypeOf(e)) && (c.copied(e.X) || c.copied(e.Y))
	case *ast.CompositeLit:
		return slices.ContainsFunc(e.Elts, func(elt ast.Expr) bool { return c.copied(value(elt)) })
	}
	v := known.Var(c.info, e)
	return v != nil && c.copies[v]
}

func isBasic(t types.Type) bool {
	if t == nil {
		return false
	}
	_, ok := t.Underlying().(*types.Basic)
	return ok
}

func isError(t types.Type) bool { return types.Identical(t, types.Universe.Lookup("error").Type()) }

func isBool(t types.Type) bool {
	if t == nil {
		return false
	}
	b, ok := t.Underlying().(*types.Basic)
	return ok && b.Info()&types.IsBoolean != 0
}

func value(elt ast.Expr) ast.Expr {
	if kv, ok := elt.(*ast.KeyValueExpr); ok {
		return kv.Value
	}
	return elt
}
