package httpctx_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/template"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A handler, what it calls and what it starts with gls.Go see one Context, and the request's context with it.
func TestRule1(t *testing.T) {
	type key struct{}
	see := func(c *httpctx.Context) string {
		return fmt.Sprintf("%t %t %t %v", current() == c, httpctx.GetOrFail() == c, gls.Context() == c.Context(),
			gls.Context().Value(key{}))
	}
	const all = "true true true v"
	handle := func(fn func(c *httpctx.Context)) {
		r := newRequest("/")
		r = r.WithContext(context.WithValue(r.Context(), key{}, "v"))
		middleware(func(http.ResponseWriter, *http.Request) { fn(httpctx.GetOrFail()) }).
			ServeHTTP(httptest.NewRecorder(), r)
	}
	t.Run("what it calls", func(t *testing.T) {
		handle(func(c *httpctx.Context) {
			assert.Equal(t, all, see(c))
			func() { defer func() { assert.Equal(t, all, see(c), "deferred") }() }()
			slices.SortFunc([]int{1, 2}, func(a, b int) int {
				assert.Equal(t, all, see(c), "sorting")
				return a - b
			})
			for range slices.Values([]int{1}) {
				assert.Equal(t, all, see(c), "range over func")
			}
			var out strings.Builder
			functions := template.FuncMap{"see": func() string { return see(c) }}
			tmpl, err := template.New("").Funcs(functions).Parse("{{see}}")
			require.NoError(t, err)
			require.NoError(t, tmpl.Execute(&out, nil))
			assert.Equal(t, all, out.String(), "template")
			sync.OnceFunc(func() { assert.Equal(t, all, see(c), "once") })()
			_ = panicOf(func() {
				defer func() { assert.Equal(t, all, see(c), "while it panics") }()
				panic("x")
			})
			assert.Equal(t, all, see(c), "after it recovered")
		})
	})
	t.Run("what it starts", func(t *testing.T) {
		starts := map[string]func(fn func()){
			"gls.Go":          gls.Go,
			"gls.Go twice":    func(fn func()) { gls.Go(func() { gls.Go(fn) }) },
			"Snapshot.Go":     func(fn func()) { gls.Capture().Go(fn) },
			"gls.WaitGroup":   func(fn func()) { new(gls.WaitGroup).Go(fn) },
			"AfterFunc":       func(fn func()) { gls.AfterFunc(0, fn) },
			"go Bind":         func(fn func()) { go gls.Bind(fn)() },
			"time.AfterFunc":  func(fn func()) { time.AfterFunc(0, gls.Bind(fn)) },
			"plain, Snapshot": func(fn func()) { s := gls.Capture(); go s.Run(fn) },
		}
		for name, start := range starts {
			handle(func(c *httpctx.Context) {
				join(start, func() { assert.Equal(t, all, see(c), name) })
			})
		}
	})
	t.Run("both or none", func(t *testing.T) {
		none := func(when string) {
			assert.Nil(t, current(), when)
			assert.Equal(t, context.Background(), gls.Context(), when)
		}
		none("before")
		handle(func(*httpctx.Context) { gls.Isolate(func() { none("isolated") }) })
		none("after")
		_ = panicOf(func() { handle(func(*httpctx.Context) { panic("x") }) })
		none("after a panic")
		join(plain, func() {
			defer none("after Goexit")
			handle(func(*httpctx.Context) { runtime.Goexit() })
		})
		outer := context.WithValue(context.Background(), key{}, "outer")
		gls.RunContext(outer, func() {
			handle(func(c *httpctx.Context) { assert.Equal(t, all, see(c)) })
			assert.Equal(t, outer, gls.Context(), "put back")
		})
	})
	t.Run("one frame", func(t *testing.T) {
		// What was in force before and what is in force in the handler differ by one scope: a scope that is entered
		// in the handler and left after it is over.
		s := gls.New[int]("s")
		var scope gls.Scope
		s.Run(1, func() {
			handle(func(*httpctx.Context) { scope = s.Enter(2) })
			v, _ := s.Get()
			assert.Equal(t, 1, v)
			scope.Leave()
			v, _ = s.Get()
			assert.Equal(t, 1, v)
		})
	})
}

// ends are the ways in which a handler can end.
var ends = map[string]func(){
	"return":       func() {},
	"panic":        func() { panic("over") },
	"abort":        func() { panic(http.ErrAbortHandler) },
	"Goexit":       runtime.Goexit,
	"nil pointer":  func() { var c *httpctx.Context; _ = c.Request() },
	"inner Goexit": func() { inRequest(func(*httpctx.Context) { runtime.Goexit() }) },
}

