package httpctx_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// These tests turn the switch of the process. They do not run in parallel with others.

// Off, a Middleware passes requests on as they are.
func TestOffPassesThrough(t *testing.T) {
	w, r := httptest.NewRecorder(), newRequest("/", "X-Request-ID", "id")
	outer := gls.New[int]("outer")
	asked, calls := 0, 0
	h := httpctx.New(httpctx.WithRequestID(func(*http.Request) string { asked++; return "id" }))(
		http.HandlerFunc(func(gotW http.ResponseWriter, gotR *http.Request) {
			calls++
			assert.Same(t, w, gotW)
			assert.Same(t, r, gotR)
			assert.Nil(t, current())
			v, _ := outer.Get()
			assert.Equal(t, 1, v)
			outer.Enter(2) // no scope of the library's around it
		}))
	switchedOff(func() {
		outer.Run(1, func() {
			h.ServeHTTP(w, r)
			v, _ := outer.Get()
			assert.Equal(t, 2, v, "nothing is put back")
		})
	})
	assert.Equal(t, 1, calls)
	assert.Zero(t, asked)
}

// Off, the functions that take a function call it.
func TestOffStillCalls(t *testing.T) {
	s := gls.New[int]("s")
	switchedOff(func() {
		s.Run(1, func() {
			check := func(what string) {
				assert.Nil(t, current(), what)
				assert.ErrorIs(t, why(), httpctx.ErrNotEnabled, what)
				v, _ := s.Get()
				assert.Equal(t, 1, v, "%s: gls values are there", what)
			}
			calls := 0
			inside := func(what string) func() {
				return func() {
					calls++
					check(what)
				}
			}
			httpctx.Run(httptest.NewRecorder(), newRequest("/"), inside("Run"))
			httpctx.RunOutside(inside("RunOutside"))
			join(httpctx.GoDetached, inside("GoDetached"))
			httpctx.Run(httptest.NewRecorder(), newRequest("/"), func() {
				httpctx.RunOutside(func() { join(httpctx.GoDetached, inside("nested")) })
			})
			assert.Equal(t, 4, calls)
		})
	})
}

// A request that began before the switch finishes; its Context is not found any more, in no goroutine, ever.
func TestOffDuringARequest(t *testing.T) {
	var held, detached *httpctx.Context
	var captured gls.Snapshot
	hold, done := make(chan struct{}), make(chan struct{})
	inRequest(func(c *httpctx.Context) {
		held = c
		captured = gls.Capture()
		httpctx.GoDetached(func() {
			defer close(done)
			detached = current()
			hold <- struct{}{}
			<-hold
			assert.Nil(t, current(), "detached, on again")
			assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
			hold <- struct{}{}
		})
		<-hold
		switchedOff(func() {
			assert.Nil(t, current())
			assert.ErrorIs(t, why(), httpctx.ErrNotEnabled)
			captured.Run(func() { assert.Nil(t, current()) })
			assert.False(t, held.Finished(), "it goes on")
			_, err := held.Writer().Write([]byte("x"))
			assert.NoError(t, err)
		})
		assert.Nil(t, current(), "on again")
		assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
		assert.ErrorContains(t, why(), "the request began before httpctx was switched off and on again")
		captured.Run(func() { assert.Nil(t, current()) })
		join(gls.Go, func() { assert.Nil(t, current()) })
		hold <- struct{}{}
		<-hold
		inRequest(func(c *httpctx.Context) {
			assert.Same(t, c, current(), "a request that begins later has one")
			assert.NotEqual(t, held.ID(), c.ID())
		})
		assert.Nil(t, current())
	})
	<-done
	assert.True(t, held.Finished())
	assert.NotNil(t, detached)
	assert.False(t, detached.Finished())
	_, err := held.Writer().Write([]byte("x"))
	assert.ErrorIs(t, err, httpctx.ErrFinished)
}

// A request that began while off has no Context after switching on either.
func TestOnDuringARequest(t *testing.T) {
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	middleware(func(http.ResponseWriter, *http.Request) {
		assert.ErrorIs(t, why(), httpctx.ErrNotEnabled)
		httpctx.SetEnabled(true)
		assert.Nil(t, current())
		assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
		middleware(func(http.ResponseWriter, *http.Request) {
			assert.NotNil(t, current())
		}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
		assert.Nil(t, current())
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	assert.Nil(t, current())
}

// SetEnabled(true) where it is on already changes nothing.
func TestOnTwice(t *testing.T) {
	inRequest(func(c *httpctx.Context) {
		httpctx.SetEnabled(true)
		assert.Same(t, c, current())
	})
	httpctx.SetEnabled(false)
	httpctx.SetEnabled(false)
	httpctx.SetEnabled(true)
	inRequest(func(c *httpctx.Context) { assert.Same(t, c, current()) })
}

// A request that was over before the switch is over, and so is one that has ended since.
func TestOffAndOnAfterTheEnd(t *testing.T) {
	var before, since gls.Snapshot
	inRequest(func(*httpctx.Context) { before = gls.Capture() })
	inRequest(func(*httpctx.Context) {
		since = gls.Capture()
		switchedOff(func() {
			before.Run(func() { assert.ErrorIs(t, why(), httpctx.ErrNotEnabled) })
		})
		since.Run(func() { assert.ErrorIs(t, why(), httpctx.ErrNoRequest) })
	})
	for _, over := range []gls.Snapshot{before, since} {
		over.Run(func() { isOnly(t, why(), httpctx.ErrFinished, "^GET /in, request id ") })
	}
}

// Requests come and go while the switch is turned: each sees its own Context or none.
func TestSwitchConcurrently(t *testing.T) {
	s := serve(t, middleware(func(w http.ResponseWriter, r *http.Request) {
		for range 3 {
			if c := current(); c != nil && c.Request() != r {
				t.Errorf("%s sees %s", r.URL.Path, c.Request().URL.Path)
			}
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	var stop atomic.Bool
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for !stop.Load() {
				if _, err := fetch(s.Client(), s.URL+"/"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for range 50 {
		httpctx.SetEnabled(false)
		_, err := fetch(s.Client(), s.URL+"/switch")
		assert.NoError(t, err)
		httpctx.SetEnabled(true)
		_, err = fetch(s.Client(), s.URL+"/switch")
		assert.NoError(t, err)
	}
	stop.Store(true)
	group.Wait()
	inRequest(func(c *httpctx.Context) { assert.Same(t, c, current()) })
}

// After off and on, a goroutine of a request that is over gets nothing of it from Transport either.
func TestOffForgetsTheAmbientContextOfAFinishedRequest(t *testing.T) {
	var captured gls.Snapshot
	ctx, cancel := context.WithCancel(context.Background())
	httpctx.Run(httptest.NewRecorder(), newRequest("/").WithContext(ctx), func() {
		captured = gls.Capture()
		switchedOff(func() {})
	})
	cancel()
	captured.Run(func() {
		r, err := http.NewRequest(http.MethodGet, "http://127.0.0.1/", nil)
		assert.NoError(t, err)
		sent := transported(t, r)
		assert.True(t, sent == r, "nothing is added after the request")
	})
}
