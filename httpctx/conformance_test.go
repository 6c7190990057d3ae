package httpctx_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// TestConformance is the HttpContext of AdonisJS in goroutine terms, a row of the conformance catalogue a subtest.
// Each row runs in several states that a goroutine can be in, and leaves each as it was. A row asserts and never
// requires: in some of these states it is not on its test's goroutine.
func TestConformance(t *testing.T) {
	rows := []struct {
		name string
		run  func(t *testing.T)
	}{
		{"A-01 everything in a scope reads the identical Context", rowA01},
		{"A-02 five scopes in parallel", rowA02},
		{"A-03 five scopes in parallel, in timers", rowA03},
		{"A-04 Get and GetOrFail in a handler", rowA04},
		{"A-05 outside of any request", rowA05},
		{"A-06 RunOutside in a handler", rowA06},
		{"A-07 GetOrFail inside RunOutside", rowA07},
		{"A-08 switched off", rowA08},
		{"A-09 a handler that answers with the error", rowA09},
		{"A-10 RunOutside switched off", rowA10},
		{"A-11 two errors", rowA11},
		{"A-12 RunOutside whose function fails", rowA12},
		{"A-13 a goroutine that outlives RunOutside", rowA13},
		{"A-14 the whole chain is inside", rowA14},
		{"A-15 a listener for completed requests", rowA15},
		{"A-16 a second server", rowA16},
		{"A-17 off and on again", rowA17},
		{"A-18 the default", rowA18},
		{"A-19 linked from the request", rowA19},
	}
	for _, row := range rows {
		for _, state := range states(t) {
			t.Run(row.name+"/"+state.name, func(t *testing.T) {
				state.run(func() {
					before := gls.Capture()
					row.run(t)
					assert.True(t, before == gls.Capture(), "the frame from before is in force")
				})
			})
		}
	}
}

func rowA01(t *testing.T) {
	inRequest(func(c *httpctx.Context) {
		middle := func() { assert.Same(t, c, current()) }
		middle()
		func() { assert.Same(t, c, httpctx.GetOrFail()) }()
	})
}

func rowA02(t *testing.T) {
	var group sync.WaitGroup
	var checks atomic.Int64
	ready := make(chan struct{})
	for range 5 {
		group.Go(func() {
			inRequest(func(c *httpctx.Context) {
				for range 2 {
					<-ready
					assert.Same(t, c, current())
					checks.Add(1)
				}
			})
		})
	}
	close(ready)
	group.Wait()
	assert.EqualValues(t, 10, checks.Load())
}

func rowA03(t *testing.T) {
	var group sync.WaitGroup
	var checks atomic.Int64
	for range 5 {
		group.Go(func() {
			inRequest(func(c *httpctx.Context) {
				for range 2 {
					fired := make(chan struct{})
					gls.AfterFunc(time.Millisecond, func() {
						assert.Same(t, c, current())
						checks.Add(1)
						close(fired)
					})
					<-fired
				}
			})
		})
	}
	group.Wait()
	assert.EqualValues(t, 10, checks.Load())
}

func rowA04(t *testing.T) {
	r := newRequest("/")
	middleware(func(_ http.ResponseWriter, got *http.Request) {
		assert.True(t, httpctx.Enabled())
		c, ok := httpctx.Get()
		assert.True(t, ok)
		assert.Same(t, c, httpctx.GetOrFail())
		assert.Same(t, r, c.Request(), "the handler's own")
		assert.Same(t, r, got)
	}).ServeHTTP(httptest.NewRecorder(), r)
}

func rowA05(t *testing.T) {
	middleware(func(http.ResponseWriter, *http.Request) {})
	assert.True(t, httpctx.Enabled())
	c, ok := httpctx.Get()
	assert.False(t, ok)
	assert.Nil(t, c)
	err, _ := panicOf(func() { httpctx.GetOrFail() }).(error)
	assert.ErrorIs(t, err, httpctx.ErrNoRequest)
}

func rowA06(t *testing.T) {
	inRequest(func(c *httpctx.Context) {
		result := ""
		httpctx.RunOutside(func() {
			assert.True(t, httpctx.Enabled())
			assert.Nil(t, current())
			result = "done"
		})
		assert.Equal(t, "done", result)
		assert.Same(t, c, current())
	})
}

func rowA07(t *testing.T) {
	inRequest(func(*httpctx.Context) {
		httpctx.RunOutside(func() {
			err, _ := panicOf(func() { httpctx.GetOrFail() }).(error)
			assert.ErrorIs(t, err, httpctx.ErrNoRequest)
		})
	})
}

// switchedOff runs fn while no request gets a Context.
func switchedOff(fn func()) {
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	fn()
}

