package waits

import (
	"go/ast"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// ending returns the handles by which a call, made on a new goroutine, signals its end.
func (r *Result) ending(call *ast.CallExpr) []handle {
	switch fun := r.assigned.Resolve(r.info, call.Fun).(type) {
	case *ast.FuncLit:
		sig, _ := r.info.TypeOf(fun).(*types.Signature)
		var all []handle
		for _, h := range r.ends(fun.Body) {
			if i, ok := param(sig, h.root); ok {
				if h, ok = r.at(h, operand(call, i)); !ok {
					continue
				}
			}
			all = append(all, h)
		}
		return all
	case *ast.CallExpr: // gls.Bind(f)()
		if known.Is(known.Callee(r.info, fun), known.GLS, "Bind") && len(fun.Args) == 1 {
			return r.function(fun.Args[0])
		}
		return nil
	}
	fn := known.Callee(r.info, call)
	if fn == nil {
		return nil
	}
	if i := runsHere(fn); i >= 0 {
		if i < len(call.Args) {
			return r.function(call.Args[i])
		}
		return nil
	}
	var all []handle
	if d := r.decls[fn]; d != nil {
		for _, h := range r.ends(d.Body) {
			i, ok := index(fn, h.root)
			if ok {
				if h, ok = r.at(h, operand(call, i)); !ok {
					continue
				}
			}
			all = append(all, h)
		}
	} else if f := r.importFact(fn); f != nil {
		for _, p := range f.Signals {
			if h, ok := r.at(handle{fields: p.Fields, how: p.How}, operand(call, p.Index)); ok {
				all = append(all, h)
			}
		}
	}
	return all
}

// function returns the handles by which a function without parameters signals its end.
func (r *Result) function(e ast.Expr) []handle {
	return r.ending(&ast.CallExpr{Fun: e})
}

// param returns the index of the parameter v of a function.
func param(sig *types.Signature, v *types.Var) (int, bool) {
	if sig == nil {
		return 0, false
	}
	for i := range sig.Params().Len() {
		if sig.Params().At(i) == v {
			return i, true
		}
	}
	return 0, false
}

// at replaces the parameter in a handle by the operand of a call.
func (r *Result) at(h handle, operand ast.Expr) (handle, bool) {
	if operand == nil {
		return handle{}, false
	}
	to, ok := r.path(operand)
	to.fields += h.fields
	to.how = h.how
	return to, ok
}

// runsHere returns the index of the argument that sync.Once.Do or a function of the library calls
// before it returns, -1 if there is none. httpctx.Run is left out: the request that it runs ends
// with it.
func runsHere(fn *types.Func) int {
	if known.Is(fn, "sync", "Once.Do") {
		return 0
	}
	if known.Is(fn, known.HTTPCtx, "Run") {
		return -1
	}
	return known.RunsHere(fn)
}

// ends returns the handles by which a function signals its end as its last action.
func (r *Result) ends(body *ast.BlockStmt) []handle {
	if all, ok := r.signals[body]; ok {
		return all
	}
	r.signals[body] = nil // ends the recursion of functions that call each other
	var all []handle
	for i, s := range body.List {
		for _, h := range r.signalled(s) {
			if r.last(body, i) {
				all = append(all, r.stream(body, s, h))
			}
		}
	}
	r.signals[body] = all
	return all
}

// signalled returns the handles on which a statement signals an end.
func (r *Result) signalled(s ast.Stmt) []handle {
	switch s := s.(type) {
	case *ast.SendStmt:
		if h, ok := r.path(s.Chan); ok {
			h.how = sends
			return []handle{h}
		}
	case *ast.DeferStmt:
		return r.signalling(s.Call)
	case *ast.ExprStmt:
		if call, ok := ast.Unparen(s.X).(*ast.CallExpr); ok {
			return r.signalling(call)
		}
	}
	return nil
}

func (r *Result) signalling(call *ast.CallExpr) []handle {
	if b, ok := typeutil.Callee(r.info, call).(*types.Builtin); ok {
		if b.Name() == "close" && len(call.Args) == 1 {
			if h, ok := r.path(call.Args[0]); ok {
				h.how = closes
				return []handle{h}
			}
		}
		return nil
	}
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok {
		if fn := known.Callee(r.info, call); known.Is(fn, "sync", "WaitGroup.Done") || known.Is(fn, known.GLS, "WaitGroup.Done") {
			h, ok := r.path(sel.X)
			h.how = group
			if ok {
				return []handle{h}
			}
			return nil
		}
	}
	if v := known.Var(r.info, call.Fun); v != nil && !known.Global(v) { // done(), after done := wg.Done
		if value, ok := r.assigned.Resolve(r.info, call.Fun).(*ast.SelectorExpr); ok {
			return r.signalling(&ast.CallExpr{Fun: value})
		}
	}
	return r.ending(call)
}

// stream sets how to streamed if the function also sends values on the channel: then the first
// value that arrives is not the end.
func (r *Result) stream(body *ast.BlockStmt, signal ast.Stmt, h handle) handle {
	if h.how != closes && h.how != sends {
		return h
	}
	ast.Inspect(body, func(n ast.Node) bool {
		if send, ok := n.(*ast.SendStmt); ok && ast.Stmt(send) != signal {
			if g, ok := r.path(send.Chan); ok && g.same(h) {
				h.how = streamed
			}
		}
		return h.how != streamed
	})
	return h
}

// last reports whether nothing that needs the request runs after statement i of a function.
func (r *Result) last(body *ast.BlockStmt, i int) bool {
	_, deferred := body.List[i].(*ast.DeferStmt)
	for k, s := range body.List {
		if d, ok := s.(*ast.DeferStmt); ok {
			if (k < i || !deferred && k != i) && r.late(d) { // deferred calls run in reverse order
				return false
			}
			continue
		}
		if !deferred && k > i && r.late(s) {
			return false
		}
	}
	return true
}

// late reports whether code needs the request.
func (r *Result) late(n ast.Node) bool {
	found := false
	ast.Inspect(n, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false // reads.Call covers the calls of a literal
		case *ast.CallExpr:
			if _, ok := ast.Unparen(n.Fun).(*ast.FuncLit); ok {
				found = found || Late(r.reads.Expr(n.Fun))
			}
			found = found || Late(r.reads.Call(n))
		}
		return !found
	})
	return found
}

// Late reports whether the fact has a read that ends with the request: one of the request itself or
// of its context.
func Late(f *reads.Fact) bool {
	if f == nil {
		return false
	}
	for _, read := range f.Reads {
		if read.Kind == reads.HTTP || read.Kind == reads.Context {
			return true
		}
	}
	return false
}

// waiter reports whether a method of that name waits for everything that its receiver runs.
func waiter(name string) bool {
	return name == "Wait" || strings.HasPrefix(name, "StopAndWait") || name == "StopWait"
}
