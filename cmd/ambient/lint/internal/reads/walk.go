package reads

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"

	"golang.org/x/tools/go/types/typeutil"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/directive"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/runners"
)

// A node is a function of the package: a declaration, a literal, or all initialisers of its variables.
type node struct {
	fn    *types.Func // nil for a literal
	items []item
	outs  []item // functions that it returns

	reads   []Read
	results []Read
	params  map[int]Param
	outRuns map[int]Param // parameters that the functions it returns run
	enters  Sets
}

// An item is something that a function does and that may read: the read itself, a call, a function run by another.
type item struct {
	read    *Read
	node    *node
	fact    *Fact
	results bool // what node or fact returns is run
	param   int  // a parameter of the enclosing declaration is run, if isParam
	isParam bool

	fn     *types.Func // the callee, where the way goes through it
	args   []string    // names of the storages among its arguments
	sets   Sets        // what is set around it
	passed bool

	// A function handed to a callee of this package is run if the callee runs that parameter.
	gate     *node
	gateArg  int
	gateArgs []string
	gateOuts bool // if a function that the callee returns runs it
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
	values map[*types.Var][]ast.Expr // what is assigned to variables of function type
}

// target is the function or method that a call names, be it an interface's.
func (w *walker) target(call *ast.CallExpr) *types.Func {
	fn, _ := typeutil.Callee(w.info, call).(*types.Func)
	return fn
}

func (w *walker) callee(call *ast.CallExpr) *types.Func { return static(w.target(call)) }

// static returns fn unless it is an interface's method, of which nobody knows what it calls.
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

// collect finds all functions of the files and what is assigned to variables of function type.
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
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.FuncLit:
				w.lits[n] = &node{}
				w.nodes = append(w.nodes, w.lits[n])
			case *ast.AssignStmt:
				if len(n.Lhs) == len(n.Rhs) {
					for i, lhs := range n.Lhs {
						w.assign(lhs, n.Rhs[i])
					}
				}
			case *ast.ValueSpec:
				if len(n.Names) == len(n.Values) {
					for i, name := range n.Names {
						w.assign(name, n.Values[i])
					}
				}
			}
			return true
		})
	}
}

func (w *walker) assign(lhs, rhs ast.Expr) {
	id, ok := ast.Unparen(lhs).(*ast.Ident)
	if !ok {
		return
	}
	if v, ok := w.info.ObjectOf(id).(*types.Var); ok {
		if _, ok := v.Type().Underlying().(*types.Signature); ok {
			w.values[v] = append(w.values[v], rhs)
		}
	}
}

// body fills the items of the function whose body it is. Literals in it are functions of their own.
func (w *walker) body(n *node, body ast.Node) {
	stretches := w.entered(body)
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
				// Only what the statement evaluates is this goroutine's.
				for _, arg := range x.Call.Args {
					w.inner(n, arg, stretches)
				}
				w.inner(n, x.Call.Fun, stretches)
				return false
			}
		case *ast.CallExpr:
			n.items = append(n.items, w.call(x, at(stretches, x.Pos()))...)
		case *ast.RangeStmt: // over a function: it is called
			if isFunc(w.info.TypeOf(x.X)) {
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

// inner walks an operand: its calls are the node's, its literals are not run by it.
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

// call returns what the call runs, its arguments' evaluation left out.
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
	if known, ok := libraryFunc(fn); ok {
		return w.libraryCall(call, fn, known, sets)
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
		case !isFunc(w.info.TypeOf(arg)):
		case n != nil:
			items = append(items, w.value(arg, item{sets: sets, gate: n, gateArg: index, gateArgs: args}, nil)...)
		case fact == nil && isStd(fn.Pkg()):
			if !keepsFunction[runners.Name(fn)] {
				items = append(items, w.handed(arg, sets)...)
			}
		case fact != nil:
			for _, p := range fact.Params {
				if p.Index == index {
					items = append(items, w.value(arg, item{sets: sets.with(substitute(p.Sets, args)...), passed: p.Passed}, nil)...)
				}
			}
		}
	}
	return items
}

// spawned returns what functions read that are run on other goroutines. It counts as read here: bound, as they have to be,
// they capture the frame that is in force here.
func (w *walker) spawned(call *ast.CallExpr, args []int, sets Sets) []item {
	if _, silent := w.silent.At(call.Pos(), call.End()); silent {
		return nil
	}
	var items []item
	for _, i := range args {
		if i < len(call.Args) {
			items = append(items, w.value(call.Args[i], item{sets: sets}, nil)...)
		}
	}
	return items
}

// keepsFunction lists functions of the standard library that only keep the function they are given.
var keepsFunction = map[string]bool{"sync.OnceFunc": true, "sync.OnceValue": true, "sync.OnceValues": true}

func (w *walker) libraryCall(call *ast.CallExpr, fn *types.Func, known libraryCall, sets Sets) []item {
	if kind, ok := kinds[known.Reads]; ok {
		r := &Read{Kind: kind, What: what(call, LibraryName(fn))}
		if sel, ok := ast.Unparen(call.Fun).(*ast.SelectorExpr); ok && kind == Storage {
			r.Name = w.storage(sel.X)
		}
		return []item{{read: r, sets: sets}}
	}
	if !known.runs() || known.Arg >= len(call.Args) {
		return nil
	}
	if known.sets != nil {
		sets = sets.with(known.sets(w, call)...)
	}
	return w.value(call.Args[known.Arg], item{sets: sets}, nil)
}

// what is the read as the source has it, if that is short.
func what(call *ast.CallExpr, name string) string {
	if strings.Count(name, ".") == 2 {
		if text := types.ExprString(call.Fun); len(text) <= 60 && !strings.Contains(text, "\n") {
			return text
		}
	}
	return name
}

// handed returns what runs if a callee of which nothing is known runs the argument: all but handlers of requests, which
// a server calls later.
func (w *walker) handed(arg ast.Expr, sets Sets) []item {
	t := w.info.TypeOf(arg)
	if !isFunc(t) || isHandler(t) {
		return nil
	}
	return w.value(arg, item{sets: sets, passed: true}, nil)
}

// names returns the storages among the arguments of a call.
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
