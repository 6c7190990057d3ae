package httpctx_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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

// A Run that fails in WithRequestID leaves nothing behind.
func TestWithRequestIDPanics(t *testing.T) {
	before := gls.Capture()
	called := false
	ids := httpctx.WithRequestID(func(*http.Request) string {
		assert.Nil(t, current(), "the request has no Context yet")
		panic("no id")
	})
	assert.Equal(t, "no id", panicOf(func() {
		httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() { called = true }, ids)
	}))
	assert.False(t, called)
	assert.True(t, before == gls.Capture())
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

// RunOutside hides the request and the ambient context, and nothing else.
func TestRunOutside(t *testing.T) {
	type key struct{}
	s := gls.New[int]("s")
	own := context.WithValue(context.Background(), key{}, 1)
	outside := func(what string) {
		assert.Nil(t, current(), what)
		assert.Equal(t, context.Background(), gls.Context(), what)
		v, ok := s.Get()
		assert.True(t, ok && v == 1, "%s: gls values stay", what)
		assert.NotErrorIs(t, why(), httpctx.ErrLost, what)
		assert.ErrorIs(t, why(), httpctx.ErrNoRequest, what)
	}
	s.Run(1, func() {
		inRequest(func(c *httpctx.Context) {
			ctx := c.Context()
			for name, end := range ends {
				join(gls.Go, func() {
					defer func() {
						_ = recover()
						assert.Same(t, c, current(), name)
						assert.Equal(t, ctx, gls.Context(), name)
					}()
					httpctx.RunOutside(func() {
						outside(name)
						s.Enter(1)
						end()
					})
				})
			}
			gls.RunContext(own, func() {
				httpctx.RunOutside(func() {
					outside("in RunContext")
					httpctx.RunOutside(func() { outside("twice") })
					outside("after the second")
					join(gls.Go, func() { outside("gls.Go") })
					join(httpctx.GoDetached, func() { outside("GoDetached") })
					gls.RunContext(own, func() { assert.Equal(t, own, gls.Context(), "set inside") })
				})
				assert.Equal(t, own, gls.Context())
			})
			httpctx.RunOutside(func() { join(plain, func() { assert.NotErrorIs(t, why(), httpctx.ErrLost) }) })
		})
		gls.RunContext(own, func() {
			httpctx.RunOutside(func() { outside("outside of a request") })
		})
		_, err := httpctx.Lookup()
		assert.ErrorIs(t, err, httpctx.ErrNoRequest)
		assert.NotContains(t, err.Error(), "RunOutside", "that is over")
	})
}

// A Middleware met inside RunOutside begins a request of its own, which knows nothing of being outside.
func TestRunInsideRunOutside(t *testing.T) {
	explicit(t)
	user := httpctx.NewKey[string]("user")
	inRequest(func(outer *httpctx.Context) {
		user.Set(outer, "Ada")
		httpctx.RunOutside(func() {
			var own *httpctx.Context
			over, done := make(chan bool), make(chan bool)
			inRequest(func(c *httpctx.Context) {
				own = c
				assert.NotEqual(t, outer.ID(), c.ID())
				_, ok := user.Get()
				assert.False(t, ok)
				join(plain, func() { assert.ErrorIs(t, why(), httpctx.ErrLost) })
				httpctx.RunOutside(func() { assert.ErrorIs(t, why(), httpctx.ErrNoRequest) })
				join(gls.Go, func() { assert.Same(t, own, current()) })
				gls.Go(func() {
					defer close(done)
					<-over
					assert.ErrorIs(t, why(), httpctx.ErrFinished)
				})
				inRequest(func(c *httpctx.Context) { assert.Equal(t, own.ID(), c.ID(), "nested in this one") })
			})
			close(over)
			<-done
			assert.ErrorContains(t, why(), "inside httpctx.RunOutside")
		})
		assert.Same(t, outer, current())
	})
}