// Whatever way the handler ends, its Context is finished then, for every goroutine that has it.
func TestRule2(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			var held *httpctx.Context
			over, done := make(chan struct{}), make(chan struct{})
			join(plain, func() {
				defer func() { _ = recover() }()
				httpctx.Run(httptest.NewRecorder(), newRequest("/x", "X-Request-ID", "id-1"), func() {
					held = httpctx.GetOrFail()
					user.Set(held, "Ada")
					assert.False(t, held.Finished())
					gls.Go(func() {
						defer close(done)
						assert.Same(t, held, current())
						over <- struct{}{}
						<-over
						assert.Nil(t, current())
						c, err := httpctx.Lookup()
						assert.Nil(t, c)
						assert.ErrorIs(t, err, httpctx.ErrFinished)
						join(gls.Go, func() {
							assert.Nil(t, current())
							assert.ErrorIs(t, why(), httpctx.ErrFinished)
						})
						gls.Capture().Run(func() { assert.Nil(t, current()) })
						assert.Equal(t, err, panicOf(func() { httpctx.GetOrFail() }))
						_, ok := user.Get()
						assert.False(t, ok, "not through the key either")
					})
					<-over
					end()
				})
			})
			assert.True(t, held.Finished())
			close(over)
			<-done
			assert.Nil(t, current())
			// What is held stays readable.
			assert.Equal(t, "id-1", held.ID())
			name, ok := user.Of(held)
			assert.True(t, ok)
			assert.Equal(t, "Ada", name)
			assert.Equal(t, "/x", held.Request().URL.Path)
			assert.False(t, held.Start().IsZero())
			assert.Empty(t, held.Pattern())
			assert.Empty(t, held.Param("x"))
			assert.Equal(t, held.Request().Context(), held.Context())
			assert.NotNil(t, held.Logger())
		})
	}
}

// An id that nobody asked for during the request is there after it, and is one id.
func TestRule2FirstIDAfterTheEnd(t *testing.T) {
	var held *httpctx.Context
	inRequest(func(c *httpctx.Context) { held = c })
	ids := make(chan string)
	for range 10 {
		go func() { ids <- held.ID() }()
	}
	first := <-ids
	for range 9 {
		assert.Equal(t, first, <-ids)
	}
	assert.Len(t, first, 32)
}

// A pool born in one request, whose workers live on.
func TestRule2LazyPool(t *testing.T) {
	type result struct {
		c   *httpctx.Context
		err error
	}
	var once sync.Once
	tasks := make(chan chan result)
	defer close(tasks)
	ask := func() result {
		once.Do(func() {
			for range 4 {
				gls.Go(func() {
					for reply := range tasks {
						c, err := httpctx.Lookup()
						reply <- result{c, err}
					}
				})
			}
		})
		reply := make(chan result)
		tasks <- reply
		return <-reply
	}
	inRequest(func(c *httpctx.Context) { assert.Same(t, c, ask().c, "born here") })
	for range 8 {
		inRequest(func(c *httpctx.Context) {
			got := ask()
			assert.Nil(t, got.c)
			assert.ErrorIs(t, got.err, httpctx.ErrFinished)
			assert.Same(t, c, current())
		})
	}
}

// A second Middleware gives its next the inner request and writer, with the outer's id, start, keys.
func TestRule3(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	for name, end := range map[string]func(){"return": func() {}, "panic": func() { panic("x") }} {
		t.Run(name, func(t *testing.T) {
			var outer, inner *httpctx.Context
			var innerRequest *http.Request
			innerWriter := httptest.NewRecorder()
			asked := 0
			ids := httpctx.WithRequestID(func(*http.Request) string { asked++; return fmt.Sprint("id-", asked) })
			next := httpctx.New(ids)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				inner = httpctx.GetOrFail()
				assert.Same(t, innerRequest, r)
				assert.Same(t, innerRequest, inner.Request())
				assert.Same(t, innerWriter, w)
				assert.Equal(t, innerRequest.Context(), gls.Context())
				assert.Equal(t, "/inner", inner.Request().URL.Path)
				assert.Equal(t, outer.ID(), inner.ID())
				assert.Equal(t, outer.Start(), inner.Start())
				_, err := inner.Writer().Write([]byte("x"))
				assert.NoError(t, err)
				who, _ := user.Get()
				assert.Equal(t, "Ada", who)
				user.Set(inner, "Eve")
				end()
			}))
			r := newRequest("/outer")
			httpctx.New(ids)(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				outer = httpctx.GetOrFail()
				user.Set(outer, "Ada")
				type key struct{}
				innerRequest = r.Clone(context.WithValue(r.Context(), key{}, 1))
				innerRequest.URL.Path = "/inner"
				_ = panicOf(func() { next.ServeHTTP(innerWriter, innerRequest) })
				assert.True(t, inner.Finished())
				assert.NotSame(t, outer, inner)
				assert.Same(t, outer, current(), "the outer one is back")
				assert.Same(t, r, outer.Request())
				assert.Equal(t, r.Context(), gls.Context())
				assert.False(t, outer.Finished())
				who, _ := user.Get()
				assert.Equal(t, "Eve", who)
			})).ServeHTTP(httptest.NewRecorder(), r)
			assert.Equal(t, 1, asked, "the inner one is not asked")
			assert.Equal(t, "id-1", inner.ID())
			assert.Equal(t, "x", innerWriter.Body.String())
		})
	}
}

