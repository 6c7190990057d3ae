package httpctx_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Work that outlives its request, through a real server: what it finds during the request and after it.
func TestGoDetached(t *testing.T) {
	type key struct{}
	user := httpctx.NewKey[string]("user")
	over, done := make(chan bool), make(chan bool)
	var parent *httpctx.Context
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(w http.ResponseWriter, r *http.Request) {
		parent = httpctx.GetOrFail()
		user.Set(parent, "Ada")
		started := make(chan bool)
		httpctx.GoDetached(func() {
			defer close(done)
			c := httpctx.GetOrFail()
			check := func(when string) {
				assert.Same(t, c, current(), when)
				assert.NotSame(t, parent, c, "not the handler's pointer")
				assert.Equal(t, parent.ID(), c.ID(), when)
				assert.Equal(t, parent.Start(), c.Start(), when)
				assert.Equal(t, "POST /orders/{id}", c.Pattern(), when)
				assert.Equal(t, "7", c.Param("id"), when)
				got := c.Request()
				assert.Equal(t, []string{"POST", "/orders/7?q=1", "HTTP/1.1", "/orders/7?q=1"},
					[]string{got.Method, got.URL.String(), got.Proto, got.RequestURI}, when)
				assert.Equal(t, r.Host, got.Host, when)
				assert.Equal(t, r.RemoteAddr, got.RemoteAddr, when)
				assert.Equal(t, "v", got.Header.Get("Own"), when)
				who, ok := user.Get()
				assert.True(t, ok && who == "Ada", when)
				assert.True(t, gls.Context() == c.Context() && c.Context() == got.Context(), when)
				assert.NoError(t, c.Context().Err(), when)
				assert.Nil(t, c.Context().Done(), when)
				_, hasDeadline := c.Context().Deadline()
				assert.False(t, hasDeadline, when)
				assert.Equal(t, "kept", c.Context().Value(key{}), when)
				assert.NotNil(t, c.Context().Value(http.ServerContextKey), when)
				assert.False(t, c.Finished(), when)
				body, err := io.ReadAll(got.Body)
				assert.NoError(t, err, when)
				assert.Empty(t, body, when)
				n, err := c.Writer().Write([]byte("x"))
				assert.Zero(t, n, when)
				assert.ErrorIs(t, err, httpctx.ErrFinished, when)
				c.Writer().WriteHeader(http.StatusTeapot)
				c.Writer().Header().Set("Detached", "1")
			}
			check("during the request")
			close(started)
			<-over
			check("after it")
			join(gls.Go, func() { check("in a child") })
		})
		<-started
		assert.Empty(t, w.Header(), "its header is its own")
		_, err := io.WriteString(w, "answered")
		assert.NoError(t, err)
	})
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(context.WithValue(r.Context(), key{}, "kept"), time.Minute)
		defer cancel()
		httpctx.Middleware(mux).ServeHTTP(w, r.WithContext(ctx))
	}))
	r, err := http.NewRequest(http.MethodPost, s.URL+"/orders/7?q=1", bytes.NewBufferString("body"))
	require.NoError(t, err)
	r.Header.Set("Own", "v")
	response, err := s.Client().Do(r)
	require.NoError(t, err)
	body, err := io.ReadAll(response.Body)
	assert.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, "answered", string(body))
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Empty(t, response.Header.Get("Detached"))
	eventually(t, parent.Finished, "it returns")
	close(over)
	within(t, done)
}

// Nothing of the detached request is shared with the handler: header, URL, form, path values, keys.
func TestGoDetachedSharesNothing(t *testing.T) {
	user, late := httpctx.NewKey[string]("user"), httpctx.NewKey[string]("late")
	r := newRequest("/?a=1", "Own", "before")
	r.SetPathValue("id", "before")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		c := httpctx.GetOrFail()
		require.NoError(t, r.ParseForm())
		user.Set(c, "before")
		changed := make(chan bool)
		done := make(chan bool)
		var detached *httpctx.Context
		httpctx.GoDetached(func() {
			defer close(done)
			detached = httpctx.GetOrFail()
			<-changed
			got := detached.Request()
			assert.Equal(t, "before", got.Header.Get("Own"))
			assert.Equal(t, "/", got.URL.Path)
			assert.Equal(t, "1", got.Form.Get("a"))
			assert.Equal(t, "before", detached.Param("id"))
			who, _ := user.Get()
			assert.Equal(t, "before", who)
			_, ok := late.Get()
			assert.False(t, ok, "set after the call")
			user.Set(detached, "detached")
			got.Header.Set("Own", "detached")
			got.SetPathValue("id", "detached")
		})
		user.Set(c, "handler")
		late.Set(c, "handler")
		r.Header.Set("Own", "handler")
		r.URL.Path = "/handler"
		r.Form.Set("a", "handler")
		r.SetPathValue("id", "handler")
		close(changed)
		<-done
		assert.Equal(t, "handler", user.GetOrFail())
		assert.Equal(t, "handler", r.Header.Get("Own"))
		assert.Equal(t, "handler", c.Param("id"))
	})
}

