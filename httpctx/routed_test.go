package httpctx_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type spanKey struct{}

// trace is a middleware that hands on a copy of the request, as tracing and authentication do.
func trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithCancel(context.WithValue(r.Context(), spanKey{}, "span"))
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// A seen is what code finds of the routing.
type seen struct{ param, pattern, span any }

func look() seen {
	c := httpctx.GetOrFail()
	return seen{c.Param("id"), c.Pattern(), gls.Context().Value(spanKey{})}
}

// routeBy serves GET /posts/7 by the middlewares, the outermost first, around a mux, and returns what its handler
// finds, and what an outer middleware finds afterwards, by itself, in its log line and in work that it detaches.
func routeBy(t *testing.T, middlewares ...func(http.Handler) http.Handler) (inside, after seen, line string) {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { inside = look() })
	mux.HandleFunc("GET /api"+pattern[len("GET "):], func(http.ResponseWriter, *http.Request) { inside = look() })
	var out bytes.Buffer
	h := http.Handler(mux)
	for _, middleware := range slices.Backward(middlewares) {
		h = middleware(h)
	}
	outermost := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		after = look()
		jsonLog(&out).Info("done")
		join(httpctx.GoDetached, func() { assert.Equal(t, after, look(), "detached") })
	}))
	outermost.ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"))
	return inside, after, out.String()
}

// Param, Pattern and gls.Context are those of the request that the innermost Middleware was given. Next to the
// router that is the one which the router has written to, and outside of it what the router has matched is known
// afterwards.
func TestMiddlewareNextToTheRouter(t *testing.T) {
	none, matched := seen{"", "", nil}, seen{"7", pattern, nil}
	inner := seen{"7", pattern, "span"}
	limit := func(next http.Handler) http.Handler { return http.MaxBytesHandler(next, 1<<20) }
	strip := func(next http.Handler) http.Handler { return http.StripPrefix("", next) }
	for name, test := range map[string]struct {
		middlewares   []func(http.Handler) http.Handler
		inside, after seen
	}{
		"nothing between":   {nil, matched, matched},
		"a copy":            {[]func(http.Handler) http.Handler{trace}, none, none},
		"a copy, inside it": {[]func(http.Handler) http.Handler{trace, httpctx.Middleware}, inner, matched},
		"MaxBytesHandler":   {[]func(http.Handler) http.Handler{limit, httpctx.Middleware}, matched, matched},
		"StripPrefix":       {[]func(http.Handler) http.Handler{strip, httpctx.Middleware}, matched, matched},
		"two copies": {
			[]func(http.Handler) http.Handler{trace, httpctx.Middleware, limit, httpctx.Middleware},
			inner, matched,
		},
		"a copy after the last": {
			[]func(http.Handler) http.Handler{trace, httpctx.Middleware, limit},
			seen{"", "", "span"}, none,
		},
	} {
		t.Run(name, func(t *testing.T) {
			inside, after, line := routeBy(t, test.middlewares...)
			assert.Equal(t, test.inside, inside)
			assert.Equal(t, test.after, after)
			const request = `{"level":"INFO","msg":"done","request_id":"id-1","method":"GET","path":"/posts/7"`
			if test.after.pattern == "" {
				assert.Equal(t, request+"}\n", line)
			} else {
				assert.Equal(t, request+`,"pattern":"`+pattern+"\"}\n", line)
			}
		})
	}
}

// The outer Context learns the pattern of a handler that panics, too, and finished it still knows it.
func TestMiddlewareNextToTheRouterPanics(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) { panic("over") })
	var c *httpctx.Context
	assert.Equal(t, "over", panicOf(func() {
		middleware(func(w http.ResponseWriter, r *http.Request) {
			c = httpctx.GetOrFail()
			trace(httpctx.Middleware(mux)).ServeHTTP(w, r)
		}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7"))
	}))
	assert.Equal(t, pattern, c.Pattern())
	assert.Equal(t, "7", c.Param("id"))
	assert.Equal(t, pattern, patternOf(c))
}

// A request that the handler makes of its own server is another one: its route is not the handler's.
func TestPatternOfASelfCall(t *testing.T) {
	mux := http.NewServeMux()
	h := trace(httpctx.Middleware(mux))
	mux.HandleFunc("GET /self", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc(pattern, func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		h.ServeHTTP(w, newRequest("/self"))
		assert.Equal(t, pattern, c.Pattern())
		var done gls.WaitGroup
		for range 4 {
			done.Go(func() { h.ServeHTTP(httptest.NewRecorder(), newRequest("/self")) })
		}
		done.Wait()
		assert.Equal(t, pattern, c.Pattern())
	})
	middleware(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r)
		assert.Equal(t, pattern, httpctx.GetOrFail().Pattern())
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7"))
}

