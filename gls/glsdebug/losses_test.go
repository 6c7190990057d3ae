package glsdebug_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
)

// lose reads the color and the request on a goroutine that a plain go statement starts.
func lose() {
	done := make(chan struct{})
	go func() {
		defer close(done)
		color.Get()
		_, _ = httpctx.Get()
	}()
	<-done
}

func TestLossesWhileThePageIsOpen(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the frames of others are not known in this build")
	}
	glsdebug.EndWatch()
	defer glsdebug.EndWatch()
	serve := func() {
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", http.NoBody), func() {
			color.Run("red", lose)
		})
	}
	serve()
	a := ask(t, "")
	assert.NotNil(t, a.Losses)
	assert.Empty(t, a.Losses, "nobody looked")
	serve()
	serve()
	color.Run("red", func() { color.Get() })
	a = ask(t, "")
	require.Len(t, a.Losses, 2)
	for _, l := range a.Losses {
		assert.Contains(t, []string{"color", "httpctx"}, l.Storage)
		assert.Equal(t, 2, l.Count)
		assert.Contains(t, l.Function, "glsdebug_test.lose")
		assert.Contains(t, l.Position, "losses_test.go:26")
		assert.Contains(t, l.Read, "glsdebug_test.lose.func1")
	}
	_, page, _ := get(t, glsdebug.Handler(), "")
	assert.Contains(t, page, "Lost at plain go statements")
	assert.Contains(t, page, "missed 2 times")
	assert.NotContains(t, page, "red")

	glsdebug.EndWatch()
	assert.Nil(t, inspect.Misses.Load())
	assert.Empty(t, ask(t, "").Losses)
	_, page, _ = get(t, glsdebug.Handler(), "")
	assert.NotContains(t, page, "Lost at plain go statements")
}

var (
	owner  = gls.New[string]("owner")
	logger = slog.New(httpctx.LogHandler(slog.NewTextHandler(io.Discard, nil))) //nolint:sloglint // an enabled one
	quiet  = &http.Client{Transport: httpctx.Transport(http.NewFileTransport(http.Dir("/nowhere")))}
)

// next is the position of the line behind its caller's.
func next() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, line+1)
}

func fetch() {
	response, err := quiet.Get("file:///x")
	if err == nil {
		response.Body.Close()
	}
}

// and waits for what a function starts.
func and(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

type job struct{ done func() }

func (j job) run() { defer j.done(); owner.Get() }

// planted lose something of a request in 20 ways, each at a line of its own, which they return with the storage. They
// call done when it was missed.
var planted = []struct {
	storage string
	lose    func(done func()) string
}{
	{"owner", func(done func()) string {
		at := next()
		go func() { defer done(); owner.Get() }()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go func() { defer done(); _, _ = owner.Lookup() }()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go job{done}.run()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go (&job{done}).run()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go job.run(job{done})
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go func() { defer done(); color.Run("red", func() { owner.Get() }) }()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go func() { defer done(); and(gls.Go, func() { owner.Get() }) }()
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go and(gls.Go, func() { defer done(); owner.Get() })
		return at
	}},
	{"owner", func(done func()) string {
		at := next()
		go func() { defer done(); defer func() { owner.Get() }() }()
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go owner.Run("bob", func() { defer done(); _, _ = httpctx.Get() })
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go func() { defer done(); _, _ = httpctx.Lookup() }()
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go func() { defer done(); member.Get() }()
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go func() { defer done(); httpctx.AddLogAttrs(slog.Int("a", 1)) }()
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go func() { defer done(); logger.Info("a line") }()
		return at
	}},
	{"httpctx", func(done func()) string {
		at := next()
		go func() { defer done(); fetch() }()
		return at
	}},
	{"gls.Context", func(done func()) string {
		at := next()
		go func() { defer done(); gls.Context() }()
		return at
	}},
	{"gls.Context", func(done func()) string {
		at := next()
		go func() { defer done(); logger.WarnContext(gls.Context(), "x") }()
		return at
	}},
	{"owner", func(done func()) string {
		at := ""
		and(gls.Go, func() { // on a goroutine of the request that is not the handler's
			read := make(chan struct{})
			at = next()
			go func() { defer close(read); owner.Get() }()
			<-read
		})
		done()
		return at
	}},
	{"color", func(done func()) string {
		defer color.Enter("red").Leave()
		read := make(chan struct{})
		at := next()
		go func() { defer close(read); color.Get() }()
		<-read
		done()
		return at
	}},
	{"color", func(done func()) (at string) {
		color.Run("red", func() {
			read := make(chan struct{})
			at = next()
			go func() { defer close(read); color.Get() }()
			<-read
		})
		done()
		return at
	}},
}

// The page of a server under load has all 20, each with its line, and nothing of the requests that lose nothing.
func TestPlantedLossesOnThePageOfAServerUnderLoad(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the frames of others are not known in this build")
	}
	require.Len(t, planted, 20)
	glsdebug.EndWatch()
	defer glsdebug.EndWatch()
	at := make([]string, len(planted))
	var mu sync.Mutex // guards at
	pages := map[string]http.HandlerFunc{"GET /fine": func(http.ResponseWriter, *http.Request) {
		owner.Run("ada", func() {
			and(gls.Go, func() { owner.Get(); _, _ = httpctx.Get(); logger.Info("a line"); fetch() })
			gls.Isolate(func() { owner.Get() })
			color.Get()
			and(func(fn func()) { go fn() }, func() {}) // and nothing is missed there
		})
	}}
	for i, p := range planted {
		pages[fmt.Sprintf("GET /lose/%d", i)] = func(http.ResponseWriter, *http.Request) {
			done := make(chan struct{})
			line := ""
			owner.Run("ada", func() { line = p.lose(sync.OnceFunc(func() { close(done) })); <-done })
			mu.Lock()
			defer mu.Unlock()
			at[i] = line
		}
	}
	l := serve(t, pages)
	l.page("")
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range 3 * len(planted) {
				path := "/fine"
				if i%3 == 0 {
					path = fmt.Sprintf("/lose/%d", (i/3+c)%len(planted))
				}
				r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, l.URL+path, http.NoBody)
				if !assert.NoError(t, err) {
					return
				}
				response, err := l.Client().Do(r)
				if assert.NoError(t, err) {
					response.Body.Close()
				}
			}
		})
	}
	clients.Wait()
	type loss struct{ position, storage string }
	found := make(map[loss]int)
	for _, f := range l.json("").Losses {
		found[loss{f.Position, f.Storage}] = f.Count
	}
	byLine := make(map[string]bool)
	for i, p := range planted {
		assert.Contains(t, found, loss{at[i], p.storage})
		byLine[at[i]] = true
	}
	for f := range found {
		assert.Contains(t, byLine, f.position, "nothing is lost there")
	}
	page := l.page("")
	for f, n := range found {
		assert.Contains(t, page, fmt.Sprintf("missed %d times", n))
		assert.Contains(t, page, `title="`+f.position+`"`)
	}
}
