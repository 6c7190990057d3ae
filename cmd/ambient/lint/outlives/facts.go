package outlives

import (
	"fmt"
	"go/ast"
	"go/types"
	"slices"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// gives is the fact of a function that passes on what it reads from a request or a storage.
type gives struct {
	Results []int // results that belong to a request although their types do not say so
	Copies  []int // results that are data of a request, such as a name
	Sets    bool  // sets a package-level variable to such a value
}

// AFact makes gives a fact of go/analysis.
func (*gives) AFact() {}

func (g *gives) String() string {
	text := fmt.Sprint("gives", g.Results)
	if g.Copies != nil {
		text += fmt.Sprint(" copies", g.Copies)
	}
	if g.Sets {
		text += " sets"
	}
	return text
}

// keeps is the fact of a function that stores an argument.
type keeps struct {
	Global   []int // arguments that it stores in a package-level variable or in a value that one holds
	Receiver []int // arguments that it stores in its receiver
}

// AFact makes keeps a fact of go/analysis.
func (*keeps) AFact() {}

func (k *keeps) String() string { return fmt.Sprintf("keeps%+v", *k) }

func (c *checker) gives(f *types.Func) gives {
	if f == nil {
		return gives{}
	}
	if f.Pkg() == c.pass.Pkg {
		return c.given[f]
	}
	var fact gives
	c.pass.ImportObjectFact(f, &fact)
	return fact
}

func (c *checker) keeps(f *types.Func) *keeps {
	if f.Pkg() == c.pass.Pkg {
		return c.kept[f]
	}
	fact := new(keeps)
	if !c.pass.ImportObjectFact(f, fact) {
		return nil
	}
	return fact
}

// findGives finds the local variables that hold a request's value and the functions that return
// one. It repeats the search until nothing changes.
func (c *checker) findGives() {
	for again := true; again; {
		again = false
		for v, all := range c.assigned {
			if known.Global(v) || v.IsField() {
				continue
			}
			for _, a := range all {
				if !c.holds[v] && !isBasic(v.Type()) && c.gets(v, a, c.request) {
					c.holds[v], again = true, true
				}
				if !c.copies[v] && c.gets(v, a, c.copied) {
					c.copies[v], again = true, true
				}
			}
		}
		for f, decl := range known.Decls(c.info, c.pass.Files) {
			old, found := c.given[f], c.handsOn(f, decl)
			if len(found.Results) > len(old.Results) || len(found.Copies) > len(old.Copies) || found.Sets && !old.Sets {
				c.given[f], again = found, true
			}
		}
	}
	for f, fact := range c.given {
		c.pass.ExportObjectFact(f, &fact)
	}
}

// gets reports whether an assignment gives v a value for which kind holds.
func (c *checker) gets(v *types.Var, a known.Assignment, kind func(ast.Expr) bool) bool {
	if a.Value == nil {
		_, ranges := a.Node.(*ast.RangeStmt)
		return ranges && isOurs(v.Type())
	}
	if call, ok := ast.Unparen(a.Value).(*ast.CallExpr); ok && a.Index >= 0 {
		return c.result(call, a.Index) || a.Index == 0 && kind(a.Value)
	}
	return a.Index <= 0 && kind(a.Value)
}

// handsOn returns the fact of a declared function.
func (c *checker) handsOn(f *types.Func, decl *ast.FuncDecl) gives {
	results := f.Signature().Results()
	isRequest := func(t types.Type) bool { return hasLifetime(t) && !isOurs(t) }
	isCopy := func(t types.Type) bool { return !hasLifetime(t) && !isError(t) }
	return gives{
		Results: c.returnsOf(decl, results, isRequest, c.holds, c.request, c.result),
		Copies: c.returnsOf(decl, results, isCopy, c.copies, c.copied, func(call *ast.CallExpr, i int) bool {
			return slices.Contains(c.gives(known.Callee(c.info, call)).Copies, i)
		}),
		Sets: c.sets(decl.Body),
	}
}

// returnsOf returns the indexes of results for whose types of holds and which return a value of a
// kind. named, kind and result tell this of a named result, of an expression and of a result of a
// call.
func (c *checker) returnsOf(decl *ast.FuncDecl, results *types.Tuple, of func(types.Type) bool, named map[*types.Var]bool,
	kind func(ast.Expr) bool, result func(*ast.CallExpr, int) bool) []int {
	var found []int
	add := func(i int) {
		if of(results.At(i).Type()) && !slices.Contains(found, i) {
			found = append(found, i)
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return false
		case *ast.ReturnStmt:
			for i := range results.Len() {
				switch {
				case len(n.Results) == 0 && named[results.At(i)]:
					add(i)
				case len(n.Results) == results.Len() && kind(n.Results[i]):
					add(i)
				case len(n.Results) == 1 && results.Len() > 1:
					if call, ok := ast.Unparen(n.Results[0]).(*ast.CallExpr); ok && (result(call, i) || i == 0 && kind(call)) {
						add(i)
					}
				}
			}
		}
		return true
	})
	slices.Sort(found)
	return found
}

