package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
)

// A construct runs READ on another goroutine, in a handler that returns at once or in one that
// waits.
type construct struct{ name, imports, returns, waits string }

var constructs = []construct{
	{"go", "", `go READ()`, `done := make(chan bool)
		go func() { defer close(done); READ() }()
		<-done`},
	{"go with an argument", "", `n := len(r.URL.Path)
		go func(n int) { _ = n; READ() }(n)`, `var wg sync.WaitGroup
		wg.Add(1)
		go func(n int) { defer wg.Done(); _ = n; READ() }(len(r.URL.Path))
		wg.Wait()`},
	{"go through a function", "", `go run(READ)`, `done := make(chan bool)
		go runAndClose(done, READ)
		<-done`},
	{"go in a loop", "", `for range 1 { go READ() }`, `c := make(chan int)
		for range 1 { go func() { READ(); c <- 1 }() }
		for range 1 { <-c }`},
	{"go in a go", "", `go func() { go READ() }()`, `var wg sync.WaitGroup
		wg.Add(1)
		go func() { go func() { defer wg.Done(); READ() }() }()
		wg.Wait()`},
	{"gives up", "", `c := make(chan bool, 1)
		go func() { READ(); c <- true }()
		select {
		case <-c:
		case <-time.After(time.Millisecond):
		}`, `c := make(chan bool, 1)
		go func() { READ(); c <- true }()
		select {
		case <-c:
		}`},
	{"time.AfterFunc", "", `time.AfterFunc(time.Millisecond, READ)`, `done := make(chan bool)
		time.AfterFunc(time.Millisecond, func() { READ(); close(done) })
		<-done`},
	{"sync.WaitGroup.Go", "", `var wg sync.WaitGroup
		wg.Go(READ)`, `var wg sync.WaitGroup
		wg.Go(READ)
		wg.Wait()`},
	{"a WaitGroup of all requests", "", `background.Go(READ)`, `background.Go(READ)
		background.Wait()`},
	{"go with a WaitGroup of all requests", "", `background.Add(1)
		go func() { defer background.Done(); READ() }()`, `background.Add(1)
		go func() { defer background.Done(); READ() }()
		background.Wait()`},
	{"errgroup.Group.Go", "golang.org/x/sync/errgroup", `var g errgroup.Group
		g.Go(func() error { READ(); return nil })`, `var g errgroup.Group
		g.Go(func() error { READ(); return nil })
		_ = g.Wait()`},
	{"singleflight.Group.DoChan", "golang.org/x/sync/singleflight", `var g singleflight.Group
		g.DoChan("", func() (any, error) { READ(); return nil, nil })`, `var g singleflight.Group
		<-g.DoChan("", func() (any, error) { READ(); return nil, nil })`},
	{"context.AfterFunc", "context", `context.AfterFunc(r.Context(), READ)`, `ctx, cancel := context.WithCancel(r.Context())
		done := make(chan bool)
		context.AfterFunc(ctx, func() { defer close(done); READ() })
		cancel()
		<-done`},
	{"iter.Pull", "iter", `next, stop := iter.Pull(func(func(int) bool) { READ() })
		go func() { next(); stop() }()`, `next, stop := iter.Pull(func(func(int) bool) { READ() })
		next()
		stop()`},
	{"gls.Go", "", `gls.Go(READ)`, `done := make(chan bool)
		gls.Go(func() { defer close(done); READ() })
		<-done`},
	{"gls.AfterFunc", "", `gls.AfterFunc(time.Millisecond, READ)`, `done := make(chan bool)
		gls.AfterFunc(time.Millisecond, func() { READ(); close(done) })
		<-done`},
	{"gls.WaitGroup.Go", "", `var wg gls.WaitGroup
		wg.Go(READ)`, `var wg gls.WaitGroup
		wg.Go(READ)
		wg.Wait()`},
	{"gls.Bind in errgroup", "golang.org/x/sync/errgroup", `var g errgroup.Group
		g.Go(gls.Bind(func() error { READ(); return nil }))`, `var g errgroup.Group
		g.Go(gls.Bind(func() error { READ(); return nil }))
		_ = g.Wait()`},
	{"a writer", "", `go func() { READ(); write() }()`, `done := make(chan bool)
		go func() { defer close(done); READ(); write() }()
		<-done`},
}

// kinds lists what READ reads. Some of them panic without a value, others do something else then.
var kinds = []string{"key", "keyOrNot", "request", "requestOrNot", "deadline", "storage", "storageOrNot"}

