package reads

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/directive"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// A node is a function of the package: a declaration, a function literal, or the initialisers of a
// declaration of variables.
type node struct {
	fn    *types.Func // nil for a function literal
	items []item
	outs  []item // functions that it returns

	reads   []Read
	results []Read
	params  map[int]Param
	outRuns map[int]Param // parameters that a function it returns calls
	enters  Sets
}

// An item is what a function does that may read: the read itself, a call, or a function that
// another one calls.
type item struct {
	read    *Read
	node    *node
	fact    *Fact
	results bool // the function that node or fact returns is called
	param   int  // if isParam: the parameter of the enclosing declaration that is called
	isParam bool
	bound   bool // the parameter is gls.Bind of itself when it runs

	fn     *types.Func // the callee, if it belongs in Via
	args   []string    // names of the storages among the arguments
	sets   Sets        // what is set around it
	passed bool
	// started says that it happens on another goroutine, which has nothing set.
	started bool
	looped  bool // in a loop of the function
	serves  bool // another goroutine does it for many

	// gate is a function of this package that got the item's function as argument gateArg. The item
	// happens if gate calls that parameter.
	gate     *node
	gateArg  int
	gateArgs []string
	gateOuts bool // a function that gate returns calls it

	each [][]item // what a field may be, by value: one of them is called
}

type walker struct {
	pkg    *types.Package
	info   *types.Info
	fset   *token.FileSet
	silent *directive.Set
	fact   func(*types.Func) *Fact

	decls  map[*types.Func]*node
	lits   map[*ast.FuncLit]*node
	nodes  []*node // in source order
	params map[*types.Var]int
	values map[*types.Var][]ast.Expr // values assigned to variables and fields that are or may hold functions
	stored map[*types.Var][]ast.Expr // values assigned to elements of variables and fields, with their keys
	resets map[*types.Var]bool       // fields that an assignment sets
	starts map[*ast.CallExpr]bool    // calls of go statements
}

// target returns the function or method that a call names, methods of interfaces included.
func (w *walker) target(call *ast.CallExpr) *types.Func {
	fn, _ := typeutil.Callee(w.info, call).(*types.Func)
	return fn
}

func (w *walker) callee(call *ast.CallExpr) *types.Func { return static(w.target(call)) }

// static returns fn, or nil for a method of an interface, which may be any method.
func static(fn *types.Func) *types.Func {
	if fn == nil {
		return nil
	}
	fn = fn.Origin()
	if recv := fn.Signature().Recv(); recv != nil && types.IsInterface(recv.Type()) {
		return nil
	}
	return fn
}

// collect finds the functions of the files and the values of variables of function type.
func (w *walker) collect(files []*ast.File) {
	for _, file := range files {
		for _, d := range file.Decls {
			fd, ok := d.(*ast.FuncDecl)
			if !ok {
				continue
			}
			fn, ok := w.info.Defs[fd.Name].(*types.Func)
			if !ok {
				continue
			}
			n := &node{fn: fn}
			w.decls[fn] = n
			w.nodes = append(w.nodes, n)
			params := fn.Signature().Params()
			for i := range params.Len() {
				w.params[params.At(i)] = i
			}
			w.ranged(fd)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				w.lits[n] = &node{}
				w.nodes = append(w.nodes, w.lits[n])
			case *ast.AssignStmt:
				for i, lhs := range n.Lhs {
					if len(n.Lhs) == len(n.Rhs) {
						w.assign(lhs, n.Rhs[i])
					} else if i == 0 && len(n.Rhs) == 1 { // f, ok := m[k]; f, err := build()
						w.assign(lhs, n.Rhs[0])
					}
				}
			case *ast.CompositeLit:
				w.composite(n)
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if len(n.Names) == len(n.Values) {
						w.assign(name, n.Values[i])
					} else if i == 0 && len(n.Values) == 1 {
						w.assign(name, n.Values[0])
					}
				}
			case *ast.RangeStmt:
				if n.Value != nil && !known.IsFunc(w.info.TypeOf(n.X)) {
					w.assign(n.Value, &ast.IndexExpr{X: n.X})
				}
			}
			return true
		})
	}
}

// ranged notes the variables of loops over a variadic parameter: each is one of the functions given for it.
func (w *walker) ranged(d *ast.FuncDecl) {
	if d.Body == nil {
		return
	}
	ast.Inspect(d.Body, func(n ast.Node) bool {
		loop, ok := n.(*ast.RangeStmt)
		if !ok {
			return true
		}
		over, _ := ast.Unparen(loop.X).(*ast.Ident)
		value, _ := loop.Value.(*ast.Ident)
		if over == nil || value == nil {
			return true
		}
		from, _ := w.info.Uses[over].(*types.Var)
		v, _ := w.info.Defs[value].(*types.Var)
		if i, ok := w.params[from]; ok && v != nil && known.IsFunc(v.Type()) {
			w.params[v] = i
		}
		return true
	})
}

