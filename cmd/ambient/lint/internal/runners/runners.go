// Package runners lists functions that run a function they are given on another goroutine, later or concurrently.
package runners

import (
	"go/types"
	"strings"
)

// A Runner is one such function: which argument it runs.
type Runner struct {
	Name string // package path, receiver type without pointer, method: "sync.WaitGroup.Go"
	Arg  int
}

var builtin = []Runner{
	{"time.AfterFunc", 1},
	{"context.AfterFunc", 1},
	{"sync.WaitGroup.Go", 0},
	{"iter.Pull", 0},
	{"iter.Pull2", 0},
	{"net/http.Server.RegisterOnShutdown", 0},
	{"golang.org/x/sync/errgroup.Group.Go", 0},
	{"golang.org/x/sync/errgroup.Group.TryGo", 0},
	{"golang.org/x/sync/singleflight.Group.DoChan", 1},
	{"github.com/panjf2000/ants.Submit", 0},
	{"github.com/panjf2000/ants.Pool.Submit", 0},
	{"github.com/panjf2000/ants.MultiPool.Submit", 0},
	{"github.com/sourcegraph/conc.WaitGroup.Go", 0},
	{"github.com/sourcegraph/conc/pool.Pool.Go", 0},
	{"github.com/sourcegraph/conc/pool.ErrorPool.Go", 0},
	{"github.com/sourcegraph/conc/pool.ContextPool.Go", 0},
	{"github.com/sourcegraph/conc/pool.ResultPool.Go", 0},
	{"github.com/sourcegraph/conc/pool.ResultErrorPool.Go", 0},
	{"github.com/sourcegraph/conc/pool.ResultContextPool.Go", 0},
	{"github.com/sourcegraph/conc/stream.Stream.Go", 0},
	{"github.com/sourcegraph/conc/iter.ForEach", 1},
	{"github.com/sourcegraph/conc/iter.ForEachIdx", 1},
	{"github.com/sourcegraph/conc/iter.Map", 1},
	{"github.com/sourcegraph/conc/iter.MapErr", 1},
	{"github.com/sourcegraph/conc/iter.Iterator.ForEach", 1},
	{"github.com/sourcegraph/conc/iter.Iterator.ForEachIdx", 1},
	{"github.com/sourcegraph/conc/iter.Mapper.Map", 1},
	{"github.com/sourcegraph/conc/iter.Mapper.MapErr", 1},
}

// Extra holds what the flag -runners names. It is set before any package is analyzed.
var Extra List

// Of returns the first argument that fn runs on another goroutine, and whether there is one.
func Of(fn *types.Func) (arg int, ok bool) {
	args := Args(fn)
	if len(args) == 0 {
		return 0, false
	}
	return args[0], true
}

// Args returns the arguments that fn runs on another goroutine.
func Args(fn *types.Func) []int {
	if fn == nil {
		return nil
	}
	name := Name(fn)
	for _, r := range builtin {
		if r.Name == name {
			return []int{r.Arg}
		}
	}
	if !Extra.Match(fn) {
		return nil
	}
	var args []int
	params := fn.Signature().Params()
	for i := range params.Len() {
		if _, ok := params.At(i).Type().Underlying().(*types.Signature); ok {
			args = append(args, i)
		}
	}
	return args
}

// Name is a function's name with its package's path, without a vendor directory and a major version at the end of it.
func Name(fn *types.Func) string {
	fn = fn.Origin()
	name := fn.Name()
	if recv := fn.Signature().Recv(); recv != nil {
		t := types.Unalias(recv.Type())
		if p, ok := t.(*types.Pointer); ok {
			t = types.Unalias(p.Elem())
		}
		if n, ok := t.(*types.Named); ok {
			name = n.Obj().Name() + "." + name
		}
	}
	if fn.Pkg() == nil {
		return name
	}
	return plainPath(fn.Pkg().Path()) + "." + name
}

func plainPath(path string) string {
	if i := strings.LastIndex(path, "/vendor/"); i >= 0 {
		path = path[i+len("/vendor/"):]
	}
	path = strings.TrimPrefix(path, "vendor/")
	if i := strings.LastIndex(path, "/v"); i >= 0 && i+2 < len(path) && strings.Trim(path[i+2:], "0123456789") == "" {
		path = path[:i]
	}
	return path
}

// A List is a flag that names functions: "example.com/pool.Pool.Submit,example.com/async.Run". A name may also leave out
// the path up to the package's own name, as in "pool.Pool.Submit".
type List []string

// String is for package flag.
func (l *List) String() string { return strings.Join(*l, ",") }

// Set is for package flag.
func (l *List) Set(text string) error {
	*l = nil
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" {
			*l = append(*l, strings.NewReplacer("(", "", ")", "", "*", "").Replace(name))
		}
	}
	return nil
}

// Match reports whether fn is named by the list.
func (l *List) Match(fn *types.Func) bool {
	if len(*l) == 0 {
		return false
	}
	name := Name(fn)
	for _, n := range *l {
		if n == name || fn.Pkg() != nil && n == fn.Pkg().Path()+strings.TrimPrefix(name, plainPath(fn.Pkg().Path())) ||
			!strings.Contains(n, "/") && strings.HasSuffix(name, "/"+n) {
			return true
		}
	}
	return false
}