// Nor are its path values.
func TestParamOfASelfCall(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	batch := http.NewServeMux()
	batch.HandleFunc("GET /batch/{rest...}", func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		made, err := http.NewRequest(http.MethodGet, "/posts/7", http.NoBody)
		assert.NoError(t, err)
		for _, r := range []*http.Request{newRequest("/posts/7"), made} {
			for _, start := range []func(func()){func(fn func()) { fn() }, func(fn func()) { join(gls.Go, fn) }} {
				start(func() { httpctx.Middleware(mux).ServeHTTP(httptest.NewRecorder(), r) })
				assert.Equal(t, "GET /batch/{rest...}", c.Pattern())
				assert.Empty(t, c.Param("id"))
				_, err := c.LookupParam("id")
				assert.ErrorContains(t, err, "has no wildcard")
			}
		}
	})
	httpctx.Middleware(batch).ServeHTTP(httptest.NewRecorder(), newRequest("/batch/"))
}

// Detached work remembers nothing of the requests that it makes.
func TestPatternOfRequestsInDetachedWork(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {})
	inRequest(func(*httpctx.Context) {
		join(httpctx.GoDetached, func() {
			httpctx.Middleware(mux).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7"))
			assert.Empty(t, httpctx.GetOrFail().Pattern())
		})
	})
}

func TestLookupParam(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /users/{id}/{rest...}", func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		id, err := c.LookupParam("id")
		assert.NoError(t, err)
		assert.Equal(t, "7", id)
		rest, err := c.LookupParam("rest")
		assert.NoError(t, err, "it has matched nothing, which is no error")
		assert.Empty(t, rest)
		_, err = c.LookupParam("name")
		assert.EqualError(t, err, `httpctx: the pattern "GET /users/{id}/{rest...}" has no wildcard "name"`)
		assert.NotErrorIs(t, err, httpctx.ErrNotRouted)
	})
	httpctx.Middleware(mux).ServeHTTP(httptest.NewRecorder(), newRequest("/users/7/"))

	httpctx.Run(httptest.NewRecorder(), newRequest("/users/7%0A"), func() {
		_, err := httpctx.GetOrFail().LookupParam("id")
		require.ErrorIs(t, err, httpctx.ErrNotRouted)
		assert.EqualError(t, err, `httpctx: the request is not routed: GET /users/7%0A has no pattern and no path value "id": `+
			`a router further in matches a copy of the request, has not matched it yet, or does not write there: `+
			`put Middleware next to the router, inside of what copies it`)
	})
}

func TestWildcardsOfPatterns(t *testing.T) {
	for pattern, want := range map[string][]string{
		"GET /users/{id}/{rest...}":  {"id", "rest"},
		"/users/{user-id}":           {"user-id"},
		"/users/{id:[0-9]{3}:x}/{b}": {"id", "b"}, // chi
		"/users/:id/posts/:post":     {"id", "post"},
		"/users/:id?":                {"id", "id?"},              // fiber
		"/flights/:from-:to":         {"from", "from-:to", "to"}, // fiber, and gin
		"/files/*path":               {"path"},                   // gin, hertz
		"/files/*":                   {"*", "*1"},                // echo, fiber
		"/a/*/b/*/+":                 {"*", "*1", "*", "*2", "+", "+1"},
		"/plain":                     nil,
		"/unfinished/{id":            nil,
	} {
		assert.Equal(t, want, httpctx.Wildcards(pattern), pattern)
	}
}

// Routers of other kinds have patterns of other kinds. What one has matched inside is known outside, and to work that
// is detached there.
func TestPathValuesOfOtherPatternsAreDetached(t *testing.T) {
	for pattern, name := range map[string]string{"/users/:id": "id", "/users/*": "*1", "/users/{id}": "id"} {
		inRequest(func(*httpctx.Context) {
			r := newRequest("/users/7")
			r.Pattern = pattern
			r.SetPathValue(name, "7")
			httpctx.Run(httptest.NewRecorder(), r, func() {})
			join(httpctx.GoDetached, func() {
				value, err := httpctx.GetOrFail().LookupParam(name)
				assert.NoError(t, err)
				assert.Equal(t, "7", value)
			})
		})
	}
}
