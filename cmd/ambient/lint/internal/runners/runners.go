// Package runners lists functions that call a function argument on another goroutine, later or
// concurrently.
package runners

import (
	"fmt"
	"go/types"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/known"
)

// A runner says which arguments a function calls.
type runner struct {
	arg  int
	more bool // and all arguments after it
}

// builtin holds functions by package path, receiver type without pointer, and name. A function that
// computes one result for many callers, such as singleflight.Group.DoChan, is missing on purpose:
// with gls.Bind the first caller's values would serve all.
var builtin = func() map[string]runner {
	all := map[string]runner{}
	add := func(path string, r runner, names ...string) {
		for _, name := range names {
			all[path+"."+name] = r
		}
	}
	first, second, third := runner{arg: 0}, runner{arg: 1}, runner{arg: 2}
	add("time", second, "AfterFunc")
	add("context", second, "AfterFunc")
	add("sync", first, "WaitGroup.Go")
	add("iter", first, "Pull", "Pull2")
	add("runtime", second, "SetFinalizer", "AddCleanup")
	add("net/http", first, "Server.RegisterOnShutdown")
	add("golang.org/x/sync/errgroup", first, "Group.Go", "Group.TryGo")

	const ants = "github.com/panjf2000/ants"
	add(ants, first, "Submit", "Pool.Submit", "MultiPool.Submit")

	const conc = "github.com/sourcegraph/conc"
	add(conc, first, "WaitGroup.Go")
	add(conc+"/pool", first, "Pool.Go", "ErrorPool.Go", "ContextPool.Go", "ResultPool.Go", "ResultErrorPool.Go",
		"ResultContextPool.Go")
	add(conc+"/stream", first, "Stream.Go")
	add(conc+"/iter", second, "ForEach", "ForEachIdx", "Map", "MapErr", "Iterator.ForEach", "Iterator.ForEachIdx",
		"Mapper.Map", "Mapper.MapErr")

	const pond = "github.com/alitto/pond"
	add(pond, first, "Submit", "SubmitErr", "WorkerPool.Submit", "WorkerPool.TrySubmit", "WorkerPool.SubmitAndWait",
		"WorkerPool.SubmitBefore", "TaskGroupWithContext.Submit", "Pool.Go", "Pool.Submit", "Pool.SubmitErr",
		"Pool.TrySubmit", "Pool.TrySubmitErr", "ResultPool.Submit", "ResultPool.SubmitErr", "ResultPool.TrySubmit",
		"ResultPool.TrySubmitErr")
	add(pond, runner{arg: 0, more: true}, "TaskGroup.Submit", "TaskGroup.SubmitErr", "ResultTaskGroup.Submit",
		"ResultTaskGroup.SubmitErr")

	add("github.com/gammazero/workerpool", first, "WorkerPool.Submit", "WorkerPool.SubmitWait", "WorkerPool.Do",
		"WorkerPool.DoWait")
	add("github.com/bytedance/gopkg/util/gopool", first, "Go", "Pool.Go")
	add("github.com/bytedance/gopkg/util/gopool", second, "CtxGo", "Pool.CtxGo")

	const lo = "github.com/samber/lo"
	add(lo, first, "Async", "Async0", "Async1", "Async2", "Async3", "Async4", "Async5", "Async6")
	add(lo, second, "Generator")
	add(lo+"/parallel", second, "Map", "ForEach", "Times", "GroupBy", "PartitionBy")

	add("github.com/twmb/franz-go/pkg/kgo", third, "Client.Produce", "Client.TryProduce", "Client.CommitOffsets",
		"Client.CommitOffsetsSync")
	return all
}()

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

// Args returns the arguments that fn runs on another goroutine, more than a call has where fn takes
// any number.
func Args(fn *types.Func) []int {
	if fn == nil {
		return nil
	}
	if r, ok := builtin[Name(fn)]; ok {
		args := []int{r.arg}
		for i := r.arg + 1; r.more && i < 16; i++ {
			args = append(args, i)
		}
		return args
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

// Name returns a function's name with the package's path, without a vendor directory and a major
// version.
func Name(fn *types.Func) string {
	fn = fn.Origin()
	if fn.Pkg() == nil {
		return known.Name(fn)
	}
	return PlainPath(fn.Pkg()) + "." + known.Name(fn)
}

// PlainPath returns a package's import path without a vendor directory and a major version at its
// end.
func PlainPath(pkg *types.Package) string {
	path := known.Path(pkg)
	if i := strings.LastIndex(path, "/v"); i >= 0 && i+2 < len(path) && strings.Trim(path[i+2:], "0123456789") == "" {
		path = path[:i]
	}
	return path
}

// A List is a flag that names functions: "example.com/pool.Pool.Submit,example.com/async.Run". A
// name without a slash, such as "pool.Pool.Submit", matches packages of that name with any path.
type List []string

// String is for package flag.
func (l *List) String() string { return strings.Join(*l, ",") }

// Set is for package flag.
func (l *List) Set(text string) error {
	var names List
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		short := name[strings.LastIndex(name, "/")+1:]
		switch {
		case name == "":
		case !strings.Contains(strings.Trim(short, "."), "."), strings.HasPrefix(name, "."):
			return fmt.Errorf("%q names no function: write pkg.Func or pkg.Type.Method", name)
		default:
			names = append(names, strings.NewReplacer("(", "", ")", "", "*", "").Replace(name))
		}
	}
	*l = names
	return nil
}

// Match reports whether fn is named by the list.
func (l *List) Match(fn *types.Func) bool {
	if len(*l) == 0 {
		return false
	}
	name := Name(fn)
	for _, n := range *l {
		if n == name || fn.Pkg() != nil && n == fn.Pkg().Path()+strings.TrimPrefix(name, PlainPath(fn.Pkg())) ||
			!strings.Contains(n, "/") && strings.HasSuffix(name, "/"+n) {
			return true
		}
	}
	return false
}
