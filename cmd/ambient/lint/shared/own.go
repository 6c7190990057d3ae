package shared

import (
	"fmt"
	"go/ast"
	"go/types"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

// keeps is the fact of a function that keeps what a parameter returns, for all who ask for the key in another one:
//
//	func (c *Cache) Get(key string, load func() any) any {
//		if v, ok := c.m[key]; ok {
//			return v
//		}
//		v := load()
//		c.m[key] = v
//		return v
//	}
type keeps struct {
	Key, Fn  int
	Receiver bool // in the receiver
}

// AFact makes keeps a fact of go/analysis.
func (*keeps) AFact() {}

func (k *keeps) String() string { return fmt.Sprintf("keeps%+v", *k) }

// exportKeepers exports the facts.
func (c *checker) exportKeepers() {
	for cur := range c.in.Root().Preorder((*ast.FuncDecl)(nil)) {
		f, ok := c.info.Defs[cur.Node().(*ast.FuncDecl).Name].(*types.Func)
		if !ok {
			continue
		}
		for at := range cur.Preorder((*ast.AssignStmt)(nil), (*ast.CallExpr)(nil)) {
			m, key, value := c.put(at.Node())
			if m == nil || function(at) != cur.Node() {
				continue
			}
			fact := &keeps{Key: c.param(f, key), Fn: c.called(f, value)}
			root := root(c.info, m)
			fact.Receiver = root != nil && root == f.Signature().Recv()
			if fact.Key >= 0 && fact.Fn >= 0 && (fact.Receiver || known.Global(root)) && c.returnsEntry(cur, at, m, key) {
				c.pass.ExportObjectFact(f, fact)
				break
			}
		}
	}
}

// root returns the variable with which an expression of selectors begins.
func root(info *types.Info, e ast.Expr) *types.Var {
	for {
		sel, ok := ast.Unparen(e).(*ast.SelectorExpr)
		if !ok || info.Selections[sel] == nil {
			return known.Var(info, e)
		}
		e = sel.X
	}
}

// param returns the index of the parameter that an expression names, -1 for others.
func (c *checker) param(f *types.Func, e ast.Expr) int {
	v := known.Var(c.info, e)
	for i := range f.Signature().Params().Len() {
		if v != nil && f.Signature().Params().At(i) == v {
			return i
		}
	}
	return -1
}

// called returns the index of the parameter whose result a value is, -1 for others.
func (c *checker) called(f *types.Func, e ast.Expr) int {
	if call, ok := ast.Unparen(e).(*ast.CallExpr); ok {
		return c.param(f, call.Fun)
	}
	for _, a := range c.assigned[known.Var(c.info, e)] {
		if call, ok := a.Value.(*ast.CallExpr); ok && a.Index <= 0 && c.param(f, call.Fun) >= 0 {
			return c.param(f, call.Fun)
		}
	}
	return -1
}

// own returns the sink that a function of the module itself is, if what it keeps is for all.
func (c *checker) own(call *ast.CallExpr, fn *types.Func) (sink, bool) {
	fact := new(keeps)
	if fn == nil || !reads.SameModule(c.pass, fn.Pkg()) || !c.pass.ImportObjectFact(fn, fact) {
		return sink{}, false
	}
	if fact.Receiver {
		sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr)
		if !ok || !c.forAll(sel.X) {
			return sink{}, false
		}
	}
	return sink{key: fact.Key, fn: fact.Fn, value: -1, keeps: true}, true
}
