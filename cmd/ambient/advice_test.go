package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
)

func (r row) source(name string) string {
	text := "package main\n\n"
	for _, path := range strings.Fields(r.imports) {
		if path == "C" {
			text += adviceC
		} else {
			text += "import " + strconv.Quote(path) + "\n"
		}
	}
	body := r.body
	if !strings.Contains(body, `user.Run(`) {
		body = "user.Run(\"Ada\", func() {\n\t\t" + body + "\n\t})"
	}
	return text + "\n" + r.more + "\nfunc init() {\n\trows[" + strconv.Quote(name) + "] = func() {\n\t" + body + "\n\t}\n}\n"
}

var (
	asIn    = regexp.MustCompile(`as in ([\w.]+)\((.*?gls\.Bind\(\w+\).*?)\)(?:, and|$)`)
	at      = regexp.MustCompile(`\(([^() ]+\.go):(\d+)\)`)
	goThis  = regexp.MustCompile(`\bgo (\w+)\(\)`)
	foreign = regexp.MustCompile(`/pkg/mod/|@v\d|/src/(sync|time|context|net|testing|iter|runtime|database)/`)
)

// follow changes a program as the text of an error says, and in no other way.
func follow(t *testing.T, text, source string, r row) string {
	t.Helper()
	switch {
	case r.worker && strings.Contains(text, "if it is a worker that serves many, give it each task in gls.Bind"):
		return strings.ReplaceAll(source, "tasks <- ask", "tasks <- gls.Bind(ask)")
	case strings.Contains(text, "start it with gls.Go if it works for that flow alone"):
		place := at.FindStringSubmatch(text)
		require.NotNil(t, place, text)
		lines := strings.Split(source, "\n")
		n, err := strconv.Atoi(place[2])
		require.NoError(t, err)
		require.Regexp(t, goThis, lines[n-1], "the line that the text names")
		lines[n-1] = goThis.ReplaceAllString(lines[n-1], "gls.Go($1)")
		return strings.Join(lines, "\n")
	case strings.Contains(text, "make it a gls.WaitGroup"):
		return strings.ReplaceAll(source, " sync.WaitGroup", " gls.WaitGroup")
	case strings.Contains(text, "use gls.AfterFunc"):
		return strings.ReplaceAll(source, "time.AfterFunc(", "gls.AfterFunc(")
	case strings.Contains(text, "set it inside"):
		return strings.ReplaceAll(source, "{ ask()", `{ user.Run("Ada", ask)`)
	case strings.Contains(text, "bind the functions of the httptrace.ClientTrace with gls.Bind"):
		return strings.ReplaceAll(source, "GotFirstResponseByte: ask", "GotFirstResponseByte: gls.Bind(ask)")
	case strings.Contains(text, "bind the function with gls.Bind where it is registered"):
		return strings.ReplaceAll(source, "register(ask)", "register(gls.Bind(ask))")
	case asIn.MatchString(text):
		template := asIn.FindStringSubmatch(text)
		args := strings.Split(template[2], ", ")
		index := slices.IndexFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "gls.Bind(") })
		return bindArgument(t, source, template[1][strings.LastIndex(template[1], ".")+1:], index)
	case r.without != nil:
		for old, now := range r.without {
			require.Equal(t, 1, strings.Count(source, old), old)
			source = strings.Replace(source, old, now, 1)
		}
		return source
	}
	t.Fatalf("nothing to follow in: %s", text)
	return ""
}

// bindArgument puts gls.Bind around an argument of each call of a function.
func bindArgument(t *testing.T, source, function string, index int) string {
	t.Helper()
	fset := token.NewFileSet()
	file, err := parser.ParseFile(fset, "", source, 0)
	require.NoError(t, err)
	found := false
	ast.Inspect(file, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok || found {
			return !found
		}
		if sel, ok := call.Fun.(*ast.SelectorExpr); ok && sel.Sel.Name == function {
			from, to := fset.Position(call.Args[index].Pos()).Offset, fset.Position(call.Args[index].End()).Offset
			source = source[:from] + "gls.Bind(" + source[from:to] + ")" + source[to:]
			found = true
		}
		return !found
	})
	require.True(t, found, "no call of %s", function)
	return source
}

