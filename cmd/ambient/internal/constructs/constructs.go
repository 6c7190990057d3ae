// Code generated from the library's file (AMBIENT_UPDATE=1 go test -run Copies .). DO NOT EDIT.

// Package constructs lists the functions of other packages that run a function on a goroutine which
// has nothing set, and the remedy for each. Error texts, the table in the README and ambient vet
// give the same remedy for each: tests compare them with this list.
package constructs

import "strings"

// A Construct is one of these functions, or a group of them.
type Construct struct {
	Name   string // as a program names it: "errgroup.Group.Go"
	Remedy string // the code to write instead, as the end of a sentence

	// Creators lists the functions that hold the go statement, as the runtime names them, or
	// prefixes of their names. If the runtime starts the goroutine itself, it lists the outermost
	// function on the goroutine's stack.
	Creators []string

	// Runners lists the functions as ambient vet names them, or prefixes of their names. There are
	// none if the function is not given by a call, or must not be bound.
	Runners []string

	// Rows lists the rows of the README's table, by the beginnings of their first cells.
	Rows []string
}

// Other is the remedy for a go statement in a package that is not listed.
const Other = "give it gls.Bind(fn) instead of fn"

// All lists the constructs. If the Creators of two fit, the earlier one counts.
var All = []Construct{
	{
		Name: "sync.WaitGroup.Go", Remedy: "make it a gls.WaitGroup",
		Creators: []string{"sync.(*WaitGroup).Go"}, Runners: []string{"sync.WaitGroup.Go"}, Rows: []string{"`sync.WaitGroup.Go`"},
	},
	{
		Name: "errgroup.Group.Go", Remedy: "bind the function with gls.Bind, as in group.Go(gls.Bind(fn))",
		Creators: []string{"golang.org/x/sync/errgroup."}, Runners: []string{"golang.org/x/sync/errgroup.Group."},
		Rows: []string{"`errgroup.Group.Go`"},
	},
	{
		Name: "singleflight.Group.DoChan",
		Remedy: "bind the function with gls.Bind, as in group.DoChan(key, gls.Bind(fn)), and let the key tell the values " +
			"apart, for the result is everybody's",
		// Analyzer shared reports it: only the user can tell which values are the same for all
		// callers.
		Creators: []string{"golang.org/x/sync/singleflight."}, Rows: []string{"`singleflight.Group.DoChan`"},
	},
	{
		Name: "t.Run", Remedy: "t.Run starts with nothing set: set it inside",
		Creators: []string{"testing.(*T).Run", "testing.(*B)."}, Rows: []string{"`t.Run`"},
	},
	{
		Name: "iter.Pull", Remedy: "bind the sequence with gls.Bind, as in iter.Pull(gls.Bind(seq))",
		Creators: []string{"iter.Pull", "iter.Pull2"}, Runners: []string{"iter.Pull", "iter.Pull2"},
		Rows: []string{"`iter.Pull`"},
	},
	{
		Name: "time.AfterFunc", Remedy: "use gls.AfterFunc",
		Creators: []string{"time.goFunc"}, Runners: []string{"time.AfterFunc"},
		Rows: []string{"`time.AfterFunc`", "the same, when it fires again"},
	},
	{
		Name: "context.AfterFunc", Remedy: "bind the function with gls.Bind, as in context.AfterFunc(ctx, gls.Bind(fn))",
		Creators: []string{"context.(*afterFuncCtx)."}, Runners: []string{"context.AfterFunc"},
		Rows: []string{"`context.AfterFunc`", "`signal.NotifyContext`"},
	},
	{
		Name: "http.TimeoutHandler", Remedy: "set it inside, in the handler that http.TimeoutHandler is given",
		Creators: []string{"net/http.(*timeoutHandler)."}, Rows: []string{"`http.TimeoutHandler`"},
	},
	{
		Name: "fasthttp.TimeoutHandler", Remedy: "set it inside, in the handler that fasthttp.TimeoutHandler is given",
		Creators: []string{"github.com/valyala/fasthttp.TimeoutWithCodeHandler"},
	},
	{
		Name: "fiber's timeout.New", Remedy: "set it inside, in the handler that timeout.New is given",
		Creators: []string{
			"github.com/gofiber/fiber/v2/middleware/timeout.", "github.com/gofiber/fiber/v3/middleware/timeout.",
		},
	},
	{
		Name: "http.Server", Remedy: "set it inside, in the handler or in a middleware around it, for each request",
		Creators: []string{
			"net/http.(*Server).Serve", "net/http.(*http2serverConn).", "net/http/internal/http2.(*serverConn).",
			"golang.org/x/net/http2.(*serverConn).",
		},
		Rows: []string{"`http.Server`"},
	},
	{
		Name:     "http.Server.RegisterOnShutdown",
		Remedy:   "bind the function with gls.Bind, as in server.RegisterOnShutdown(gls.Bind(fn))",
		Creators: []string{"net/http.(*Server).Shutdown"}, Runners: []string{"net/http.Server.RegisterOnShutdown"},
	},
	{
		Name: "httptrace", Remedy: "bind the functions of the httptrace.ClientTrace with gls.Bind where the request is made",
		Creators: []string{"net/http.(*Transport).dialConn"}, Rows: []string{"`http.Transport`: `httptrace`"},
	},
	{
		Name:     "http.Transport",
		Remedy:   "a connection may serve others: take what the dialer needs from the ctx that it is given, by context.WithValue",
		Creators: []string{"net/http.(*Transport)."}, Rows: []string{"`http.Transport`"},
	},
	{
		Name: "sql.DB", Remedy: "a connection serves everybody: give the driver.Connector what it needs when it is made",
		Creators: []string{"database/sql."}, Rows: []string{"`database/sql`: the opener"},
	},
	{
		Name: "runtime.SetFinalizer", Remedy: "bind the function with gls.Bind, as in runtime.SetFinalizer(p, gls.Bind(fn))",
		Creators: []string{"runtime.runfinq", "runtime.runFinalizers"}, Runners: []string{"runtime.SetFinalizer"},
		Rows: []string{"`runtime.SetFinalizer`"},
	},
	{
		Name: "runtime.AddCleanup", Remedy: "bind the function with gls.Bind, as in runtime.AddCleanup(p, gls.Bind(fn), arg)",
		Creators: []string{"runtime.runCleanups"}, Runners: []string{"runtime.AddCleanup"},
		Rows: []string{"`runtime.AddCleanup`"},
	},
	{
		Name: "a callback from C", Remedy: "bind the function with gls.Bind where it is registered",
		Creators: []string{FromC}, Rows: []string{"a callback from C, on a thread of C"},
	},
	pool("a pool of ants", "github.com/panjf2000/ants"),
	pool("a group of conc", "github.com/sourcegraph/conc"),
	pool("a pool of pond", "github.com/alitto/pond"),
	pool("a workerpool.WorkerPool", "github.com/gammazero/workerpool"),
	pool("a pool of gopool", "github.com/bytedance/gopkg/util/gopool"),
	pool("a pool of tunny", "github.com/Jeffail/tunny"),
	pool("lo", "github.com/samber/lo"),
	pool("a client of franz-go", "github.com/twmb/franz-go/pkg/kgo"),

	// These run a function for no caller: bound, it would have the values of the code that
	// registered it, each time.
	{
		Name: "nats.Conn.Subscribe", Remedy: "set it inside, in the handler, for each message",
		Creators: []string{"github.com/nats-io/nats%2ego."},
	},
	{
		Name: "cron.Cron", Remedy: "set it inside, in the job, for each run",
		Creators: []string{"github.com/robfig/cron"},
	},
	{
		Name: "gocron.Scheduler", Remedy: "set it inside, in the task, for each run",
		Creators: []string{"github.com/go-co-op/gocron"},
	},
}

