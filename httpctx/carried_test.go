package httpctx_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// carrying is a Middleware with WithRequestContext for a function.
func carrying(fn http.HandlerFunc) http.Handler {
	return httpctx.New(httpctx.WithRequestContext())(fn)
}

// apart runs fn where nothing of the caller's frame is, on a goroutine of its own, in both ways of building.
func apart(fn func()) { gls.Isolate(func() { join(plain, fn) }) }

// from returns what FromContext finds, nil where it finds nothing.
func from(ctx context.Context) *httpctx.Context {
	c, ok := httpctx.FromContext(ctx)
	if !ok && c != nil {
		panic("a Context and false")
	}
	return c
}

// Next gets a request with a context that carries the Context, and that is the request everywhere.
func TestWithRequestContext(t *testing.T) {
	type key struct{}
	given := withValue(t, key{}, "v")
	for name, serve := range map[string]func(fn http.HandlerFunc){
		"New": func(fn http.HandlerFunc) { carrying(fn).ServeHTTP(httptest.NewRecorder(), given) },
		"Run": func(fn http.HandlerFunc) {
			w := httptest.NewRecorder()
			httpctx.Run(w, given, func() { fn(w, httpctx.GetOrFail().Request()) }, httpctx.WithRequestContext())
		},
	} {
		t.Run(name, func(t *testing.T) {
			var kept context.Context
			serve(func(_ http.ResponseWriter, r *http.Request) {
				c := httpctx.GetOrFail()
				kept = r.Context()
				assert.NotSame(t, given, r)
				assert.Same(t, r, c.Request(), "the pointer given to next")
				assert.True(t, gls.Context() == r.Context() && c.Context() == r.Context())
				assert.Equal(t, "v", r.Context().Value(key{}))
				assert.Nil(t, r.Context().Value("another"))
				assert.Same(t, c, from(r.Context()))
				derived, cancel := context.WithTimeout(context.WithValue(r.Context(), key{}, "w"), time.Hour)
				defer cancel()
				for _, ctx := range []context.Context{r.Context(), derived, context.WithoutCancel(derived)} {
					apart(func() { assert.Same(t, c, from(ctx)) })
				}
				assert.Nil(t, from(given.Context()), "the one from before knows nothing")
				assert.Nil(t, from(context.Background()))
				switchedOff(func() { assert.Nil(t, from(r.Context())) })
			})
			assert.Nil(t, from(kept), "the request is over")
		})
	}
	assert.Equal(t, "httpctx.FromContext: nil context", panicOf(func() {
		httpctx.FromContext(nil) //nolint:staticcheck // what it is about
	}))
}

// Without the option a request's context carries nothing, and the request is the one that the server gave.
func TestWithoutRequestContext(t *testing.T) {
	given := newRequest("/")
	middleware(func(_ http.ResponseWriter, r *http.Request) {
		assert.Same(t, given, r)
		assert.Nil(t, from(r.Context()))
		_, ok := gls.FromContext(r.Context())
		assert.False(t, ok)
	}).ServeHTTP(httptest.NewRecorder(), given)
}