// Values of keys.
func TestKey(t *testing.T) {
	key, twin := httpctx.NewKey[string]("k"), httpctx.NewKey[string]("k")
	failure := httpctx.NewKey[error]("err")
	pointer := httpctx.NewKey[*int]("p")
	anything := httpctx.NewKey[any]("any")
	inRequest(func(c *httpctx.Context) {
		v, ok := key.Of(c)
		assert.False(t, ok)
		assert.Empty(t, v)
		key.Set(c, "")
		v, ok = key.Get()
		assert.True(t, ok, "a zero value is set")
		assert.Empty(t, v)
		_, ok = twin.Get()
		assert.False(t, ok, "a key of its own")
		twin.Set(c, "twin")
		key.Set(c, "a")
		key.Set(c, "b")
		assert.Equal(t, "b", key.GetOrFail())
		assert.Equal(t, "twin", twin.GetOrFail())
		failure.Set(c, nil)
		err, ok := failure.Of(c)
		assert.True(t, ok && err == nil, "nil is set")
		pointer.Set(c, nil)
		p, ok := pointer.Of(c)
		assert.True(t, ok && p == nil)
		anything.Set(c, (*int)(nil))
		a, ok := anything.Of(c)
		assert.True(t, ok && a != nil, "a typed nil stays one")
		anything.Set(c, []int{1}) // cannot be compared
		anything.Set(c, []int{2})
		assert.Equal(t, []int{2}, anything.GetOrFail())
		failure.Set(c, errors.New("x"))
		assert.EqualError(t, failure.GetOrFail(), "x")

		inRequest(func(inner *httpctx.Context) { assert.Equal(t, "b", key.GetOrFail()) })
		join(gls.Go, func() { key.Set(c, "c") })
		assert.Equal(t, "c", key.GetOrFail(), "seen by every goroutine of the request")
	})
	inRequest(func(c *httpctx.Context) {
		_, ok := key.Get()
		assert.False(t, ok, "another request")
	})
	v, ok := key.Get()
	assert.False(t, ok)
	assert.Empty(t, v)
}

// What GetOrFail of a key panics with.
func TestKeyGetOrFail(t *testing.T) {
	key := httpctx.NewKey[int]("user")
	inRequest(func(*httpctx.Context) {
		var notSet *gls.NotSetError
		err, _ := panicOf(func() { key.GetOrFail() }).(error)
		require.ErrorAs(t, err, &notSet)
		assert.Same(t, notSet, err)
		assert.Equal(t, "user", notSet.Storage)
		assert.False(t, notSet.Lost)
		assert.ErrorIs(t, err, gls.ErrNotSet)
		assert.EqualError(t, err, `httpctx: the request GET /in has no value for key "user": whatever sets it, a middleware, say, `+
			`has not run before this`)
		assert.NotZero(t, notSet.Goroutine)
		unnamed := httpctx.NewKey[int]("")
		assert.ErrorContains(t, panicOf(func() { unnamed.GetOrFail() }).(error), "has no value for a key without a name: ")
		httpctx.RunOutside(func() {
			var none *httpctx.Error
			require.ErrorAs(t, panicOf(func() { key.GetOrFail() }).(error), &none)
			assert.ErrorIs(t, none, httpctx.ErrNoRequest)
		})
	})
}

// A client chooses the path: the text is one line all the same, in detached work and below another Middleware too.
func TestKeyGetOrFailIsOneLine(t *testing.T) {
	key := httpctx.NewKey[int]("user")
	text := func() string { return panicOf(func() { key.GetOrFail() }).(error).Error() }
	httpctx.Run(httptest.NewRecorder(), newRequest("/a%0AERROR%20forged"), func() {
		for _, start := range []func(fn func()){func(fn func()) { fn() }, gls.Go, httpctx.GoDetached} {
			join(start, func() { assert.Contains(t, text(), "the request GET /a%0AERROR%20forged has no value for key") })
		}
		inRequest(func(*httpctx.Context) { assert.Contains(t, text(), "the request GET /in has") })
	})
}

func TestKeyConcurrently(t *testing.T) {
	const setters, each = 4, 50
	for range 20 {
		var keys [setters][each]*httpctx.Key[int]
		inRequest(func(c *httpctx.Context) {
			var group sync.WaitGroup
			begin := make(chan struct{})
			for i := range setters {
				group.Go(func() {
					<-begin
					for j := range each {
						k := httpctx.NewKey[int]("k")
						keys[i][j] = k
						k.Set(c, -1)
						k.Set(c, j)
						if v, ok := k.Of(c); !ok || v != j {
							t.Errorf("%d %t instead of %d", v, ok, j)
						}
					}
				})
			}
			close(begin)
			group.Wait()
			for _, keys := range keys {
				for j, k := range keys {
					v, ok := k.Get()
					require.True(t, ok, "no Set is lost")
					require.Equal(t, j, v)
				}
			}
		})
	}
}