// It captures at the call: the Context, the keys and all gls values.
func TestGoDetachedCapturesAtTheCall(t *testing.T) {
	s := gls.New[int]("s")
	inRequest(func(c *httpctx.Context) {
		hold, done := make(chan bool), make(chan bool)
		scope := s.Enter(1)
		httpctx.GoDetached(func() {
			defer close(done)
			<-hold
			v, ok := s.Get()
			assert.True(t, ok && v == 1)
			assert.NotNil(t, current())
		})
		scope.Leave()
		assert.Same(t, c, current(), "the caller keeps its own")
		assert.Equal(t, c.Context(), gls.Context())
		close(hold)
		<-done
	})
}

// Again from inside: another Context with the same id, which does not finish either.
func TestGoDetachedAgain(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	over, done := make(chan bool), make(chan bool)
	var id string
	inRequest(func(c *httpctx.Context) {
		id = c.ID()
		httpctx.GoDetached(func() {
			one := httpctx.GetOrFail()
			user.Set(one, "one")
			hold := make(chan bool)
			httpctx.GoDetached(func() {
				defer close(done)
				two := httpctx.GetOrFail()
				assert.NotSame(t, one, two)
				assert.Equal(t, "one", user.GetOrFail())
				<-hold
				assert.Equal(t, "one", user.GetOrFail(), "its own keys")
				<-over
				assert.Equal(t, id, two.ID())
				assert.Same(t, two, current())
				assert.NoError(t, gls.Context().Err())
				_, err := two.Writer().Write([]byte("x"))
				assert.ErrorIs(t, err, httpctx.ErrFinished)
			})
			user.Set(one, "changed")
			close(hold)
		})
	})
	close(over)
	<-done
}

// A depthContext tells how deep the stack is when a lookup has come down to it.
type depthContext struct{ context.Context }

type depthKey struct{}

func (ctx depthContext) Value(key any) any {
	if key == (depthKey{}) {
		return runtime.Callers(0, make([]uintptr, 1000))
	}
	return ctx.Context.Value(key)
}

// Work that starts itself again, as a poll does, has a context of the same depth each time.
func TestGoDetachedOverAndOver(t *testing.T) {
	for name, test := range map[string]struct {
		detach  func(fn func())
		options []httpctx.Option
	}{
		"GoDetached":         {httpctx.GoDetached, nil},
		"AfterFuncDetached":  {func(fn func()) { httpctx.AfterFuncDetached(0, fn) }, nil},
		"WithRequestContext": {httpctx.GoDetached, []httpctx.Option{httpctx.WithRequestContext()}},
	} {
		t.Run(name, func(t *testing.T) {
			depths := make(chan any, 50)
			steps := 0
			var step func()
			step = func() {
				depths <- httpctx.GetOrFail().Context().Value(depthKey{})
				if steps++; steps == cap(depths) {
					close(depths)
					return
				}
				test.detach(step)
			}
			r := newRequest("/")
			httpctx.Run(httptest.NewRecorder(), r.WithContext(depthContext{r.Context()}), func() { test.detach(step) },
				test.options...)
			first := within(t, depths)
			assert.Positive(t, first)
			for depth := range depths {
				assert.Equal(t, first, depth)
			}
		})
	}
}

// Children that detached work starts with gls.Go share its Context and keys; also those that outlive it.
func TestGoDetachedChildren(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	ended, done := make(chan bool), make(chan bool)
	inRequest(func(*httpctx.Context) {
		httpctx.GoDetached(func() {
			c := httpctx.GetOrFail()
			var group gls.WaitGroup
			for range 10 {
				group.Go(func() {
					assert.Same(t, c, current())
					user.Set(httpctx.GetOrFail(), "child")
				})
			}
			group.Wait()
			assert.Equal(t, "child", user.GetOrFail())
			gls.Go(func() {
				defer close(done)
				<-ended
				assert.Same(t, c, current(), "it never finishes")
				assert.False(t, c.Finished())
			})
		})
	})
	close(ended)
	<-done
}

