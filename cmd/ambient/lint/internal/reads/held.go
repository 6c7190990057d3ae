package reads

import (
	"go/ast"
	"go/constant"
	"go/token"
	"go/types"
	"slices"
	"strconv"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

func (w *walker) assign(lhs, rhs ast.Expr) {
	if index, ok := ast.Unparen(lhs).(*ast.IndexExpr); ok {
		if v := w.named(index.X); v != nil {
			w.stored[v] = append(w.stored[v], &ast.KeyValueExpr{Key: index.Index, Value: rhs})
		}
		return
	}
	if v := w.named(lhs); v != nil {
		w.set(v, rhs)
		w.resets[v] = w.resets[v] || v.IsField()
	}
}

func (w *walker) set(v *types.Var, to ast.Expr) {
	if _, basic := v.Type().Underlying().(*types.Basic); !basic {
		w.values[v.Origin()] = append(w.values[v.Origin()], to)
	}
}

// composite notes what the fields of a struct are set to.
func (w *walker) composite(lit *ast.CompositeLit) {
	w.given(lit, func(field *types.Var, to ast.Expr) { w.set(field, to) })
}

// given calls f with each field that a struct literal gives a value.
func (w *walker) given(lit *ast.CompositeLit, f func(*types.Var, ast.Expr)) {
	t := w.info.TypeOf(lit)
	if t == nil {
		return
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // &T is left out in a slice of pointers
		t = p.Elem()
	}
	s, ok := t.Underlying().(*types.Struct)
	if !ok {
		return
	}
	for i, elt := range lit.Elts {
		if kv, ok := elt.(*ast.KeyValueExpr); ok {
			if v := w.named(kv.Key); v != nil && v.IsField() {
				f(v, kv.Value)
			}
		} else if i < s.NumFields() {
			f(s.Field(i).Origin(), elt)
		}
	}
}

// held returns the items of functions that a struct, a map or a slice holds. What was a parameter where it was put there
// is none where it is called.
func (w *walker) held(values []ast.Expr, with item, seen []*types.Var) []item {
	var all []item
	for _, e := range values {
		all = append(all, w.value(e, with, seen)...)
	}
	return slices.DeleteFunc(all, func(i item) bool { return i.isParam })
}

// A search for functions that something holds ends at these numbers. In a large package a field has many values, and
// what a map holds may come from the map itself: m[k] = append(m[k], f).
const (
	maxFollowed = 8  // variables from one to the next
	maxSteps    = 64 // expressions looked at
	maxHeld     = 64 // functions found
)

// A search looks for what an expression stands for. The zero value is ready to use.
type search struct {
	seen  map[*types.Var]bool
	steps int
}

// visit reports whether the search has not been at v before.
func (s *search) visit(v *types.Var) bool {
	if s.seen == nil {
		s.seen = map[*types.Var]bool{}
	}
	first := !s.seen[v]
	s.seen[v] = true
	return first
}

// elements returns the values that an element of a map, a slice or an array may have, as far as the package says.
func (w *walker) elements(e *ast.IndexExpr, s *search) []ast.Expr {
	v := w.named(e.X)
	if s.seen[v] {
		return nil
	}
	var all []ast.Expr
	add := func(elt ast.Expr) {
		if kv, ok := elt.(*ast.KeyValueExpr); !ok {
			all = append(all, elt)
		} else if !w.differ(kv.Key, e.Index) {
			all = append(all, kv.Value)
		}
	}
	w.sources(e.X, s, func(x ast.Expr) {
		switch x := x.(type) {
		case *ast.CompositeLit:
			for i, elt := range x.Elts {
				_, keyed := elt.(*ast.KeyValueExpr)
				if keyed || !w.isConstant(e.Index) || w.info.Types[e.Index].Value.ExactString() == strconv.Itoa(i) {
					add(elt)
				}
			}
		case *ast.CallExpr: // append
			all = append(all, w.elements(&ast.IndexExpr{X: x.Args[0]}, s)...)
			if x.Ellipsis.IsValid() {
				all = append(all, w.elements(&ast.IndexExpr{X: x.Args[len(x.Args)-1]}, s)...)
			} else {
				all = append(all, x.Args[1:]...)
			}
		}
	})
	if v != nil && !(v.IsField() && v.Exported()) {
		for _, elt := range w.stored[v] {
			add(elt)
		}
	}
	return all[:min(len(all), maxHeld)]
}

func (w *walker) isConstant(e ast.Expr) bool { return e != nil && w.info.Types[e].Value != nil }

// differ reports whether two keys are different constants.
func (w *walker) differ(x, y ast.Expr) bool {
	if !w.isConstant(x) || !w.isConstant(y) { // y is nil in a loop over all elements
		return false
	}
	a, b := w.info.Types[x].Value, w.info.Types[y].Value
	return a.Kind() == b.Kind() && !constant.Compare(a, token.EQL, b)
}

// fields returns the values that literals give to a field of a struct.
func (w *walker) fields(e ast.Expr, f *types.Var) []ast.Expr {
	var all []ast.Expr
	w.sources(e, new(search), func(x ast.Expr) {
		if lit, ok := x.(*ast.CompositeLit); ok {
			w.given(lit, func(field *types.Var, to ast.Expr) {
				if field == f {
					all = append(all, to)
				}
			})
		}
	})
	return all
}

// pointees returns the functions that a pointer may point to.
func (w *walker) pointees(e ast.Expr) []ast.Expr {
	var all []ast.Expr
	w.sources(e, new(search), func(x ast.Expr) { all = append(all, x) })
	return all
}

// sources calls f with each literal, each append, and each function whose address was taken, that an expression stands
// for or points to.
func (w *walker) sources(e ast.Expr, s *search, f func(ast.Expr)) {
	if s.steps++; s.steps > maxSteps {
		return
	}
	switch e := ast.Unparen(e).(type) {
	case *ast.CompositeLit:
		f(e)
	case *ast.UnaryExpr:
		if e.Op == token.AND && known.IsFunc(w.info.TypeOf(e.X)) {
			f(e.X)
		} else if e.Op == token.AND {
			w.sources(e.X, s, f)
		}
	case *ast.StarExpr:
		w.sources(e.X, s, f)
	case *ast.CallExpr:
		tv := w.info.Types[e.Fun]
		id, _ := ast.Unparen(e.Fun).(*ast.Ident)
		if tv.IsType() && len(e.Args) == 1 {
			w.sources(e.Args[0], s, f)
		} else if tv.IsBuiltin() && id != nil && id.Name == "append" && len(e.Args) > 1 {
			f(e)
		}
	case *ast.IndexExpr:
		for _, x := range w.elements(e, s) {
			w.sources(x, s, f)
		}
	case *ast.Ident, *ast.SelectorExpr:
		v := w.named(e)
		if v == nil || v.IsField() && (v.Exported() || len(w.values[v]) != 1) || !s.visit(v) {
			return // of several values of a field, another struct may have another one
		}
		for _, x := range w.values[v] {
			w.sources(x, s, f)
		}
	}
}

// named returns the variable or field that an expression names, nil for others.
func (w *walker) named(e ast.Expr) *types.Var {
	var id *ast.Ident
	switch e := ast.Unparen(e).(type) {
	case *ast.Ident:
		id = e
	case *ast.SelectorExpr:
		id = e.Sel
	default:
		return nil
	}
	if v, ok := w.info.ObjectOf(id).(*types.Var); ok {
		return v.Origin()
	}
	return nil
}
