package httpctx_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// patternOf is the pattern that a Context logs on the running goroutine.
func patternOf(c *httpctx.Context) string {
	for _, a := range c.LogValue().Group() {
		if a.Key == "pattern" {
			return a.Value.String()
		}
	}
	return ""
}

const pattern = "GET /posts/{id}"

// serveAside serves /posts/1 on a goroutine of its own.
func serveAside(h http.Handler) (served chan struct{}) {
	served = make(chan struct{})
	go func() {
		defer close(served)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/posts/1", http.NoBody))
	}()
	return served
}

// While a ServeMux routes the request, another goroutine logs its Context, with nothing to order the two but what
// httpctx has. The race detector watches.
func TestLogValueElsewhereDuringTheRequest(t *testing.T) {
	quiet := slog.New(httpctx.LogHandler(slog.NewTextHandler(t.Output(), nil)))
	tests := []struct {
		name string
		act  func() // in the handler
		want string
	}{
		{"after Param", func() { httpctx.GetOrFail().Param("id") }, pattern},
		{"after Pattern", func() { httpctx.GetOrFail().Pattern() }, pattern},
		{"after a log line", func() { quiet.Info("hello") }, pattern},
		{"nobody knows", func() {}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made, release := make(chan *httpctx.Context, 1), make(chan struct{})
			mux := http.NewServeMux()
			mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
				test.act()
				<-release
			})
			served := serveAside(httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				made <- httpctx.GetOrFail()
				mux.ServeHTTP(w, r)
			})))
			c := <-made
			assert.Eventually(t, func() bool { return patternOf(c) == test.want }, 10*time.Second, time.Millisecond)
			close(release)
			<-served
			assert.Equal(t, pattern, patternOf(c), "after the request it is there in any case")
		})
	}
}

// A goroutine that a middleware has started logs while the router writes into the request. The race detector watches.
func TestLogHandlerBesideTheRouter(t *testing.T) {
	for name, handler := range map[string]slog.Handler{
		"LogHandler":  httpctx.LogHandler(nopHandler{}),
		"ShowRequest": glslog.Handler(nopHandler{}, httpctx.ShowRequest()),
	} {
		t.Run(name, func(t *testing.T) {
			log := slog.New(handler)
			mux := http.NewServeMux()
			mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
			h := middleware(func(w http.ResponseWriter, r *http.Request) {
				var beside gls.WaitGroup
				beside.Go(func() { log.Info("m") })
				mux.ServeHTTP(w, r)
				beside.Wait()
			})
			for range 20 {
				h.ServeHTTP(httptest.NewRecorder(), newRequest("/posts/1"))
			}
		})
	}
}

// The goroutines of a handler log the pattern: that of the mux that the Middleware wraps, the one with which a router has
// called the Middleware, and the one that the handler itself has logged or seen.
func TestLogHandlerOnGoroutinesOfAHandler(t *testing.T) {
	var out bytes.Buffer
	log := jsonLog(&out)
	patterns := func() (list []any) {
		out.Reset()
		join(gls.Go, func() { log.Info("m"); log.Info("m") })
		for _, r := range records(t, out.String()) {
			list = append(list, r["pattern"])
		}
		return list
	}
	routes := func(h http.HandlerFunc) http.Handler {
		mux := http.NewServeMux()
		mux.Handle(pattern, h)
		return mux
	}
	around := func(h http.Handler) http.Handler {
		mux := http.NewServeMux()
		mux.Handle("/", h)
		return mux
	}
	for name, h := range map[string]http.Handler{
		"its mux": httpctx.Middleware(routes(func(http.ResponseWriter, *http.Request) {
			assert.Equal(t, []any{pattern, pattern}, patterns())
		})),
		"a router's": routes(middleware(func(http.ResponseWriter, *http.Request) {
			assert.Equal(t, []any{pattern, pattern}, patterns())
		}).ServeHTTP),
		"logged": middleware(routes(func(http.ResponseWriter, *http.Request) {
			log.Info("m")
			assert.Equal(t, []any{pattern, pattern}, patterns())
		}).ServeHTTP),
		"its mux, inside of another": around(httpctx.Middleware(routes(func(http.ResponseWriter, *http.Request) {
			assert.Equal(t, []any{pattern, pattern}, patterns())
		}))),
		"found, inside of another": around(middleware(func(w http.ResponseWriter, r *http.Request) {
			httpctx.GetOrFail()
			routes(func(http.ResponseWriter, *http.Request) {
				assert.Equal(t, []any{"/", "/"}, patterns())
				httpctx.GetOrFail()
				assert.Equal(t, []any{pattern, pattern}, patterns())
			}).ServeHTTP(w, r)
		})),
		"found": middleware(routes(func(http.ResponseWriter, *http.Request) {
			assert.Equal(t, []any{nil, nil}, patterns())
			httpctx.GetOrFail()
			assert.Equal(t, []any{pattern, pattern}, patterns())
		}).ServeHTTP),
		"of an inner Middleware that is over": middleware(func(w http.ResponseWriter, r *http.Request) {
			httpctx.Middleware(routes(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r.WithContext(t.Context()))
			assert.Equal(t, []any{pattern, pattern}, patterns())
		}),
	} {
		t.Run(name, func(*testing.T) { h.ServeHTTP(httptest.NewRecorder(), newRequest("/posts/1")) })
	}
}

// A ServeMux that the Middleware wraps itself is asked.
func TestLogValueElsewhereAsksTheMux(t *testing.T) {
	made, release := make(chan *httpctx.Context), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		made <- httpctx.GetOrFail()
		<-release
	})
	served := serveAside(httpctx.Middleware(mux))
	assert.Equal(t, pattern, patternOf(<-made))
	close(release)
	<-served
}

// A handler changes its request while goroutines of its own log, as one that takes a prefix off the path. The race detector
// watches, and the pattern is that of the request as it came.
func TestLogHandlerBesideAHandlerThatChangesTheRequest(t *testing.T) {
	var out bytes.Buffer
	log := jsonLog(&out)
	const api = "GET test.example/api/"
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/api/{id}", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc(api, func(_ http.ResponseWriter, r *http.Request) {
		var beside gls.WaitGroup
		beside.Go(func() { log.Info("m") })
		r.URL.Path, r.URL.RawPath = strings.TrimPrefix(r.URL.Path, "/api"), ""
		r.URL = r.URL.JoinPath("x")
		r.Host, r.Method, r.RequestURI = "upstream.example", http.MethodPost, ""
		beside.Wait()
	})
	for _, path := range []string{"/api/posts/1", "/api/posts%2f1"} {
		for range 10 {
			out.Reset()
			httpctx.Middleware(mux).ServeHTTP(httptest.NewRecorder(), newRequest("http://test.example:80"+path))
			assert.Equal(t, api, records(t, out.String())[0]["pattern"], path)
		}
	}
}

// In the request's own flow it is there without anything asked before, and a detached Context has it everywhere.
func TestLogValueInTheFlow(t *testing.T) {
	mux := http.NewServeMux()
	detached := make(chan *httpctx.Context, 1)
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		assert.Equal(t, pattern, patternOf(httpctx.GetOrFail()))
		httpctx.GoDetached(func() { detached <- httpctx.GetOrFail() })
	})
	h := httpctx.Middleware(http.StripPrefix("", mux))
	<-serveAside(h)
	assert.Equal(t, pattern, patternOf(<-detached))
}