// A Middleware met where the request is over, or not there, begins a request of its own.
func TestRule3NotNested(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	var over, isolated gls.Snapshot
	var first *httpctx.Context
	inRequest(func(c *httpctx.Context) {
		first = c
		user.Set(c, "Ada")
		over = gls.Capture()
		gls.Isolate(func() { isolated = gls.Capture() })
		isolated.Run(func() { inRequest(func(c *httpctx.Context) { assert.NotEqual(t, first.ID(), c.ID()) }) })
	})
	over.Run(func() {
		inRequest(func(c *httpctx.Context) {
			assert.NotEqual(t, first.ID(), c.ID())
			_, ok := user.Get()
			assert.False(t, ok)
			assert.Same(t, c, current())
		})
		assert.Nil(t, current())
	})
}

// The id of nested Contexts is one, whichever is asked first and when.
func TestRule3LazyID(t *testing.T) {
	var outer, inner *httpctx.Context
	inRequest(func(c *httpctx.Context) {
		outer = c
		inRequest(func(c *httpctx.Context) { inner = c })
	})
	id := inner.ID()
	assert.Len(t, id, 32)
	assert.Equal(t, id, outer.ID())
}

// The handler is given the server's own writer, of whatever type.
func TestRule4(t *testing.T) {
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		var given, got http.ResponseWriter
		var request *http.Request
		h := middleware(func(w http.ResponseWriter, r *http.Request) {
			got = w
			assert.Same(t, request, r)
			w.WriteHeader(http.StatusNoContent)
		})
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			given, request = w, r
			h.ServeHTTP(w, r)
		}))
		get(t, s.Client(), s.URL)
		assert.True(t, given == got, "%T", got)
	}
	// Writers that cannot be compared are not.
	w := struct {
		http.ResponseWriter
		uncomparable []int
	}{httptest.NewRecorder(), nil}
	httpctx.Run(w, newRequest("/"), func() {
		_, err := httpctx.GetOrFail().Writer().Write([]byte("x"))
		assert.NoError(t, err)
	})
}

// What is captured in a request keeps its Context and nothing else of the library's: a frame from before is not in it.
func TestRule5CapturesStayApart(t *testing.T) {
	var one, two gls.Snapshot
	var first *httpctx.Context
	inRequest(func(c *httpctx.Context) {
		first = c
		one = gls.Capture()
		inRequest(func(c *httpctx.Context) {
			two = gls.Capture()
			one.Run(func() { assert.Same(t, first, current()) })
			two.Run(func() { assert.Same(t, c, current()) })
		})
		two.Run(func() {
			assert.Nil(t, current(), "not the outer one instead")
			assert.ErrorIs(t, why(), httpctx.ErrFinished)
		})
		assert.Same(t, c, current())
	})
	inRequest(func(c *httpctx.Context) {
		one.Run(func() {
			assert.Nil(t, current())
			assert.ErrorIs(t, why(), httpctx.ErrFinished)
		})
		assert.Same(t, c, current())
	})
}

// Tests of requests run beside each other.
func TestParallel(t *testing.T) {
	user := httpctx.NewKey[int]("user")
	for i := range 8 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			inRequest(func(c *httpctx.Context) {
				user.Set(c, i)
				for range 20 {
					runtime.Gosched()
					join(gls.Go, func() {
						assert.Same(t, c, current())
						assert.Equal(t, i, user.GetOrFail())
					})
				}
			})
		})
	}
}
