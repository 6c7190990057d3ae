package httpctx_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/httpctx"
)

// allocations returns how often fn allocates.
func allocations(fn func()) float64 { return testing.AllocsPerRun(100, fn) }

// Asking allocates nothing, whether there is an answer or not.
func TestAllocationsOfGet(t *testing.T) {
	key, none := httpctx.NewKey[*int]("k"), httpctx.NewKey[*int]("none")
	check := func(where string, ok bool) {
		assert.Zero(t, allocations(func() { httpctx.Get() }), where)
		assert.Zero(t, allocations(func() { key.Get() }), where)
		assert.Zero(t, allocations(func() { none.Get() }), where)
		_, found := httpctx.Get()
		assert.Equal(t, ok, found, where)
	}
	check("outside", false)
	inRequest(func(c *httpctx.Context) {
		key.Set(c, new(int))
		check("in a request", true)
		assert.Zero(t, allocations(func() { httpctx.GetOrFail() }))
		assert.NotEmpty(t, c.ID())
		assert.Zero(t, allocations(func() { c.ID() }), "once it is made")
		assert.Zero(t, allocations(func() { c.Writer() }))
		httpctx.RunOutside(func() { check("RunOutside", false) })
	})
}

// A Middleware allocates a Context and a frame.
func TestAllocationsOfMiddleware(t *testing.T) {
	h := httpctx.Middleware(benchHandler)
	var w http.ResponseWriter = benchWriter{make(http.Header)}
	r := newRequest("/")
	assert.LessOrEqual(t, allocations(func() { h.ServeHTTP(w, r) }), 2.0)
}

// The same holds for a request that a server has got, with an id and a path.
func TestAllocationsOfMiddlewareInAServer(t *testing.T) {
	h := httpctx.Middleware(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			assert.LessOrEqual(t, allocations(func() { h.ServeHTTP(w, r) }), 2.0)
			var wrapped http.ResponseWriter = &unwrapper{w}
			assert.LessOrEqual(t, allocations(func() { h.ServeHTTP(wrapped, r) }), 2.0)
		}))
		get(t, s.Client(), s.URL+"/posts/7", "X-Request-ID", "id-1")
	}
}

// A line costs what it did before there was AddLogAttrs, where nobody calls it.
func TestAllocationsOfLogHandler(t *testing.T) {
	l := slog.New(httpctx.LogHandler(nopHandler{}, httpctx.MarkLost()))
	httpctx.Run(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"), func() {
		c := httpctx.GetOrFail()
		c.Request().Pattern = pattern
		assert.LessOrEqual(t, allocations(func() { l.Info("m") }), 3.0)
	})
}
