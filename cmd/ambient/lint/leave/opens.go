package leave

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// opens is the fact of a function that opens a Scope and returns it, or as its only result a
// function that leaves it, so that its caller has to leave it.
type opens struct {
	Results []int
}

// AFact makes opens a fact of go/analysis.
func (*opens) AFact() {}

func (o *opens) String() string { return fmt.Sprint("opens", o.Results) }

// opens returns the indexes of the results of a call that are scopes which the call opens.
func (c *checker) opens(call *ast.CallExpr) []int {
	if results := c.opensFunc(known.Callee(c.pass.TypesInfo, call)); results != nil {
		return results
	}
	// enter := user.Enter
	if v := known.Var(c.pass.TypesInfo, call.Fun); v != nil && !known.Global(v) {
		switch f := c.assigned.Resolve(c.pass.TypesInfo, call.Fun).(type) {
		case *ast.SelectorExpr:
			return c.opensFunc(known.Func(c.pass.TypesInfo, f))
		case *ast.FuncLit:
			if f.Body == nil || c.asked[f] {
				return nil // the function literal calls itself, maybe through another one
			}
			c.asked[f] = true
			defer delete(c.asked, f)
			sig, _ := c.typeOf(f).(*types.Signature)
			return c.returned(sig, f.Body)
		}
	}
	return nil
}

func (c *checker) opensFunc(f *types.Func) []int {
	if f == nil {
		return nil
	}
	if known.Is(f, known.GLS, "Storage.Enter") {
		return []int{0}
	}
	fact := new(opens)
	if c.pass.ImportObjectFact(f, fact) {
		return fact.Results
	}
	return nil
}

// exportOpeners exports the facts. It repeats the search until nothing changes, for an opener may
// call another one.
func (c *checker) exportOpeners() {
	for again := true; again; {
		again = false
		for f, decl := range known.Decls(c.pass.TypesInfo, c.pass.Files) {
			if c.opensFunc(f) != nil {
				continue
			}
			if results := c.returned(f.Signature(), decl.Body); results != nil {
				c.pass.ExportObjectFact(f, &opens{results})
				again = true
			}
		}
	}
}

// returned returns the indexes of a function's results that are scopes which it opens.
func (c *checker) returned(sig *types.Signature, body *ast.BlockStmt) []int {
	if sig == nil {
		return nil
	}
	var results []int
	add := func(i int) {
		if i < sig.Results().Len() && !slices.Contains(results, i) {
			results = append(results, i)
		}
	}
	var isScope []int
	for i := range sig.Results().Len() {
		if known.IsType(sig.Results().At(i).Type(), known.GLS, "Scope") {
			isScope = append(isScope, i)
		}
	}
	if isScope == nil {
		return c.returnsLeave(sig, body)
	}
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for _, i := range isScope {
				switch {
				case len(n.Results) == 0:
					if c.opened(sig.Results().At(i)) {
						add(i)
					}
				case len(n.Results) == sig.Results().Len():
					if c.isOpened(n.Results[i], 0) {
						add(i)
					}
				default:
					if c.isOpened(n.Results[0], i) {
						add(i)
					}
				}
			}
		}
		return true
	})
	slices.Sort(results)
	return results
}

// returnsLeave is returned for a function whose only result leaves the scope: return scope.Leave.
func (c *checker) returnsLeave(sig *types.Signature, body *ast.BlockStmt) []int {
	if sig.Results().Len() != 1 || !known.IsFunc(sig.Results().At(0).Type()) {
		return nil
	}
	var results []int
	ast.Inspect(body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			if len(n.Results) == 1 && c.isLeave(n.Results[0]) {
				results = []int{0}
			}
		}
		return true
	})
	return results
}

// isLeave reports whether a function leaves a scope opened here: scope.Leave, a variable that was
// assigned it, or a literal that calls it.
func (c *checker) isLeave(e ast.Expr) bool {
	found := false
	switch e := c.assigned.Resolve(c.pass.TypesInfo, e).(type) {
	case *ast.SelectorExpr:
		return known.Is(known.Func(c.pass.TypesInfo, e), known.GLS, "Scope.Leave") && c.isOpened(e.X, 0)
	case *ast.FuncLit:
		ast.Inspect(e.Body, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if ok && c.left(call.Fun) != nil {
				found = found || c.opened(c.left(call.Fun)) && !c.within(c.left(call.Fun), e)
			}
			return !found
		})
	}
	return found
}

// isOpened reports whether an expression, or the given result of a call, is a scope opened here.
func (c *checker) isOpened(e ast.Expr, result int) bool {
	e = ast.Unparen(e)
	if call, ok := e.(*ast.CallExpr); ok {
		return slices.Contains(c.opens(call), result)
	}
	return c.opened(known.Var(c.pass.TypesInfo, e))
}

// opened reports whether any assignment gives a local variable a scope opened here.
func (c *checker) opened(v *types.Var) bool {
	if v == nil || known.Global(v) {
		return false
	}
	for _, a := range c.assigned[v] {
		if call, ok := unparen(a.Value).(*ast.CallExpr); ok && slices.Contains(c.opens(call), max(a.Index, 0)) {
			return true
		}
	}
	return false
}

func unparen(e ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	return ast.Unparen(e)
}
