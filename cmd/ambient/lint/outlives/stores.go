package outlives

import (
	"go/ast"
	"go/types"
	"slices"

	"golang.org/x/tools/go/ast/inspector"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A store puts a value where it outlives its request.
type store struct {
	value ast.Expr
	place place
	where string // as in the message: "stored in package-level variable last"
}

// stores returns the stores of a statement or expression.
func (c *checker) stores(cur inspector.Cursor) []store {
	switch n := cur.Node().(type) {
	case *ast.AssignStmt:
		return append(c.assignment(n, body(cur)), c.snapshots(n, cur)...)
	case *ast.SendStmt:
		p := c.place(n.Chan)
		if !c.request(n.Value) || c.answered(cur) {
			return nil
		}
		switch {
		case p.global:
			return []store{{n.Value, p, "sent to a channel that " + p.variable() + " holds"}}
		case p.field && c.stays(p, body(cur)):
			return []store{{n.Value, p, "sent to the channel in field " + known.Text(n.Chan)}}
		}
	case *ast.CompositeLit:
		return c.literal(n, cur)
	case *ast.CallExpr:
		return c.call(n, body(cur))
	}
	return nil
}

func (p place) variable() string {
	if p.root == nil || !known.Global(p.root) {
		return "a package-level variable"
	}
	return "package-level variable " + p.root.Name()
}

func (c *checker) assignment(n *ast.AssignStmt, body ast.Node) []store {
	var all []store
	for i, lhs := range n.Lhs {
		var rhs ast.Expr
		switch {
		case len(n.Rhs) == len(n.Lhs):
			rhs = n.Rhs[i]
			if !c.request(rhs) {
				continue
			}
		case len(n.Rhs) == 1:
			rhs = n.Rhs[0]
			call, ok := ast.Unparen(rhs).(*ast.CallExpr)
			if ok && !c.result(call, i) || !ok && (i > 0 || !c.request(rhs)) {
				continue
			}
		default:
			continue
		}
		p := c.place(lhs)
		switch {
		case p.global && p.inner:
			all = append(all, store{rhs, p, "stored in what " + p.variable() + " holds"})
		case p.global:
			all = append(all, store{rhs, p, "stored in " + p.variable()})
		case p.field && isContext(c.info.TypeOf(lhs)) && c.stays(p, body) && !c.isWrapper(lhs):
			all = append(all, store{rhs, p, "kept in a struct, in " + known.Text(lhs)})
		}
	}
	return all
}

// isWrapper reports whether an expression is a field of a struct that implements context.Context.
func (c *checker) isWrapper(field ast.Expr) bool {
	sel, ok := ast.Unparen(field).(*ast.SelectorExpr)
	return ok && isContextStruct(c.info.TypeOf(sel.X))
}

func isContextStruct(t types.Type) bool {
	if t == nil {
		return false
	}
	deadline, _, _ := types.LookupFieldOrMethod(t, true, nil, "Deadline")
	done, _, _ := types.LookupFieldOrMethod(t, true, nil, "Done")
	return deadline != nil && done != nil
}

// literal returns the contexts that a struct literal holds, if the struct outlives its function.
func (c *checker) literal(n *ast.CompositeLit, cur inspector.Cursor) []store {
	t := c.info.TypeOf(n)
	if t == nil || isContextStruct(t) {
		return nil
	}
	if p, ok := t.Underlying().(*types.Pointer); ok { // &T is left out in a slice of pointers
		t = p.Elem()
	}
	if _, ok := t.Underlying().(*types.Struct); !ok {
		return nil
	}
	var all []store
	for _, elt := range n.Elts {
		if v := value(elt); isContext(c.info.TypeOf(v)) && c.request(v) {
			all = append(all, store{v, place{}, "kept in a struct"})
		}
	}
	if all == nil || !c.literalStays(cur) {
		return nil
	}
	return all
}

// literalStays reports whether the value of a literal outlives its function in a way that no other
// store reports.
func (c *checker) literalStays(cur inspector.Cursor) bool {
	inside := cur.Node()
	for outer := cur.Parent(); ; inside, outer = outer.Node(), outer.Parent() {
		switch n := outer.Node().(type) {
		case *ast.ParenExpr, *ast.UnaryExpr, *ast.KeyValueExpr, *ast.CompositeLit:
			continue
		case *ast.CallExpr:
			if tv := c.info.Types[n.Fun]; tv.IsType() || tv.IsBuiltin() {
				continue
			}
			return false
		case *ast.ReturnStmt:
			return true
		case *ast.AssignStmt:
			i := slices.IndexFunc(n.Rhs, func(e ast.Expr) bool { return ast.Node(e) == inside })
			if i < 0 || i >= len(n.Lhs) {
				return false
			}
			p := c.place(n.Lhs[i])
			switch {
			case p.global || p.root == nil:
				return false
			case p.field:
				return c.stays(p, body(cur))
			}
			return c.returned(p.root, body(cur))
		case *ast.ValueSpec:
			i := slices.IndexFunc(n.Values, func(e ast.Expr) bool { return ast.Node(e) == inside })
			return i >= 0 && i < len(n.Names) && c.returned(known.Var(c.info, n.Names[i]), body(cur))
		default:
			return false
		}
	}
}

// containers holds the methods that put an argument into their receiver.
var containers = map[string][]string{
	"sync": {"Map.Store", "Map.LoadOrStore", "Map.Swap", "Map.CompareAndSwap"},
	"sync/atomic": {
		"Value.Store", "Value.Swap", "Value.CompareAndSwap",
		"Pointer.Store", "Pointer.Swap", "Pointer.CompareAndSwap",
	},
	"container/list": {"List.PushBack", "List.PushFront", "List.InsertBefore", "List.InsertAfter"},
}

// call returns the arguments that a call puts into a pool or a container, or that the called
// function stores.
func (c *checker) call(call *ast.CallExpr, body ast.Node) []store {
	f := known.Callee(c.info, call)
	if f == nil {
		return nil
	}
	if known.Is(f, "sync", "Pool.Put") {
		if len(call.Args) == 1 && c.request(call.Args[0]) {
			return []store{{call.Args[0], place{}, "put into a sync.Pool"}}
		}
		return nil
	}
	container := known.Is(f, known.Path(f.Pkg()), containers[known.Path(f.Pkg())]...)
	k := c.keeps(f)
	if !container && k == nil {
		return nil
	}
	var p place
	if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && f.Signature().Recv() != nil {
		p = c.place(sel.X)
		// A method stores into what its receiver points to: cache.Set after cache := &shared.
		p.global = p.global || c.leadsToGlobal(p.root)
	}
	var all []store
	for i, arg := range call.Args {
		if !c.request(arg) {
			continue
		}
		switch {
		case p.global && (container || slices.Contains(k.Receiver, i)):
			all = append(all, store{arg, p, "stored in what " + p.variable() + " holds"})
		case container && p.field && isContext(c.info.TypeOf(arg)) && c.stays(p, body):
			all = append(all, store{arg, p, "kept in a struct, in " + known.Text(call.Fun)})
		case !container && slices.Contains(k.Global, i):
			all = append(all, store{arg, p, "given to " + known.Text(call.Fun) + ", which stores it in a package-level variable"})
		}
	}
	return all
}

// removed reports whether a deferred call removes again what is stored at a place.
func (c *checker) removed(cur inspector.Cursor, p place) bool {
	if p.root == nil {
		return false
	}
	for fn := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		for d := range fn.Preorder((*ast.DeferStmt)(nil)) {
			for n := range d.Preorder((*ast.CallExpr)(nil), (*ast.AssignStmt)(nil)) {
				if c.removes(n.Node(), p) {
					return true
				}
			}
		}
	}
	return false
}