const formProgram = `package main

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user   = httpctx.NewKey[string]("user")
	tenant = gls.New[string]("tenant")

	background sync.WaitGroup
	over       = make(chan bool) // closed when a handler that does not wait has returned, from the start where it waits
	result     = make(chan string, 1)
	forms      = map[string]http.HandlerFunc{}
)

func key()          { <-over; result <- "ok " + user.GetOrFail() }
func keyOrNot()     { <-over; v, ok := user.Get(); result <- fmt.Sprint("ok ", v, ok) }
func request()      { <-over; result <- "ok " + httpctx.GetOrFail().Request().Method }
func requestOrNot() { <-over; _, err := httpctx.Lookup(); result <- fmt.Sprint("ok ", err == nil) }
func storage()      { <-over; result <- "ok " + tenant.GetOrFail() }
func storageOrNot() { <-over; v, ok := tenant.Get(); result <- fmt.Sprint("ok ", v, ok) }

func deadline() {
	<-over
	if err := gls.Context().Err(); err != nil {
		result <- err.Error()
		return
	}
	result <- "ok"
}

func write() {
	if c, ok := httpctx.Get(); ok {
		_, _ = c.Writer().Write([]byte("x"))
	}
}

func run(f func()) { f() }

func runAndClose(done chan bool, f func()) {
	defer close(done)
	f()
}

func main() {
	name := os.Args[1]
	handler := forms[name]
	returned := make(chan bool)
	if os.Args[2] == "waits" {
		close(over)
	}
	serve := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Set(httpctx.GetOrFail(), "Ada")
		tenant.Run("acme", func() { handler(w, r) })
	}))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(returned)
		serve.ServeHTTP(w, r)
	}))
	response, err := http.Get(server.URL + "/path")
	if err != nil {
		panic(err)
	}
	response.Body.Close()
	<-returned
	if os.Args[2] != "waits" {
		server.Close() // the request's context is cancelled now
		close(over)
	}
	fmt.Println(<-result)
}
`

// formFile returns a file with a single form, so that the file of a finding tells the form.
func formFile(c construct, kind, name, body string) string {
	body = strings.ReplaceAll(body, "READ", kind)
	imports := ""
	for _, path := range []string{c.imports, "time", "sync", "github.com/ambient-go/ambient/gls"} {
		base := path[strings.LastIndex(path, "/")+1:]
		if path != "" && strings.Contains(body, base+".") {
			imports += fmt.Sprintf("\t%q\n", path)
		}
	}
	return "package main\n\nimport (\n\t\"net/http\"\n" + imports + ")\n\nfunc init() { forms[\"" + name + "\"] = " + name + " }\n\n" +
		"func " + name + "(w http.ResponseWriter, r *http.Request) {\n\t" + body + "\n}\n"
}

// A program that -fix has changed does what it did before, or more, and a program in which vet
// finds nothing does not panic.
func TestFixedProgramsAreNeverWorse(t *testing.T) {
	root := libtest.Root(t)
	dir := t.TempDir()
	t.Chdir(dir)
	t.Setenv("GOWORK", "off")
	t.Setenv("GOFLAGS", "-mod=mod")
	require.NoError(t, writeModule(dir, root))
	requireSync(t, root)
	require.NoError(t, os.WriteFile("main.go", []byte(formProgram), 0o666))
	type form struct{ name, title, ends string }
	var forms []form
	for i, c := range constructs {
		for _, kind := range kinds {
			for _, ends := range []string{"returns", "waits"} {
				f := form{fmt.Sprintf("form%d%s%s", i, kind, ends), c.name + ", " + kind + ", " + ends, ends}
				body := c.returns
				if ends == "waits" {
					body = c.waits
				}
				forms = append(forms, f)
				require.NoError(t, os.WriteFile(f.name+".go", []byte(formFile(c, kind, f.name, body)), 0o666))
			}
		}
	}
	before, results := filepath.Join(dir, "before"), map[string]string{}
	build(t, before)
	for _, f := range forms {
		results[f.name] = outcome(t, before, f.name, f.ends)
	}

	var stdout, stderr strings.Builder
	assert.Equal(t, found, run([]string{"vet", "-fix"}, nil, &stdout, &stderr), stderr.String())
	findings := stdout.String()
	after := filepath.Join(dir, "after")
	build(t, after)
	worked, mended, reported, panicked := 0, 0, 0, 0
	for _, f := range forms {
		now := outcome(t, after, f.name, f.ends)
		if strings.HasPrefix(results[f.name], "ok") {
			worked++
			assert.True(t, strings.HasPrefix(now, "ok"), "%s (%s.go): worked before, and now: %s", f.title, f.name, now)
		} else if strings.HasPrefix(now, "ok") {
			mended++
		}
		if strings.Contains(findings, f.name+".go:") {
			reported++
			continue
		}
		if !assert.False(t, strings.HasPrefix(now, "panic"), "%s (%s.go): vet passes it, and it ends: %s", f.title, f.name, now) {
			panicked++
		}
	}
	assert.Positive(t, mended)
	t.Logf("%d forms: %d worked before and do; %d work that did not; %d are reported and left; %d pass vet and panic",
		len(forms), worked, mended, reported, panicked)
}

// requireSync makes the module in the current folder require golang.org/x/sync as this module does.
func requireSync(t *testing.T, root string) {
	t.Helper()
	own := filepath.Join(root, "cmd", "ambient")
	sum, err := os.ReadFile(filepath.Join(own, "go.sum"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("go.sum", sum, 0o666))
	version, err := exec.Command("go", "-C", own, "list", "-m", "-f", "{{.Version}}", "golang.org/x/sync").Output()
	require.NoError(t, err)
	require.NoError(t, exec.Command("go", "mod", "edit", "-require=golang.org/x/sync@"+strings.TrimSpace(string(version))).Run())
}

func build(t *testing.T, program string) {
	t.Helper()
	text, err := exec.Command("go", "build", "-o", program).CombinedOutput()
	require.NoError(t, err, "%s", text)
}

// outcome runs one form and returns what it prints, or the first line of its panic.
func outcome(t *testing.T, program string, args ...string) string {
	t.Helper()
	var stdout, stderr strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	} else if err != nil {
		line, _, _ := strings.Cut(stderr.String(), "\n")
		return line
	}
	return strings.TrimSpace(stdout.String())
}