// withImports adds the import of gls if the source uses it, and removes unused imports.
func withImports(source string) string {
	if strings.Contains(source, "gls.") {
		source = strings.Replace(source, "package main\n", "package main\n\nimport \"github.com/ambient-go/ambient/gls\"\n", 1)
	}
	for _, name := range []string{"sync", "time"} {
		if !regexp.MustCompile(`[ \t(]` + name + `\.`).MatchString(source) {
			source = strings.Replace(source, "import \""+name+"\"\n", "", 1)
		}
	}
	return source
}

// losingRows returns the rows of the README's table whose functions lose the value in a program
// that the go command built.
func losingRows(t *testing.T, root string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	require.NoError(t, err)
	_, table, ok := strings.Cut(string(text), "<!-- what travels by what: written by make travel -->\n")
	require.True(t, ok)
	table, _, _ = strings.Cut(table, "<!-- end of")
	var names []string
	for line := range strings.Lines(table) {
		if cells := strings.Split(line, " | "); len(cells) > 2 && cells[1] == "no" {
			names = append(names, strings.TrimPrefix(cells[0], "| "))
		}
	}
	return names
}

// For each row of the table: a program changed as the error says has the value, or works without
// it.
func TestAdviceOfErrorsIsRight(t *testing.T) {
	root := libtest.Root(t)
	names := losingRows(t, root)
	require.GreaterOrEqual(t, len(names), 18)
	cgo, err := exec.Command("go", "env", "CGO_ENABLED").Output()
	require.NoError(t, err)
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	require.NoError(t, writeModule(dir, root))
	requireSync(t, root)
	require.NoError(t, os.WriteFile("main.go", []byte(adviceProgram), 0o666))
	files := map[string]string{}
	for i, name := range names {
		r, ok := adviceRows[name]
		require.True(t, ok, "no program for the row %s", name)
		if r.imports == "C" && strings.TrimSpace(string(cgo)) != "1" {
			continue
		}
		files[name] = "row" + strconv.Itoa(i) + ".go"
		require.NoError(t, os.WriteFile(files[name], []byte(r.source(name)), 0o666))
	}
	assert.Len(t, adviceRows, len(names), "a program for each row, and a row for each program")
	before, after := filepath.Join(dir, "before"), filepath.Join(dir, "after")
	build(t, before)
	for name, file := range files {
		text := strings.TrimSuffix(strings.Split(outcome(t, before, name), "\n")[0], "PASS")
		require.True(t, strings.HasPrefix(text, `lost: gls: storage "user" is not set on goroutine `), "%s: %s", name, text)
		assert.Regexp(t, `\(`+regexp.QuoteMeta(dir)+`/(`+file+`|main\.go):\d+\)`, text, "a line of the program's own")
		assert.NotRegexp(t, foreign, text, "a line that one cannot edit")
		fixed := follow(t, text, adviceRows[name].source(name), adviceRows[name])
		require.NoError(t, os.WriteFile(file, []byte(withImports(fixed)), 0o666))
	}
	build(t, after)
	for name := range files {
		assert.Equal(t, "seen Ada", strings.Split(outcome(t, after, name), "\n")[0], name)
	}
}

// adviceProgram runs one row: its function reads the user, who is set around the construct.
const adviceProgram = `package main

import (
	"fmt"
	"os"

	"github.com/ambient-go/ambient/gls"
)

var (
	user   = gls.New[string]("user")
	rows   = map[string]func(){}
	result = make(chan string, 100)
)

func ask() {
	v, err := user.Lookup()
	if err != nil {
		result <- "lost: " + err.Error()
		return
	}
	result <- "seen " + v
}

func work(tasks chan func()) {
	for task := range tasks {
		task()
	}
}

func main() {
	rows[os.Args[1]]()
	fmt.Println(<-result)
}
`