func (c *checker) removes(n ast.Node, p place) bool {
	switch n := n.(type) {
	case *ast.AssignStmt:
		for i, lhs := range n.Lhs {
			q := c.place(lhs)
			if q.root == p.root && q.inner == p.inner && i < len(n.Rhs) && !c.request(n.Rhs[i]) {
				return true
			}
		}
	case *ast.CallExpr:
		if id, ok := ast.Unparen(n.Fun).(*ast.Ident); ok && id.Name == "delete" && len(n.Args) > 0 {
			return c.place(n.Args[0]).root == p.root
		}
		if sel, ok := ast.Unparen(n.Fun).(*ast.SelectorExpr); ok {
			switch sel.Sel.Name {
			case "Delete", "LoadAndDelete", "CompareAndDelete", "Remove":
				return c.place(sel.X).root == p.root
			case "Store":
				return len(n.Args) == 1 && c.info.Types[n.Args[0]].IsNil() && c.place(sel.X).root == p.root
			}
		}
	}
	return false
}

// body returns the outermost function around a node: its function literals share its variables.
func body(cur inspector.Cursor) ast.Node {
	var fn ast.Node
	for outer := range cur.Enclosing((*ast.FuncDecl)(nil), (*ast.FuncLit)(nil)) {
		fn = outer.Node()
	}
	return fn
}