// FromC stands for the creator of a goroutine that a callback from a thread of C started.
const FromC = "C"

// pool is a construct of a module whose functions run others.
func pool(name, module string) Construct {
	return Construct{
		Name: name, Remedy: Other,
		Creators: []string{module + ".", module + "/"}, Runners: []string{module + ".", module + "/"},
	}
}

// Of returns the construct that started a goroutine. It takes the function that holds the go
// statement, and the statement's file and line, "" if they are not known.
func Of(creator, position string) (*Construct, bool) {
	folder := folderOf(position)
	for i := range All {
		for _, c := range All[i].Creators {
			if named(creator, c) || inlined(creator, folder, c) {
				return &All[i], true
			}
		}
	}
	return nil, false
}

// named reports whether a function's name is a creator's name, or begins with it.
func named(function, creator string) bool {
	return function == creator || strings.HasPrefix(function, creator) && !ident(function[len(creator):], creator)
}

// inlined reports whether a closure is of a creator that was inlined. Such a closure has the name
// of the function that the creator was inlined into (cmd/compile/internal/ir, closureName), as in
// main.main.TimeoutHandler.func1, but its code lies in the folder of its own package.
func inlined(closure, folder, creator string) bool {
	pkg := creator[:strings.LastIndex(creator, "/")+1]
	if pkg == "" || !strings.Contains(folder+"/", "/"+strings.ToLower(pkg)) { // no creator of the standard library is inlined
		return false
	}
	if pkg == creator {
		return true
	}
	name, function, _ := strings.Cut(creator[len(pkg):], ".")
	if !strings.HasSuffix(folder, "/"+strings.ToLower(pkg+name)) {
		return false
	}
	for ok := true; ok; {
		if _, closure, ok = strings.Cut(closure, "."); ok && (function == "" || named(closure, function)) {
			return true
		}
	}
	return false
}

// folderOf returns the folder of a position in lower case, with a slash at the start. It drops the
// version that a folder of the module cache has in its name, and the marks of capitals there.
func folderOf(position string) string {
	folder := position[:max(0, strings.LastIndex(position, "/"))]
	if path, version, ok := strings.Cut(folder, "@v"); ok {
		_, below, ok := strings.Cut(version, "/")
		if folder = path; ok {
			folder += "/" + below
		}
	}
	return "/" + strings.ToLower(strings.ReplaceAll(folder, "!", ""))
}

// ident reports whether a name goes on after the prefix that was found: Pull2 is another function
// than Pull.
func ident(rest, start string) bool {
	if end := start[len(start)-1]; end == '.' || end == '/' {
		return false
	}
	c := rest[0]
	return c == '_' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// Go is the remedy for a go statement of the program itself.
const Go = "start it with gls.Go if it works for that flow alone; if it is a worker that serves many, give it each task in " +
	"gls.Bind, and leave the go statement as it is"

// Instead returns the remedy for a row of the README's table, "" for a row that is not listed.
func Instead(row string) string {
	for _, own := range []string{"`go f()`", "a worker of one's own", "the same, once that scope has ended"} {
		if strings.HasPrefix(row, own) {
			return Go
		}
	}
	best, remedy := 0, ""
	for _, c := range All {
		for _, start := range c.Rows {
			if strings.HasPrefix(row, start) && len(start) > best {
				best, remedy = len(start), c.Remedy
			}
		}
	}
	return remedy
}