// The function of detached work may end as it likes.
func TestGoDetachedGoexit(t *testing.T) {
	inRequest(func(*httpctx.Context) {
		var c *httpctx.Context
		join(httpctx.GoDetached, func() {
			c = httpctx.GetOrFail()
			runtime.Goexit()
		})
		assert.False(t, c.Finished())
	})
}

// Outside of a request, in RunOutside and after the request it is gls.Go.
func TestGoDetachedElsewhere(t *testing.T) {
	s := gls.New[int]("s")
	check := func(where string, reason error) {
		join(httpctx.GoDetached, func() {
			assert.Nil(t, current(), where)
			assert.ErrorIs(t, why(), reason, where)
			v, _ := s.Get()
			assert.Equal(t, 1, v, "%s: gls values are carried", where)
		})
	}
	s.Run(1, func() {
		check("outside", httpctx.ErrNoRequest)
		var over gls.Snapshot
		inRequest(func(*httpctx.Context) {
			over = gls.Capture()
			httpctx.RunOutside(func() { check("RunOutside", httpctx.ErrNoRequest) })
		})
		over.Run(func() { check("after the request", httpctx.ErrFinished) })
	})
}

// A Middleware met in detached work is nested in it, a self-called handler included.
func TestMiddlewareInDetachedWork(t *testing.T) {
	user := httpctx.NewKey[string]("user")
	over, done := make(chan bool), make(chan bool)
	inRequest(func(outer *httpctx.Context) {
		user.Set(outer, "Ada")
		httpctx.GoDetached(func() {
			defer close(done)
			<-over
			c := httpctx.GetOrFail()
			var inner *httpctx.Context
			w := httptest.NewRecorder()
			middleware(func(http.ResponseWriter, *http.Request) {
				inner = httpctx.GetOrFail()
				assert.Equal(t, outer.ID(), inner.ID())
				assert.Equal(t, outer.Start(), inner.Start())
				assert.Equal(t, "Ada", user.GetOrFail())
				user.Set(inner, "Eve")
				_, err := io.WriteString(inner.Writer(), "written")
				assert.NoError(t, err)
			}).ServeHTTP(w, newRequest("/inner", "X-Request-ID", "another"))
			assert.Equal(t, "written", w.Body.String())
			assert.True(t, inner.Finished())
			assert.False(t, c.Finished())
			assert.Same(t, c, current())
			assert.Equal(t, "Eve", user.GetOrFail())
		})
	})
	close(over)
	<-done
}

// A multipart form's files are removed when the request is over: detached work does not see the form.
func TestGoDetachedWithoutMultipartForm(t *testing.T) {
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	require.NoError(t, form.WriteField("a", "1"))
	require.NoError(t, form.Close())
	r := httptest.NewRequest(http.MethodPost, "/", &body)
	r.Header.Set("Content-Type", form.FormDataContentType())
	httpctx.Run(httptest.NewRecorder(), r, func() {
		require.NoError(t, r.ParseMultipartForm(1<<20))
		join(httpctx.GoDetached, func() {
			got := httpctx.GetOrFail().Request()
			assert.Nil(t, got.MultipartForm)
			assert.Equal(t, "1", got.FormValue("a"))
		})
		assert.NotNil(t, r.MultipartForm)
	})
}

// Many at once, with the request ending meanwhile.
func TestGoDetachedConcurrently(t *testing.T) {
	user := httpctx.NewKey[int]("user")
	var group sync.WaitGroup
	for i := range 50 {
		inRequest(func(c *httpctx.Context) {
			id := c.ID()
			user.Set(c, i)
			for range 4 {
				group.Add(1)
				httpctx.GoDetached(func() {
					defer group.Done()
					c, who := httpctx.GetOrFail(), user.GetOrFail()
					if c.ID() != id || who != i {
						t.Errorf("%s %d instead of %s %d", c.ID(), who, id, i)
					}
					slog.New(httpctx.LogHandler(slog.DiscardHandler)).Info("x")
				})
			}
		})
	}
	group.Wait()
}