// A row is the program for a row of the README's table: imports, and the body of a function. If the
// function cannot have the value, without turns the program into one that does not need it.
type row struct {
	imports, body string
	more          string            // declarations
	worker        bool              // the goroutine serves many: if a text offers two remedies, the second one is for it
	without       map[string]string // replacements that carry out what the text says
}

var adviceRows = map[string]row{
	"`go f()`":             {imports: "time", body: "go ask()\n\t\t" + await},
	"`sync.WaitGroup.Go`":  {imports: "sync", body: "var wg sync.WaitGroup\n\t\twg.Go(ask)\n\t\twg.Wait()"},
	"`errgroup.Group.Go`":  {imports: "golang.org/x/sync/errgroup", body: "var g errgroup.Group\n\t\tg.Go(func() error { ask(); return nil })\n\t\t_ = g.Wait()"},
	"`time.AfterFunc`":     {imports: "time", body: "time.AfterFunc(time.Millisecond, ask)"},
	"`runtime.AddCleanup`": {imports: "runtime", body: "runtime.AddCleanup(new([64]byte), func(struct{}) { ask() }, struct{}{})\n\t\truntime.GC()"},
	"`singleflight.Group.DoChan`, and what else other modules start: pools, batchers, drivers": {
		imports: "golang.org/x/sync/singleflight",
		body:    "var g singleflight.Group\n\t\t<-g.DoChan(\"Ada\", func() (any, error) { ask(); return nil, nil })",
	},
	"`t.Run`, also with `t.Parallel`": {
		imports: "testing fmt os",
		body: `os.Args = os.Args[:1]
		testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
			Name: "Outer",
			F: func(t *testing.T) {
				user.Run("Ada", func() {
					t.Run("inner", func(t *testing.T) { ask(); fmt.Println(<-result) })
				})
			},
		}}, nil, nil)`,
	},
	"`iter.Pull`: the sequence's body": {
		imports: "iter",
		body:    "next, stop := iter.Pull(func(func(int) bool) { ask() })\n\t\tnext()\n\t\tstop()",
	},
	"`time.AfterFunc`, after `Reset` elsewhere": {
		imports: "time",
		body:    "timer := time.AfterFunc(time.Hour, ask)\n\t\tgo timer.Reset(time.Millisecond)",
	},
	"`context.AfterFunc`, cancelled elsewhere": {
		imports: "context",
		body:    "ctx, cancel := context.WithCancel(context.Background())\n\t\tcontext.AfterFunc(ctx, ask)\n\t\tgo cancel()",
	},
	"`context.AfterFunc`, by a deadline": {
		imports: "context time",
		body: "ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)\n\t\tcontext.AfterFunc(ctx, ask)\n\t\t" +
			"<-ctx.Done()\n\t\tcancel()",
	},
	"`signal.NotifyContext` and `context.AfterFunc`": {
		imports: "context os os/signal syscall",
		body: `ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGHUP)
		context.AfterFunc(ctx, ask)
		self, _ := os.FindProcess(os.Getpid())
		_ = self.Signal(syscall.SIGHUP)
		<-ctx.Done()
		stop()`,
	},
	"`http.TimeoutHandler`: the handler": {
		imports: "net/http net/http/httptest time",
		body: `h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ask() }), time.Minute, "")
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))`,
	},
	"`http.Server`: handlers, where `Serve` was called": {
		imports: "net/http net/http/httptest",
		body: `server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { ask() }))
		defer server.Close()
		_, _ = http.Get(server.URL)`,
	},
	"`http.Transport`: `DialContext`": {
		imports: "context net net/http net/http/httptest",
		body: `server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			ask()
			return new(net.Dialer).DialContext(ctx, network, address)
		}}}
		ctx := context.Background()
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		_, _ = client.Do(r)`,
		without: map[string]string{
			"ctx := context.Background()": `v, _ := user.Get()
		ctx := context.WithValue(context.Background(), userKey{}, v)`,
			"ask()\n": `v, _ := ctx.Value(userKey{}).(string); result <- "seen " + v` + "\n",
		},
		more: "type userKey struct{}\n",
	},
	"`http.Transport`: `httptrace`'s `WroteHeaders`, `GotFirstResponseByte`, the request's body": {
		imports: "context net/http net/http/httptest net/http/httptrace",
		body: `server := httptest.NewServer(http.NotFoundHandler())
		defer server.Close()
		ctx := httptrace.WithClientTrace(context.Background(), &httptrace.ClientTrace{GotFirstResponseByte: ask})
		r, _ := http.NewRequestWithContext(ctx, "GET", server.URL, nil)
		_, _ = http.DefaultClient.Do(r)`,
	},
	"a worker of one's own: a task, while the scope that started it is open": {
		imports: "time", worker: true,
		body: "tasks := make(chan func())\n\t\tgo work(tasks)\n\t\ttasks <- ask\n\t\t" + await,
	},
	"the same, once that scope has ended": {
		imports: "time", worker: true,
		body: "tasks := make(chan func())\n\t\tuser.Run(\"Bob\", func() { go work(tasks) })\n\t\t" +
			"user.Run(\"Ada\", func() {\n\t\ttasks <- ask\n\t\t" + await + "\n\t\t})",
	},
	"the same, when it fires again": {
		imports: "time",
		body: `again := make(chan bool)
		fired := false
		timer := time.AfterFunc(time.Millisecond, func() {
			if fired {
				ask()
			}
			fired = true
			again <- true
		})
		<-again
		timer.Reset(time.Millisecond)
		<-again`,
	},
	"`database/sql`: the opener, where `sql.Open` was called": {
		imports: "context database/sql database/sql/driver errors time",
		more: `type connector struct {
	ask  func()
	user string
}

func (c *connector) Connect(context.Context) (driver.Conn, error) {
	if c.ask != nil {
		c.who()
	}
	return connection{}, nil
}

func (c *connector) who()                  { ask() }
func (c *connector) Driver() driver.Driver { return nil }

type connection struct{}

func (connection) Prepare(string) (driver.Stmt, error) { return nil, errors.ErrUnsupported }
func (connection) Begin() (driver.Tx, error)           { return nil, errors.ErrUnsupported }
func (connection) Close() error                        { return nil }
`,
		body: `c := &connector{}
		db := sql.OpenDB(c)
		db.SetMaxOpenConns(1)
		conn, _ := db.Conn(context.Background())
		c.ask = ask // for the second connection, which the opener makes for who waits
		go func() {
			if other, err := db.Conn(context.Background()); err == nil {
				_ = other.Close()
			}
		}()
		for db.Stats().WaitCount == 0 {
			time.Sleep(time.Millisecond)
		}
		_ = conn.Raw(func(any) error { return driver.ErrBadConn })`,
		without: map[string]string{
			"c := &connector{}":                "v, _ := user.Get()\n\t\tc := &connector{user: v}",
			"who()                  { ask() }": `who() { result <- "seen " + c.user }`,
		},
	},
	"`runtime.SetFinalizer`": {
		imports: "runtime",
		body:    "runtime.SetFinalizer(new([64]byte), func(*[64]byte) { ask() })\n\t\truntime.GC()",
	},
	"a callback from C, on a thread of C": {
		imports: "C",
		more: `var callback func()

func register(f func()) { callback = f }

//export adviceCallback
func adviceCallback() { callback() }
`,
		body: "register(ask)\n\t\tC.call_on_thread()",
	},
}

// await waits for the answer while the value is still set.
const await = "for len(result) == 0 {\n\t\t\ttime.Sleep(time.Millisecond)\n\t\t}"

const adviceC = `/*
#include <pthread.h>

extern void adviceCallback(void);

static void *on_thread(void *arg) { adviceCallback(); return arg; }

static int call_on_thread(void) {
	pthread_t t;
	int err = pthread_create(&t, 0, on_thread, 0);
	return err ? err : pthread_join(t, 0);
}
*/
import "C"
`
