package httpctx_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A ctx that carries the frame of a request shows the request while it lasts, and none of it afterwards.
func TestResumedFrameOfARequest(t *testing.T) {
	user := gls.New[string]("user")
	var ctx context.Context
	gls.Isolate(func() {
		httpctx.Run(httptest.NewRecorder(), newRequest("/x"), func() {
			c := httpctx.GetOrFail()
			user.Run("Ada", func() { ctx = gls.NewContext(c.Context(), gls.Capture()) })
			onPlainGoroutine := func(fn func()) { gls.Isolate(func() { join(plain, fn) }) }
			onPlainGoroutine(func() {
				gls.Resume(ctx, func() {
					assert.Same(t, c, httpctx.GetOrFail())
					assert.Equal(t, "Ada", user.GetOrFail())
				})
				_, ok := httpctx.Get()
				assert.False(t, ok)
			})
		})
		gls.Resume(ctx, func() {
			_, ok := httpctx.Get()
			assert.False(t, ok)
			_, err := httpctx.Lookup()
			assert.ErrorIs(t, err, httpctx.ErrFinished)
			assert.Equal(t, "Ada", user.GetOrFail(), "values of one's own are one's own business")
			assert.Same(t, ctx, gls.Context(), "an explicit ctx")
		})
	})
}

// A propagator puts a frame into the request's ctx. The handler continues it, and keeps what the running flow has set
// since where the ctx is its own.
func TestMiddlewareContinuesTheFrameOfTheRequestsContext(t *testing.T) {
	user := gls.New[string]("user")
	name := func() string { u, _ := user.Get(); return u }
	carrying := func(name string) *http.Request {
		r := newRequest("/x")
		return r.WithContext(gls.NewContext(r.Context(), gls.Snapshot{}.With(user.With(name))))
	}
	served := 0
	h := httpctx.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		served++
		c := httpctx.GetOrFail()
		assert.Equal(t, "Ada", name())
		assert.Same(t, r.Context(), gls.Context())

		inner := func(r *http.Request) (seen string) {
			httpctx.Run(httptest.NewRecorder(), r, func() {
				seen = name()
				assert.Equal(t, seen != "Eve", httpctx.GetOrFail().ID() == c.ID(), "a request of its own in another flow")
			})
			return seen
		}
		user.Run("Bob", func() {
			assert.Equal(t, "Bob", inner(r), "its own ctx, with what was set since")
			assert.Equal(t, "Bob", inner(newRequest("/y")), "no frame")
			assert.Equal(t, "Eve", inner(carrying("Eve")), "the frame of another flow")
			assert.Equal(t, "Bob", name())
		})
	}))
	for end, call := range map[string]func(){
		"nothing set": func() { h.ServeHTTP(httptest.NewRecorder(), carrying("Ada")) },
		"the frame of another": func() {
			user.Run("Mallory", func() {
				h.ServeHTTP(httptest.NewRecorder(), carrying("Ada"))
				assert.Equal(t, "Mallory", name())
			})
		},
	} {
		call()
		assert.Empty(t, name(), end)
	}
	assert.Equal(t, 2, served)
}

func TestMiddlewareEndsAResumedRequestHoweverItsHandlerEnds(t *testing.T) {
	user := gls.New[string]("user")
	for name, end := range map[string]func(){"panic": func() { panic("in the handler") }, "Goexit": runtime.Goexit} {
		done := make(chan any)
		go func() {
			var c *httpctx.Context
			defer func() {
				r := recover()
				assert.Equal(t, gls.Snapshot{}, gls.Capture(), name)
				assert.True(t, c.Finished(), name)
				done <- r
			}()
			r := newRequest("/x")
			r = r.WithContext(gls.NewContext(r.Context(), gls.Snapshot{}.With(user.With("Ada"))))
			httpctx.Run(httptest.NewRecorder(), r, func() {
				c = httpctx.GetOrFail()
				assert.Equal(t, "Ada", user.GetOrFail())
				end()
			})
		}()
		if r := <-done; name == "panic" {
			assert.Equal(t, "in the handler", r)
		} else {
			assert.Nil(t, r)
		}
	}
}

// The handler inside runs on a goroutine that http.TimeoutHandler starts, with the ctx of the request outside.
func TestAMiddlewareInTimeoutHandlerHasTheValuesFromOutside(t *testing.T) {
	user := gls.New[string]("user")
	inside := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, user.GetOrFail())
	})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Run("Ada", func() {
			timeout := http.TimeoutHandler(httpctx.Middleware(inside), time.Minute, "late")
			httpctx.New(httpctx.WithRequestContext())(timeout).ServeHTTP(w, r)
		})
	}))
	assert.Equal(t, "Ada", get(t, s.Client(), s.URL+"/"))
}
