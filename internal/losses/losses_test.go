package losses_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
	"github.com/ambient-go/ambient/internal/losses"
)

var (
	user   = gls.New[string]("user")
	tenant = gls.New[string]("tenant")
	logger = slog.New(httpctx.LogHandler(slog.NewTextHandler(io.Discard, nil))) //nolint:sloglint // an enabled one
	quiet  = &http.Client{Transport: httpctx.Transport(refusing{})}
)

type refusing struct{}

func (refusing) RoundTrip(*http.Request) (*http.Response, error) { return nil, http.ErrNotSupported }

func request() {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, "http://localhost/", http.NoBody)
	if err == nil {
		_, err = quiet.Do(r)
	}
	runtime.KeepAlive(err)
}

// next is the position of the line behind its caller's.
func next() string {
	_, file, line, _ := runtime.Caller(1)
	return fmt.Sprintf("%s:%d", file, line+1)
}

// planted are handlers that lose something, and wait for the goroutine that misses it. Each returns the line and the
// storage.
var planted = []func(done func()) (at, storage string){
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); user.Get() }()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); _, _ = user.Lookup() }()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); _, _ = httpctx.Get() }()
		return at, "httpctx"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); _, _ = httpctx.Lookup() }()
		return at, "httpctx"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); logger.Info("a line") }()
		return at, "httpctx"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); request() }()
		return at, "httpctx"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); request() }()
		return at, "gls.Context"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); gls.Context() }()
		return at, "gls.Context"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); tenant.Run("other", func() { user.Get() }) }()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); wait(func(fn func()) { gls.Go(fn) }, func() { user.Get() }) }()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go func() { defer done(); wait(func(fn func()) { go fn() }, func() { user.Get() }) }()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go task{done}.run()
		return at, "user"
	},
	func(done func()) (string, string) {
		at := next()
		go readAndTell(done)
		return at, "tenant"
	},
	func(done func()) (string, string) {
		var at string
		tenant.Run("inner", func() {
			inner := make(chan struct{})
			at = next()
			go func() { defer close(inner); tenant.Get() }()
			<-inner
		})
		done()
		return at, "tenant"
	},
	func(done func()) (string, string) {
		defer tenant.Enter("entered").Leave()
		inner := make(chan struct{})
		at := next()
		go func() { defer close(inner); tenant.Get() }()
		<-inner
		done()
		return at, "tenant"
	},
	func(done func()) (string, string) { return spawn(func() { defer done(); user.Get() }), "user" },
	func(done func()) (string, string) { return spawnToo(func() { defer done(); user.Get() }), "user" },
	func(done func()) (string, string) {
		var group sync.WaitGroup
		group.Go(func() { user.Get() })
		group.Wait()
		done()
		return "/sync/waitgroup.go:", "user"
	},
	func(done func()) (string, string) {
		h := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { user.Get() }), 1<<40, "")
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody))
		done()
		return "/net/http/server.go:", "user"
	},
	func(done func()) (string, string) {
		ctx, cancel := context.WithCancel(context.Background())
		context.AfterFunc(ctx, func() { defer done(); tenant.Get() })
		cancel()
		return "/context/context.go:", "tenant"
	},
}

type task struct{ done func() }

func (t task) run() {
	defer t.done()
	user.Get()
}

func readAndTell(done func()) {
	defer done()
	tenant.Get()
}

func spawn(fn func()) string {
	at := next()
	go fn()
	return at
}

func spawnToo(fn func()) string {
	at := next()
	go fn()
	return at
}

func wait(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

// A server under load loses something in each of 20 ways, and serves as many requests in which nothing is lost.
func TestPlantedLossesInAServerUnderLoad(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("the frames of others are not known in this build")
	}
	require.Len(t, planted, 20)
	type place struct{ at, storage string }
	var mu sync.Mutex // guards want
	want := make(map[place]int)
	mux := http.NewServeMux()
	for i, plant := range planted {
		mux.HandleFunc(fmt.Sprintf("/lose/%d", i), func(http.ResponseWriter, *http.Request) {
			done := make(chan struct{})
			at, storage := plant(sync.OnceFunc(func() { close(done) }))
			<-done
			mu.Lock()
			defer mu.Unlock()
			want[place{at, storage}]++
		})
	}
	mux.HandleFunc("/fine", func(http.ResponseWriter, *http.Request) {
		user.Get()
		logger.Info("a line")
		request()
		wait(gls.Go, func() { user.Get(); tenant.Get(); logger.Info("a line") })
		gls.Isolate(func() { user.Get() })
		never.Get()
	})
	inner := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		gls.Run(func() { mux.ServeHTTP(w, r) }, user.With("ada"), tenant.With("acme"))
	})
	server := httptest.NewServer(httpctx.Middleware(inner))
	defer server.Close()

	losses.Forgive()
	var profile losses.Profile
	stop := losses.Watch(&losses.Watcher{Lost: profile.Add})
	defer stop()
	var clients sync.WaitGroup
	for c := range 8 {
		clients.Go(func() {
			for i := range 3 * len(planted) {
				path := "/fine"
				if i%3 == 0 {
					path = fmt.Sprintf("/lose/%d", (i/3+c)%len(planted))
				}
				response, err := server.Client().Get(server.URL + path)
				if !assert.NoError(t, err) {
					return
				}
				_, _ = io.Copy(io.Discard, response.Body)
				assert.NoError(t, response.Body.Close())
			}
		})
	}
	clients.Wait()
	stop()
	assert.Nil(t, inspect.Misses.Load())

	found := profile.List()
	for at := range want {
		ok := false
		for _, l := range found {
			ok = ok || strings.Contains(l.Position, at.at) && l.Storage == `"`+at.storage+`"`
		}
		assert.True(t, ok, "%v is not among %+v", at, found)
	}
	for _, l := range found {
		ok := false
		for at := range want {
			ok = ok || strings.Contains(l.Position, at.at)
		}
		assert.True(t, ok, "nothing is lost at %+v", l)
	}
}

var never = gls.New[int]("never")
