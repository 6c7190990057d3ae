package conformance_test

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

// TestConformanceAdonis is the HttpContext of AdonisJS in goroutine terms.
func TestConformanceAdonis(t *testing.T) {
	inEveryState(t, keepingTheFrame(requestRows))
	inEveryState(t, keepingTheFrame(outsideRows))
}

// keepingTheFrame returns the rows with an assertion more: the very frame from before is in force afterwards.
func keepingTheFrame(rows []row) (checked []row) {
	for _, r := range rows {
		checked = append(checked, row{r.name, func(t *probe) {
			before := gls.Capture()
			r.body(t)
			assert.True(t, before == gls.Capture(), "another frame is in force")
		}})
	}
	return checked
}

// requestRows are about what a handler and its helpers find.
var requestRows = []row{
	{"A-01 everything in a scope reads the identical Context", func(t *probe) {
		inRequest(func(c *httpctx.Context) {
			middle := func() { assert.Same(t, c, current()) }
			middle()
			func() { assert.Same(t, c, httpctx.GetOrFail()) }()
		})
	}},
	{"A-02 five scopes in parallel", func(t *probe) {
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
	}},
	{"A-03 five scopes in parallel, in timers", func(t *probe) {
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
	}},
	{"A-04 Get and GetOrFail in a handler", func(t *probe) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		middleware(func(_ http.ResponseWriter, got *http.Request) {
			assert.True(t, httpctx.Enabled())
			c, ok := httpctx.Get()
			assert.True(t, ok)
			assert.Same(t, c, httpctx.GetOrFail())
			assert.Same(t, r, c.Request(), "the handler's own")
			assert.Same(t, r, got)
		}).ServeHTTP(httptest.NewRecorder(), r)
	}},
	{"A-09 a handler that answers with the error", func(t *probe) {
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
	}},
	{"A-14 the whole chain is inside", func(t *probe) {
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
		httpctx.Middleware(first).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
		assert.Equal(t, []string{"first", "route", "error handler", "writer", "last"}, where)
		for i, c := range seen {
			assert.NotNil(t, c, where[i])
			assert.Same(t, seen[0], c, where[i])
		}
	}},
	{"A-15 a listener for completed requests", func(t *probe) {
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
	}},
	{"A-16 a second server", func(t *probe) {
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
	}},
	{"A-19 linked from the request", func(t *probe) {
		type key struct{}
		r := httptest.NewRequest(http.MethodGet, "/", nil)
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
		httpctx.New(httpctx.WithRequestContext())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			c, ok := httpctx.FromContext(r.Context())
			assert.True(t, ok)
			assert.Same(t, current(), c)
			assert.Same(t, r, c.Request())
		})).ServeHTTP(httptest.NewRecorder(), r)
	}},
}

// outsideRows are about code outside of requests, of RunOutside and of the switch.
var outsideRows = []row{
	{"A-05 outside of any request", func(t *probe) {
		middleware(func(http.ResponseWriter, *http.Request) {})
		assert.True(t, httpctx.Enabled())
		c, ok := httpctx.Get()
		assert.False(t, ok)
		assert.Nil(t, c)
		err, _ := caught(func() { httpctx.GetOrFail() }).(error)
		assert.ErrorIs(t, err, httpctx.ErrNoRequest)
	}},
	{"A-06 RunOutside in a handler", func(t *probe) {
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
	}},
	{"A-07 GetOrFail inside RunOutside", func(t *probe) {
		inRequest(func(*httpctx.Context) {
			httpctx.RunOutside(func() {
				err, _ := caught(func() { httpctx.GetOrFail() }).(error)
				assert.ErrorIs(t, err, httpctx.ErrNoRequest)
			})
		})
	}},
	{"A-08 switched off", func(t *probe) {
		check := func() {
			assert.False(t, httpctx.Enabled())
			assert.Nil(t, current())
			err, _ := caught(func() { httpctx.GetOrFail() }).(error)
			assert.ErrorIs(t, err, httpctx.ErrNotEnabled)
		}
		switchedOff(func() {
			calls := 0
			middleware(func(http.ResponseWriter, *http.Request) {
				calls++
				check()
			}).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil))
			check()
			assert.Equal(t, 1, calls)
		})
	}},
	{"A-10 RunOutside switched off", func(t *probe) {
		switchedOff(func() {
			calls := 0
			httpctx.RunOutside(func() {
				calls++
				assert.Nil(t, current())
				assert.False(t, httpctx.Enabled())
			})
			assert.Equal(t, 1, calls)
		})
	}},
	{"A-11 two errors", func(t *probe) {
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
	}},
	{"A-12 RunOutside whose function fails", func(t *probe) {
		failure := errors.New("failed")
		inRequest(func(c *httpctx.Context) {
			assert.Equal(t, "over", caught(func() {
				httpctx.RunOutside(func() { panic("over") })
			}))
			assert.Same(t, c, current())
			var err error
			httpctx.RunOutside(func() { err = failure })
			assert.Equal(t, failure, err)
			assert.Same(t, c, current())
		})
	}},
	{"A-13 a goroutine that outlives RunOutside", func(t *probe) {
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
	}},
	{"A-17 off and on again", func(t *probe) {
		inRequest(func(before *httpctx.Context) {
			switchedOff(func() { assert.Nil(t, current()) })
			assert.Nil(t, current(), "nothing stale")
			inRequest(func(c *httpctx.Context) {
				assert.NotSame(t, before, c)
				assert.NotEqual(t, before.ID(), c.ID(), "not even nested in it")
			})
			assert.Nil(t, current())
		})
	}},
	{"A-18 the default", func(t *probe) {
		httpctx.Middleware(http.NotFoundHandler())
		assert.True(t, httpctx.Enabled(), "no switch to turn: a Middleware is enough")
		assert.ErrorIs(t, why(), httpctx.ErrNoRequest)
		// TestNotEnabled is the process without one.
	}},
}

// switchedOff runs fn while no request gets a Context.

func switchedOff(fn func()) {
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	fn()
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

// inRequest runs fn as the handler of the request GET /in.
func inRequest(fn func(c *httpctx.Context)) {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/in", nil), func() {
		fn(httpctx.GetOrFail())
	})
}

// middleware is httpctx.Middleware for a function.
func middleware(fn http.HandlerFunc) http.Handler { return httpctx.Middleware(fn) }

// current returns what Get finds, nil where it finds nothing.
func current() *httpctx.Context {
	c, _ := httpctx.Get()
	return c
}

// why returns Lookup's error.
func why() error {
	_, err := httpctx.Lookup()
	return err
}

// serve starts a server on the loopback interface, for as long as the row runs.
func serve(t *probe, h http.Handler) *httptest.Server {
	s := httptest.NewServer(h)
	t.after = append(t.after, s.Close)
	return s
}
