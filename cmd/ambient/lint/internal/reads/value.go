package reads

import (
	"go/ast"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// value returns an item for each function that e may stand for. Each is a copy of with, completed.
func (w *walker) value(e ast.Expr, with item, seen []*types.Var) []item {
	if len(seen) > maxFollowed {
		return nil
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.FuncLit:
		with.node = w.lits[e]
		return []item{with}
	case *ast.IndexExpr:
		if known.IsFunc(w.info.TypeOf(e.X)) { // an instance of a generic function
			return w.value(e.X, with, seen)
		}
		v := w.named(e.X)
		if slices.Contains(seen, v) {
			return nil
		}
		return w.held(w.elements(e, new(search)), with, append(slices.Clip(seen), v))
	case *ast.StarExpr:
		return w.held(w.pointees(e.X), with, seen)
	case *ast.IndexListExpr:
		return w.value(e.X, with, seen)
	case *ast.Ident:
		return w.object(w.info.ObjectOf(e), e, with, seen)
	case *ast.SelectorExpr:
		if f := w.named(e); f != nil && f.IsField() && !w.resets[f] && !slices.Contains(seen, f) {
			if of := w.fields(e.X, f); len(of) > 0 {
				return w.held(of, with, append(slices.Clip(seen), f))
			}
		}
		return w.object(w.info.ObjectOf(e.Sel), e, with, seen)
	case *ast.CallExpr:
		return w.returned(e, with, seen)
	}
	return nil
}

func (w *walker) returned(call *ast.CallExpr, with item, seen []*types.Var) []item {
	if tv, ok := w.info.Types[call.Fun]; ok && tv.IsType() && len(call.Args) == 1 {
		return w.value(call.Args[0], with, seen)
	}
	fn := w.callee(call)
	if fn == nil || LibraryName(fn) != "" { // a function of gls.Bind runs in the frame that it was bound with
		return nil
	}
	if keepsFunction[runners.Name(fn)] && len(call.Args) == 1 {
		return w.value(call.Args[0], with, seen)
	}
	args := w.names(call)
	n, fact := w.decls[fn], (*Fact)(nil)
	if n == nil {
		fact = w.fact(fn)
	}
	made := with
	made.results, made.fn, made.args, made.node, made.fact = true, fn, args, n, fact
	var items []item
	if n != nil || fact != nil {
		items = append(items, made)
	}
	// The function that it returns may call the function arguments.
	for i, arg := range call.Args {
		index := min(i, fn.Signature().Params().Len()-1)
		inner := with
		switch {
		case !known.IsFunc(w.info.TypeOf(arg)):
			continue
		case n != nil:
			inner.gate, inner.gateArg, inner.gateArgs, inner.gateOuts = n, index, args, true
			items = append(items, w.value(arg, inner, seen)...)
		case fact != nil:
			for _, p := range fact.OutRuns {
				if p.Index == index {
					inner.sets, inner.passed = with.sets.with(substitute(p.Sets, args)...), with.passed || p.Passed
					inner.started, inner.looped, inner.serves = with.started || p.Started, p.Looped, p.Serves
					items = append(items, w.value(arg, inner, seen)...)
				}
			}
		}
	}
	return items
}

func (w *walker) object(obj types.Object, e ast.Expr, with item, seen []*types.Var) []item {
	switch obj := obj.(type) {
	case *types.Func:
		fn := static(obj)
		if fn == nil {
			return nil
		}
		if does, ok := libraryFunc(fn); ok {
			if kind, ok := kinds[does.Reads]; ok {
				r := &Read{Kind: kind, What: types.ExprString(e)}
				if sel, ok := e.(*ast.SelectorExpr); ok && kind == Storage {
					r.Name = w.storage(sel.X)
				}
				with.read = r
				return []item{with}
			}
			return nil
		}
		with.fn = fn
		if n := w.decls[fn]; n != nil {
			with.node = n
		} else if with.fact = w.fact(fn); with.fact == nil {
			return nil
		}
		return []item{with}
	case *types.Var:
		var items []item
		if i, ok := w.params[obj]; ok {
			p := with
			p.param, p.isParam = i, true
			p.bound = w.rebound(obj)
			items = append(items, p)
		}
		if slices.Contains(seen, obj) {
			return items
		}
		if obj.IsField() {
			return w.field(obj.Origin(), with, append(seen, obj))
		}
		for _, e := range w.values[obj] {
			items = append(items, w.value(e, with, append(seen, obj))...)
		}
		return items
	}
	return nil
}

// field returns what runs when the function in a field is called. Of several that the package sets the field to, another
// struct may have another one: then it reads if each of them does.
func (w *walker) field(v *types.Var, with item, seen []*types.Var) []item {
	if v.Exported() {
		return nil
	}
	var each [][]item
	for _, e := range w.values[v] {
		if w.info.Types[e].IsNil() {
			continue // it is not called then
		}
		each = append(each, w.held([]ast.Expr{e}, with, seen))
	}
	switch len(each) {
	case 0:
		return nil
	case 1:
		return each[0]
	}
	return []item{{each: each}}
}

// rebound reports whether a parameter is bound in place: fn = gls.Bind(fn).
func (w *walker) rebound(v *types.Var) bool {
	for _, e := range w.values[v] {
		if call, ok := ast.Unparen(e).(*ast.CallExpr); ok && LibraryName(w.callee(call)) == "gls.Bind" {
			return true
		}
	}
	return false
}