// body adds the items of a function's body to n. Function literals in it are nodes of their own.
func (w *walker) body(n *node, body ast.Node) {
	stretches, inLoop := w.entered(body), loops(body)
	ast.Inspect(body, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			if ast.Node(x) == body {
				return true
			}
			w.body(w.lits[x], x.Body)
			return false
		case *ast.GoStmt:
			if _, ok := w.silent.At(x.Pos(), x.End()); ok {
				// This goroutine evaluates the operands alone.
				for _, arg := range x.Call.Args {
					w.inner(n, arg, stretches)
				}
				w.inner(n, x.Call.Fun, stretches)
				return false
			}
			w.starts[x.Call] = true
		case *ast.CallExpr:
			items := w.call(x, at(stretches, x.Pos()))
			for i := range items {
				items[i].started = items[i].started || w.starts[x]
				items[i].looped = items[i].looped || inLoop(x.Pos())
			}
			n.items = append(n.items, items...)
		case *ast.RangeStmt: // a range over a function calls it
			if known.IsFunc(w.info.TypeOf(x.X)) {
				n.items = append(n.items, w.value(x.X, item{sets: at(stretches, x.Pos())}, nil)...)
			}
		case *ast.ReturnStmt:
			for _, e := range x.Results {
				n.outs = append(n.outs, w.value(e, item{}, nil)...)
			}
		}
		return true
	})
}

// inner adds the calls in an operand to n, but not those in its function literals.
func (w *walker) inner(n *node, e ast.Expr, stretches []stretch) {
	ast.Inspect(e, func(x ast.Node) bool {
		switch x := x.(type) {
		case *ast.FuncLit:
			w.body(w.lits[x], x.Body)
			return false
		case *ast.CallExpr:
			n.items = append(n.items, w.call(x, at(stretches, x.Pos()))...)
		}
		return true
	})
}

// call returns the items of a call, without those of evaluating its operands.
func (w *walker) call(call *ast.CallExpr, sets Sets) []item {
	if tv, ok := w.info.Types[call.Fun]; ok && (tv.IsType() || tv.IsBuiltin()) {
		return nil
	}
	if args := runners.Args(w.target(call)); args != nil {
		return w.spawned(call, args, sets)
	}
	fn := w.callee(call)
	if fn == nil {
		items := w.value(call.Fun, item{sets: sets, args: w.names(call)}, nil)
		for _, arg := range call.Args {
			items = append(items, w.handed(arg, sets)...)
		}
		return items
	}
	if does, ok := libraryFunc(fn); ok {
		return w.libraryCall(call, fn, does, sets)
	}
	args := w.names(call)
	n, fact := w.decls[fn], (*Fact)(nil)
	if n == nil {
		fact = w.fact(fn)
	}
	var items []item
	switch {
	case n != nil:
		items = append(items, item{node: n, fn: fn, args: args, sets: sets})
	case fact != nil:
		items = append(items, item{fact: fact, fn: fn, args: args, sets: sets})
	}
	for i, arg := range call.Args {
		index := min(i, fn.Signature().Params().Len()-1)
		switch {
		case !known.IsFunc(w.info.TypeOf(arg)):
		case n != nil:
			items = append(items, w.value(arg, item{sets: sets, gate: n, gateArg: index, gateArgs: args}, nil)...)
		case fact == nil && isStd(fn.Pkg()):
			if !keepsFunction[runners.Name(fn)] {
				items = append(items, w.handed(arg, sets)...)
			}
		case fact != nil:
			for _, p := range fact.Params {
				if p.Index == index {
					items = append(items, w.value(arg, item{
						sets: sets.with(substitute(p.Sets, args)...), passed: p.Passed,
						started: p.Started, looped: p.Looped, serves: p.Serves,
					}, nil)...)
				}
			}
		}
	}
	return items
}

// spawned returns the items of functions that run on another goroutine. They count as reads here:
// gls.Bind, which they need, captures the frame here.
func (w *walker) spawned(call *ast.CallExpr, args []int, sets Sets) []item {
	if _, silent := w.silent.At(call.Pos(), call.End()); silent {
		return nil
	}
	var items []item
	for _, i := range args {
		if i < len(call.Args) {
			items = append(items, w.value(call.Args[i], item{sets: sets, started: true}, nil)...)
		}
	}
	return items
}

// keepsFunction lists functions of the standard library that wrap a function and do not call it.
var keepsFunction = map[string]bool{"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true}

func (w *walker) libraryCall(call *ast.CallExpr, fn *types.Func, does libraryCall, sets Sets) []item {
	if kind, ok := kinds[does.Reads]; ok {
		r := &Read{Kind: kind, What: what(call, LibraryName(fn))}
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && kind == Storage {
			r.Name = w.storage(sel.X)
		}
		return []item{{read: r, sets: sets}}
	}
	if !does.runs() || does.Arg >= len(call.Args) {
		return nil
	}
	if does.sets != nil {
		sets = sets.with(does.sets(w, call)...)
	}
	return w.value(call.Args[does.Arg], item{sets: sets}, nil)
}

// what returns the read as the source has it, if that is short, and otherwise the name.
func what(call *ast.CallExpr, name string) string {
	if strings.Count(name, ".") == 2 {
		if text := types.ExprString(call.Fun); len(text) <= 60 && !strings.Contains(text, "\n") {
			return text
		}
	}
	return name
}

// handed returns the items of a function argument whose callee is unknown, and may call it.
// Handlers of requests are left out: a server calls them later.
func (w *walker) handed(arg ast.Expr, sets Sets) []item {
	t := w.info.TypeOf(arg)
	if !known.IsFunc(t) || isHandler(t) {
		return nil
	}
	return w.value(arg, item{sets: sets, passed: true}, nil)
}

// names returns the names of the storages among a call's arguments.
func (w *walker) names(call *ast.CallExpr) []string {
	var names []string
	for _, arg := range call.Args {
		name := ""
		if isStorage(w.info.TypeOf(arg)) {
			name = w.storage(arg)
		}
		names = append(names, name)
	}
	return names
}