func rowA08(t *testing.T) {
	check := func() {
		assert.False(t, httpctx.Enabled())
		assert.Nil(t, current())
		err, _ := panicOf(func() { httpctx.GetOrFail() }).(error)
		assert.ErrorIs(t, err, httpctx.ErrNotEnabled)
	}
	switchedOff(func() {
		calls := 0
		middleware(func(http.ResponseWriter, *http.Request) {
			calls++
			check()
		}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
		check()
		assert.Equal(t, 1, calls)
	})
}

func rowA09(t *testing.T) {
	s := serve(t, middleware(func(w http.ResponseWriter, _ *http.Request) {
		if _, err := httpctx.Lookup(); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	}))
	switchedOff(func() {
		for range 2 {
			response, err := s.Client().Get(s.URL)
			if assert.NoError(t, err) {
				assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
				response.Body.Close()
			}
		}
	})
}

func rowA10(t *testing.T) {
	switchedOff(func() {
		calls := 0
		httpctx.RunOutside(func() {
			calls++
			assert.Nil(t, current())
			assert.False(t, httpctx.Enabled())
		})
		assert.Equal(t, 1, calls)
	})
}

func rowA11(t *testing.T) {
	middleware(func(http.ResponseWriter, *http.Request) {})
	outside := why()
	var off error
	switchedOff(func() { off = why() })
	assert.ErrorIs(t, outside, httpctx.ErrNoRequest)
	assert.NotErrorIs(t, outside, httpctx.ErrNotEnabled)
	assert.ErrorIs(t, off, httpctx.ErrNotEnabled)
	assert.NotErrorIs(t, off, httpctx.ErrNoRequest)
	assert.ErrorContains(t, off, "httpctx.Middleware(mux)")
	assert.ErrorContains(t, outside, "outside of an HTTP request")
}

func rowA12(t *testing.T) {
	failure := errors.New("failed")
	inRequest(func(c *httpctx.Context) {
		assert.Equal(t, "over", panicOf(func() {
			httpctx.RunOutside(func() { panic("over") })
		}))
		assert.Same(t, c, current())
		var err error
		httpctx.RunOutside(func() { err = failure })
		assert.Equal(t, failure, err)
		assert.Same(t, c, current())
	})
}

func rowA13(t *testing.T) {
	over, done := make(chan struct{}), make(chan struct{})
	inRequest(func(*httpctx.Context) {
		httpctx.RunOutside(func() {
			gls.Go(func() {
				defer close(done)
				assert.Nil(t, current())
				<-over
				assert.Nil(t, current())
				assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
			})
		})
		assert.NotNil(t, current())
		over <- struct{}{}
	})
	<-done
}

func rowA14(t *testing.T) {
	var seen []*httpctx.Context
	var where []string
	look := func(name string) { seen, where = append(seen, current()), append(where, name) }
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		look("route")
		panic("error")
	})
	errorHandler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			_ = recover()
			look("error handler")
			_, _ = lookingWriter{w, func() { look("writer") }}.Write([]byte("x"))
		}()
		mux.ServeHTTP(w, r)
	})
	first := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		look("first")
		errorHandler.ServeHTTP(w, r)
		look("last")
	})
	httpctx.Middleware(first).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	assert.Equal(t, []string{"first", "route", "error handler", "writer", "last"}, where)
	for i, c := range seen {
		assert.NotNil(t, c, where[i])
		assert.Same(t, seen[0], c, where[i])
	}
}

// A lookingWriter looks whenever it is written to.
type lookingWriter struct {
	http.ResponseWriter
	look func()
}

func (w lookingWriter) Write(p []byte) (int, error) {
	w.look()
	return w.ResponseWriter.Write(p)
}

func rowA15(t *testing.T) {
	var completed []func(c *httpctx.Context)
	completed = append(completed, func(c *httpctx.Context) {
		assert.Nil(t, current())
		assert.Equal(t, "/in", c.Request().URL.Path)
		assert.True(t, c.Finished())
	})
	var c *httpctx.Context
	inRequest(func(now *httpctx.Context) { c = now })
	for _, listener := range completed {
		listener(c)
	}
}

func rowA16(t *testing.T) {
	inRequest(func(c *httpctx.Context) {
		var with, without *httptest.Server
		gls.Isolate(func() { // in inherited propagation a server has the frame in which it starts
			with = serve(t, middleware(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, current() != nil) }))
			without = serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, why()) }))
		})
		httpctx.New(httpctx.WithRequestID(func(*http.Request) string { return "x" }))
		body, err := fetch(with.Client(), with.URL)
		assert.NoError(t, err)
		assert.Equal(t, "true", body)
		body, err = fetch(without.Client(), without.URL)
		assert.NoError(t, err)
		assert.Contains(t, body, httpctx.ErrNoRequest.Error())
		assert.Same(t, c, current(), "the first server is not disturbed")
		assert.True(t, httpctx.Enabled())
	})
}

func rowA17(t *testing.T) {
	inRequest(func(before *httpctx.Context) {
		switchedOff(func() { assert.Nil(t, current()) })
		assert.Nil(t, current(), "nothing stale")
		inRequest(func(c *httpctx.Context) {
			assert.NotSame(t, before, c)
			assert.NotEqual(t, before.ID(), c.ID(), "not even nested in it")
		})
		assert.Nil(t, current())
	})
}

func rowA18(t *testing.T) {
	httpctx.Middleware(http.NotFoundHandler())
	assert.True(t, httpctx.Enabled(), "no switch to turn: a Middleware is enough")
	assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
	// TestNotEnabled is the process without one.
}

func rowA19(t *testing.T) {
	type key struct{}
	r := newRequest("/")
	r = r.WithContext(context.WithValue(r.Context(), key{}, "linked"))
	middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		assert.Same(t, r, c.Request())
		assert.Equal(t, r.Context(), c.Context())
		assert.Equal(t, "linked", gls.Context().Value(key{}))
		_, err := c.Writer().Write([]byte("x"))
		assert.NoError(t, err)
		assert.Equal(t, "x", w.(*httptest.ResponseRecorder).Body.String())
	}).ServeHTTP(httptest.NewRecorder(), r)
}
