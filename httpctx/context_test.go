package httpctx_test

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Start is one time, whoever asks and when, for nested and detached Contexts too.
func TestStart(t *testing.T) {
	before := time.Now()
	var outer, inner, detached *httpctx.Context
	inRequest(func(c *httpctx.Context) {
		outer = c
		time.Sleep(5 * time.Millisecond)
		inRequest(func(c *httpctx.Context) { inner = c })
		join(httpctx.GoDetached, func() { detached = current() })
	})
	after := time.Now()
	time.Sleep(5 * time.Millisecond)
	times := make(chan time.Time)
	for range 4 {
		for _, c := range []*httpctx.Context{outer, inner, detached} {
			go func() { times <- c.Start() }()
		}
	}
	first := <-times
	for range 11 {
		assert.Equal(t, first, <-times)
	}
	assert.False(t, first.Before(before.Add(-time.Millisecond)), "%s before %s", first, before)
	assert.False(t, first.After(after.Add(-4*time.Millisecond)), "%s after %s", first, after)
	assert.Equal(t, time.Local, first.Location())
}

func TestStartInABubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		inRequest(func(c *httpctx.Context) {
			time.Sleep(time.Hour)
			assert.WithinDuration(t, began, c.Start(), 0)
			assert.Equal(t, time.Hour, time.Since(c.Start()))
		})
	})
}

// Context, Param and Pattern are those of the request, as a ServeMux below the Middleware has set them.
func TestRequestParts(t *testing.T) {
	mux := http.NewServeMux()
	var seen string
	mux.HandleFunc("GET /users/{id}/{rest...}", func(_ http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		seen = fmt.Sprint(c.Param("id"), " ", c.Param("rest"), " ", c.Param("none"), " ", c.Pattern())
		assert.Equal(t, r.Context(), c.Context())
		c.Request().SetPathValue("id", "set")
		assert.Equal(t, "set", c.Param("id"))
	})
	h := middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		assert.Empty(t, c.Pattern(), "before a ServeMux has chosen one")
		mux.ServeHTTP(w, r)
		assert.Equal(t, "GET /users/{id}/{rest...}", c.Pattern())
	})
	h.ServeHTTP(httptest.NewRecorder(), newRequest("/users/7/a/b"))
	assert.Equal(t, "7 a/b  GET /users/{id}/{rest...}", seen)
}

// A Context that is logged shows what may be seen.
func TestContextLogValue(t *testing.T) {
	var out strings.Builder
	log := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime}))
	r := newRequest("/p?q=secret", "X-Request-ID", "id-1", "Authorization", "secret", "Cookie", "secret")
	httpctx.Run(httptest.NewRecorder(), r, func() { log.Info("m", "c", httpctx.GetOrFail()) })
	assert.Equal(t, "level=INFO msg=m c.request_id=id-1 c.method=GET c.path=/p\n", out.String())
}

// noTime leaves the time out of records.
func noTime(groups []string, a slog.Attr) slog.Attr {
	if len(groups) == 0 && a.Key == slog.TimeKey {
		return slog.Attr{}
	}
	return a
}

// Context.Logger takes the logger given, or the default one of the moment of use.
func TestLogger(t *testing.T) {
	one, two := new(strings.Builder), new(strings.Builder)
	to := func(out *strings.Builder) *slog.Logger {
		return slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{ReplaceAttr: noTime}))
	}
	before := slog.Default()
	defer slog.SetDefault(before)
	r := newRequest("/", "X-Request-ID", "id-1")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		slog.SetDefault(to(one))
		httpctx.GetOrFail().Logger().Info("a")
		slog.SetDefault(to(two))
		httpctx.GetOrFail().Logger().Info("b")
	})
	assert.Equal(t, "level=INFO msg=a request_id=id-1\n", one.String())
	assert.Equal(t, "level=INFO msg=b request_id=id-1\n", two.String())
	one.Reset()
	httpctx.Run(httptest.NewRecorder(), r, func() {
		httpctx.GetOrFail().Logger().Info("c")
		join(httpctx.GoDetached, func() { httpctx.GetOrFail().Logger().Info("d") })
		inRequest(func(c *httpctx.Context) { c.Logger().Info("e") })
	}, httpctx.WithLogger(to(one)))
	assert.Equal(t, "level=INFO msg=c request_id=id-1\nlevel=INFO msg=d request_id=id-1\n"+
		"level=INFO msg=e request_id=id-1\n", one.String())
	httpctx.Run(httptest.NewRecorder(), r, func() { httpctx.GetOrFail().Logger().Info("f") }, httpctx.WithLogger(nil))
	assert.Contains(t, two.String(), "msg=f request_id=id-1")
}

// A request as a test or a server of another kind may make it, with nothing in it.
func TestEmptyRequest(t *testing.T) {
	var over gls.Snapshot
	var out strings.Builder
	httpctx.Run(httptest.NewRecorder(), new(http.Request), func() {
		c := httpctx.GetOrFail()
		assert.Equal(t, context.Background(), c.Context())
		assert.Len(t, c.ID(), 32)
		slog.New(httpctx.LogHandler(slog.NewTextHandler(&out, nil))).Info("m", "c", c)
		join(httpctx.GoDetached, func() { assert.Equal(t, c.ID(), httpctx.GetOrFail().ID()) })
		over = gls.Capture()
	})
	assert.Contains(t, out.String(), "request_id=")
	over.Run(func() { assert.ErrorIs(t, why(), httpctx.ErrFinished) })
}

// Goroutines keep the Context that they were started with: neither an inner Middleware that began later nor one that
// ended changes it.
func TestGoroutineKeepsItsContext(t *testing.T) {
	inRequest(func(outer *httpctx.Context) {
		hold, done := make(chan bool), make(chan bool)
		gls.Go(func() {
			defer close(done)
			for range hold {
				assert.Same(t, outer, current())
			}
		})
		hold <- true
		innerHold, innerDone := make(chan bool), make(chan bool)
		inRequest(func(inner *httpctx.Context) {
			hold <- true
			gls.Go(func() {
				defer close(innerDone)
				assert.Same(t, inner, current())
				innerHold <- true
				<-innerHold
				assert.Nil(t, current(), "the inner one is finished, the outer one is not its")
				assert.ErrorIs(t, why(), httpctx.ErrFinished)
			})
			<-innerHold
		})
		hold <- true
		close(innerHold)
		<-innerDone
		close(hold)
		<-done
		assert.Same(t, outer, current())
	})
}