// sets reports whether code, or a function it calls, sets a package-level variable to a value that
// was read from a request or a storage.
func (c *checker) sets(code ast.Node) bool {
	found := false
	ast.Inspect(code, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.FuncLit:
			return n == code
		case *ast.CallExpr:
			found = found || c.gives(known.Callee(c.info, n)).Sets
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if len(n.Lhs) == len(n.Rhs) && c.place(lhs).global {
					found = found || c.copied(n.Rhs[i])
				}
			}
			if len(n.Rhs) == 1 && len(n.Lhs) > 1 && c.place(n.Lhs[0]).global {
				found = found || c.copied(n.Rhs[0])
			}
		}
		return !found
	})
	return found
}

// findKeeps finds the functions that store their arguments. It repeats the search until nothing
// changes.
func (c *checker) findKeeps() {
	for again := true; again; {
		again = false
		for f, decl := range known.Decls(c.info, c.pass.Files) {
			found := c.keepsParams(f, decl)
			if old := c.kept[f]; found != nil && (old == nil || old.String() != found.String()) {
				c.kept[f], again = found, true
			}
		}
	}
	for f, fact := range c.kept {
		c.pass.ExportObjectFact(f, fact)
	}
}

// mayHold reports whether a parameter of type t can be a value that belongs to a request.
func mayHold(t types.Type) bool {
	if _, ok := types.Unalias(t).(*types.TypeParam); ok {
		return true
	}
	i, ok := t.Underlying().(*types.Interface)
	return hasLifetime(t) || ok && i.Empty()
}

func (c *checker) keepsParams(f *types.Func, decl *ast.FuncDecl) *keeps {
	var k keeps
	note := func(p place, stored ast.Expr) {
		isReceiver := p.root != nil && p.root.Kind() == types.RecvVar && isReference(p.root.Type())
		if !p.global && !isReceiver {
			return
		}
		for i := range f.Signature().Params().Len() {
			param := f.Signature().Params().At(i)
			if !mayHold(param.Type()) || isOurs(param.Type()) || c.served[param] || !c.isParam(stored, param) {
				continue
			}
			list := &k.Global
			if isReceiver { // the caller knows whether a package-level variable leads to the receiver
				list = &k.Receiver
			}
			if !slices.Contains(*list, i) {
				*list = append(*list, i)
			}
		}
	}
	ast.Inspect(decl.Body, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for i, lhs := range n.Lhs {
				if len(n.Rhs) == len(n.Lhs) {
					if p := c.place(lhs); p.global || p.inner {
						note(p, n.Rhs[i])
					}
				}
			}
		case *ast.SendStmt:
			note(c.place(n.Chan), n.Value)
		case *ast.CallExpr:
			c.keptByCall(n, note)
		}
		return true
	})
	slices.Sort(k.Global)
	slices.Sort(k.Receiver)
	if k.Global == nil && k.Receiver == nil {
		return nil
	}
	return &k
}

// keptByCall calls note for each argument that a call stores, with the place.
func (c *checker) keptByCall(call *ast.CallExpr, note func(place, ast.Expr)) {
	f := known.Callee(c.info, call)
	if f == nil {
		return
	}
	var receiver place
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Signature().Recv() != nil {
		receiver = c.place(sel.X)
	}
	container := known.Is(f, known.Path(f.Pkg()), containers[known.Path(f.Pkg())]...)
	k := c.keeps(f)
	for i, arg := range call.Args {
		if container || k != nil && slices.Contains(k.Receiver, i) {
			note(receiver, arg)
		}
		if k != nil && slices.Contains(k.Global, i) {
			note(place{global: true}, arg)
		}
	}
}

// isParam reports whether an expression is a parameter, or a value that holds it.
func (c *checker) isParam(e ast.Expr, param *types.Var) bool {
	mentioned := false
	ast.Inspect(e, func(n ast.Node) bool {
		id, ok := n.(*ast.Ident)
		mentioned = mentioned || ok && c.info.Uses[id] == types.Object(param)
		return !mentioned
	})
	if !mentioned {
		return false
	}
	c.assumed = param
	defer func() { c.assumed = nil }()
	return c.request(e)
}