// The ctx carries the frame of the handler's start, for gls.Resume on any goroutine.
func TestResumeOfARequestContext(t *testing.T) {
	tenant, late := gls.New[string]("tenant"), gls.New[string]("late")
	var kept context.Context
	h := carrying(func(_ http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		kept = r.Context()
		late.Run("x", func() {
			apart(func() {
				gls.Resume(r.Context(), func() {
					assert.Same(t, c, current())
					assert.True(t, gls.Context() == r.Context())
					assert.Equal(t, "acme", tenant.GetOrFail(), "what was set around the Middleware")
					_, ok := late.Get()
					assert.False(t, ok, "set after the ctx was made")
					join(gls.Go, func() { assert.Same(t, c, current()) })
				})
				assert.Nil(t, current())
			})
		})
	})
	tenant.Run("acme", func() { h.ServeHTTP(httptest.NewRecorder(), newRequest("/")) })
	gls.Resume(kept, func() {
		assert.Nil(t, current())
		assert.ErrorIs(t, why(), httpctx.ErrFinished)
	})
	// Inside RunOutside the request is one of its own, whose ctx knows nothing of being outside.
	inRequest(func(outer *httpctx.Context) {
		httpctx.RunOutside(func() {
			carrying(func(_ http.ResponseWriter, r *http.Request) {
				c := httpctx.GetOrFail()
				assert.NotEqual(t, outer.ID(), c.ID())
				gls.Resume(r.Context(), func() {
					assert.Same(t, c, current())
					httpctx.RunOutside(func() { assert.Nil(t, current()) })
				})
			}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
		})
	})
}

// A Middleware on both sides of http.TimeoutHandler is one request.
func TestMiddlewareOnBothSidesOfTimeoutHandler(t *testing.T) {
	user, role := httpctx.NewKey[string]("user"), httpctx.NewKey[string]("role")
	for name, inside := range map[string]func(http.HandlerFunc) http.Handler{"plain": middleware, "carrying": carrying} {
		t.Run(name, func(t *testing.T) {
			var outer, inner *httpctx.Context
			inner1 := inside(func(_ http.ResponseWriter, r *http.Request) {
				inner = httpctx.GetOrFail()
				assert.Same(t, r, inner.Request())
				assert.NotSame(t, outer, inner)
				assert.Equal(t, outer.ID(), inner.ID())
				assert.Equal(t, outer.Start(), inner.Start())
				assert.Equal(t, "ada", user.GetOrFail())
				role.Set(inner, "admin")
				httpctx.AddLogAttrs(slog.Int("inside", 1))
				deadline, ok := gls.Context().Deadline()
				assert.True(t, ok && !deadline.IsZero(), "its own context")
				var out bytes.Buffer
				jsonLog(&out).InfoContext(r.Context(), "m")
				jsonLog(&out).Info("m")
				for _, line := range records(t, out.String()) {
					assert.Equal(t, pattern, line["pattern"], "the inner request's")
				}
			})
			mux := http.NewServeMux()
			mux.Handle(pattern, inner1)
			routed := inside(mux.ServeHTTP)
			carrying(func(w http.ResponseWriter, r *http.Request) {
				outer = httpctx.GetOrFail()
				user.Set(outer, "ada")
				http.TimeoutHandler(routed, time.Minute, "").ServeHTTP(w, r)
				assert.Same(t, outer, current())
				assert.Equal(t, "admin", role.GetOrFail())
				assert.Equal(t, pattern, outer.Pattern())
				var out bytes.Buffer
				jsonLog(&out).Info("m")
				assert.Contains(t, out.String(), `"pattern":"`+pattern+`","inside":1`)
			}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7"))
			assert.True(t, inner.Finished())
		})
	}
}

// When the time is over the outer Context is finished, and the inner one goes on by itself.
func TestMiddlewareInsideATimeout(t *testing.T) {
	hold, done := make(chan bool), make(chan struct{})
	ctx, timeout := context.WithCancel(t.Context())
	var outer *httpctx.Context
	slow := middleware(func(http.ResponseWriter, *http.Request) {
		defer close(done)
		c := httpctx.GetOrFail()
		timeout()
		<-hold
		assert.Same(t, c, current())
		assert.Equal(t, outer.ID(), c.ID())
		assert.Nil(t, from(outer.Context()))
	})
	carrying(func(w http.ResponseWriter, r *http.Request) {
		outer = httpctx.GetOrFail()
		http.TimeoutHandler(slow, time.Hour, "slow").ServeHTTP(w, r)
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/").WithContext(ctx))
	assert.True(t, outer.Finished())
	// One that begins when the outer one is over is a request of its own.
	httpctx.Run(httptest.NewRecorder(), newRequest("/").WithContext(outer.Context()), func() {
		assert.NotEqual(t, outer.ID(), httpctx.GetOrFail().ID())
	})
	close(hold)
	within(t, done)
}

// A ctx that carries a Context wins over the frame, and one whose request is over stands for none, not for another.
func TestCarriedContextWins(t *testing.T) {
	log := func(ctx context.Context) (id any) {
		var out bytes.Buffer
		jsonLog(&out).InfoContext(ctx, "m")
		return records(t, out.String())[0]["request_id"]
	}
	send := func(ctx context.Context) string {
		r := outgoing(t, "http://x/").WithContext(ctx)
		return transported(t, r).Header.Get("X-Request-ID")
	}
	nest := func(ctx context.Context) (id string) {
		r := newRequest("/", "X-Request-ID", "own").WithContext(ctx)
		httpctx.Run(httptest.NewRecorder(), r, func() { id = httpctx.GetOrFail().ID() })
		return id
	}
	request := func(id string, fn func(ctx context.Context)) {
		carrying(func(_ http.ResponseWriter, r *http.Request) { fn(r.Context()) }).
			ServeHTTP(httptest.NewRecorder(), newRequest("/", "X-Request-ID", id))
	}
	var over context.Context
	request("ada", func(ada context.Context) {
		over = ada
		apart(func() {
			assert.Equal(t, "ada", log(ada), "where the frame has none")
			assert.Equal(t, "ada", send(ada))
			assert.Equal(t, "ada", nest(ada))
			assert.Nil(t, log(context.Background()))
			assert.Empty(t, send(context.Background()))
			assert.Equal(t, "own", nest(context.Background()))
			request("bob", func(context.Context) {
				assert.Equal(t, "ada", log(ada), "in another request's frame")
				assert.Equal(t, "ada", send(ada))
				assert.Equal(t, "ada", nest(ada))
				assert.Equal(t, "bob", log(context.Background()))
				assert.Equal(t, "bob", log(t.Context()), "one that carries none")
				assert.Equal(t, "bob", send(t.Context()))
			})
		})
		httpctx.RunOutside(func() { assert.Equal(t, "ada", log(ada), "an explicit one") })
		switchedOff(func() { assert.Nil(t, log(ada)) })
	})
	request("bob", func(bob context.Context) {
		assert.Nil(t, log(over), "not bob's")
		assert.Empty(t, send(over))
		assert.Equal(t, "own", nest(over))
		assert.Equal(t, "bob", log(bob))
	})
	var nilContext context.Context
	request("bob", func(context.Context) { assert.Equal(t, "bob", log(nilContext)) })
}

// A Middleware without the option, further in, is nearer than what the ctx carries.
func TestPlainMiddlewareInACarryingOne(t *testing.T) {
	var out bytes.Buffer
	var inner *httpctx.Context
	ended := make(chan struct{})
	release := make(chan bool)
	carrying(func(w http.ResponseWriter, r *http.Request) {
		httpctx.Run(w, r.WithContext(r.Context()), func() {
			inner = httpctx.GetOrFail()
			inner.Request().Pattern = "inner"
			jsonLog(&out).InfoContext(inner.Context(), "m")
			jsonLog(&out).Info("m")
			gls.Go(func() {
				defer close(ended)
				<-release
				jsonLog(&out).InfoContext(r.Context(), "m") // the inner one is over
			})
		})
		close(release)
		<-ended
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	var patterns []any
	for _, line := range records(t, out.String()) {
		patterns = append(patterns, line["pattern"])
	}
	assert.Equal(t, []any{"inner", "inner", "inner"}, patterns, "the last one is the outer's, which has learnt it")
}

// Detached work's context carries the detached Context, which does not finish.
func TestDetachedRequestContext(t *testing.T) {
	over, done := make(chan bool), make(chan struct{})
	tenant := gls.New[string]("tenant")
	var kept context.Context
	carrying(func(_ http.ResponseWriter, r *http.Request) {
		kept = r.Context()
		httpctx.AddLogAttrs(slog.Int("before", 1))
		tenant.Run("acme", func() {
			httpctx.GoDetached(func() {
				defer close(done)
				<-over
				c := httpctx.GetOrFail()
				ctx := c.Context()
				assert.True(t, ctx == gls.Context() && ctx == c.Request().Context())
				assert.Same(t, c, from(ctx))
				assert.Nil(t, from(kept))
				var out bytes.Buffer
				apart(func() { jsonLog(&out).InfoContext(ctx, "m") })
				assert.Equal(t, c.ID(), records(t, out.String())[0]["request_id"])
				assert.EqualValues(t, 1, records(t, out.String())[0]["before"])
				apart(func() {
					gls.Resume(ctx, func() {
						assert.Same(t, c, current())
						assert.Equal(t, "acme", tenant.GetOrFail(), "as it was at the call")
					})
				})
				join(httpctx.GoDetached, func() {
					again := httpctx.GetOrFail()
					assert.NotSame(t, c, again)
					assert.Same(t, again, from(gls.Context()))
				})
			})
		})
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"))
	close(over)
	within(t, done)
}

// Detached work that still has the handler's ctx belongs to the same request: its lines and outgoing requests have the id,
// as without the option. A ctx of another request that is over stays one.
func TestDetachedWorkWithTheHandlersContext(t *testing.T) {
	over := make(chan bool)
	var out bytes.Buffer
	var sent string
	log := jsonLog(&out)
	transport := httpctx.Transport(tripper(func(r *http.Request) (*http.Response, error) {
		sent = r.Header.Get("X-Request-ID")
		return nil, context.Canceled
	}))
	use := func(ctx context.Context) (logged any) {
		out.Reset()
		log.InfoContext(ctx, "m")
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/", http.NoBody)
		assert.NoError(t, err)
		_, err = transport.RoundTrip(r)
		assert.ErrorIs(t, err, context.Canceled)
		logged = records(t, out.String())[0]["request_id"]
		if logged == nil {
			assert.Empty(t, sent)
		} else {
			assert.Equal(t, logged, sent)
		}
		return logged
	}
	var other context.Context
	carrying(func(_ http.ResponseWriter, r *http.Request) { other = context.WithoutCancel(r.Context()) }).
		ServeHTTP(httptest.NewRecorder(), newRequest("/", "X-Request-ID", "other"))
	done := make(chan struct{})
	carrying(func(_ http.ResponseWriter, r *http.Request) {
		ctx := context.WithoutCancel(r.Context())
		middleware(func(_ http.ResponseWriter, r *http.Request) {
			httpctx.GoDetached(func() {
				defer close(done)
				<-over
				check := func(where string) {
					assert.Equal(t, "id-1", use(ctx), where)
					assert.Equal(t, "id-1", use(context.WithoutCancel(r.Context())), where)
					assert.Nil(t, use(other), where)
				}
				check("detached")
				inner := gls.Context()
				join(httpctx.GoDetached, func() {
					check("again")
					assert.Equal(t, "id-1", use(inner))
				})
				httpctx.Run(httptest.NewRecorder(), newRequest("/inner"), func() { check("nested") })
			})
		}).ServeHTTP(httptest.NewRecorder(), r)
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/", "X-Request-ID", "id-1"))
	close(over)
	within(t, done)
}

// Requests, each with a child that has the ctx alone, under load: none sees another's.
func TestRequestContextsApart(t *testing.T) {
	h := carrying(func(w http.ResponseWriter, r *http.Request) {
		id := httpctx.GetOrFail().ID()
		done := make(chan string, 1)
		go func(ctx context.Context) {
			runtime.Gosched()
			gls.Resume(ctx, func() { done <- httpctx.GetOrFail().ID() + from(ctx).ID() })
		}(r.Context())
		if got := <-done; got != id+id {
			t.Errorf("%s instead of %s", got, id)
		}
		fmt.Fprint(w, id)
	})
	s := serve(t, h)
	var group gls.WaitGroup
	for i := range 4 {
		group.Go(func() {
			for j := range 50 {
				id := fmt.Sprintf("%d-%d", i, j)
				if body, err := fetch(s.Client(), s.URL, "X-Request-ID", id); err != nil || body != id {
					t.Errorf("%s %v instead of %s", body, err, id)
				}
			}
		})
	}
	group.Wait()
}
