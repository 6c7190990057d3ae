package httpctx_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Fifty streams of one connection at the same moment.
func TestHTTP2Streams(t *testing.T) {
	const streams = 50
	var arrived sync.WaitGroup
	var connections sync.Map
	s := serveHTTP2(t, signIn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/warm" {
			return
		}
		connections.Store(r.RemoteAddr, true)
		c := httpctx.GetOrFail()
		if r.ProtoMajor != 2 || c.Request() != r {
			t.Errorf("%s %s", r.Proto, c.Request().URL)
		}
		arrived.Done()
		arrived.Wait() // all of them are in their handlers now
		for range 3 {
			join(gls.Go, func() {
				if current() != c {
					t.Errorf("%s: another Context in a child", r.URL)
				}
			})
			runtime.Gosched()
		}
		if current() != c || gls.Context() != r.Context() {
			t.Errorf("%s: another Context", r.URL)
		}
		fmt.Fprintf(w, "%s %s", who(), c.ID())
	})))
	get(t, s.Client(), s.URL+"/warm")
	for range 3 {
		arrived.Add(streams)
		var group sync.WaitGroup
		for i := range streams {
			group.Go(func() {
				name, header := "nobody", []string{"X-Request-ID", fmt.Sprint("id-", i)}
				if i%2 == 0 {
					name = fmt.Sprint("user-", i)
					header = append(header, "User", name)
				}
				got, err := fetch(s.Client(), fmt.Sprintf("%s/%d", s.URL, i), header...)
				if want := fmt.Sprintf("%s id-%d", name, i); err != nil || got != want {
					t.Errorf("%q %v instead of %q", got, err, want)
				}
			})
		}
		group.Wait()
	}
	n := 0
	connections.Range(func(any, any) bool { n++; return true })
	assert.Equal(t, 1, n, "all on one connection")
}

// Handlers that end badly reset their stream; the others on the connection go on.
func TestHTTP2Ends(t *testing.T) {
	held := make(chan *httpctx.Context, 1)
	hold := make(chan struct{})
	s := serveHTTP2(t, signIn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/long":
			held <- httpctx.GetOrFail()
			<-hold
		case "/panic":
			held <- httpctx.GetOrFail()
			panic("over")
		case "/abort":
			held <- httpctx.GetOrFail()
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, who())
	})))
	body := make(chan string)
	go func() {
		got, err := fetch(s.Client(), s.URL+"/long", "User", "long")
		body <- fmt.Sprint(got, err)
	}()
	long := within(t, held)
	for range 5 {
		for _, path := range []string{"/panic", "/abort"} {
			_, err := fetch(s.Client(), s.URL+path, "User", "Eve")
			assert.Error(t, err, path)
			c := within(t, held)
			eventually(t, c.Finished, path)
			assert.Equal(t, "nobody", get(t, s.Client(), s.URL))
		}
	}
	assert.False(t, long.Finished())
	close(hold)
	assert.Equal(t, "long<nil>", within(t, body))
	assert.True(t, long.Finished())
}

// A client that resets its stream cancels this request alone.
func TestHTTP2Reset(t *testing.T) {
	type end struct {
		c   *httpctx.Context
		now *httpctx.Context
		err error
	}
	arrived, ended := make(chan string), make(chan end)
	s := serveHTTP2(t, middleware(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/wait" {
			_, _ = io.WriteString(w, httpctx.GetOrFail().ID())
			return
		}
		c := httpctx.GetOrFail()
		arrived <- c.ID()
		<-gls.Context().Done()
		ended <- end{c, current(), context.Cause(gls.Context())}
	}))
	for i := range 5 {
		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/wait", nil)
			if err == nil {
				r.Header.Set("X-Request-ID", fmt.Sprint("reset-", i))
				_, err = s.Client().Do(r)
			}
			failed <- err
		}()
		assert.Equal(t, fmt.Sprint("reset-", i), within(t, arrived))
		cancel()
		assert.ErrorIs(t, within(t, failed), context.Canceled)
		e := within(t, ended)
		assert.Same(t, e.c, e.now, "its own until it returns")
		assert.Error(t, e.err)
		eventually(t, e.c.Finished, "it returns")
		assert.Equal(t, "next", get(t, s.Client(), s.URL+"/", "X-Request-ID", "next"))
	}
}

// Flush, trailers and deadlines of HTTP/2 through the writer in the chain and through Context.Writer.
func TestHTTP2Writer(t *testing.T) {
	for _, through := range []string{"the chain", "Context.Writer"} {
		step := make(chan bool)
		s := serveHTTP2(t, middleware(func(w http.ResponseWriter, r *http.Request) {
			if through != "the chain" {
				w = httpctx.GetOrFail().Writer()
			}
			if r.URL.Path == "/deadline" {
				rc := http.NewResponseController(w)
				assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(-time.Second)))
				<-r.Context().Done() // the stream is reset
				return
			}
			_, pusher := w.(http.Pusher)
			assert.True(t, pusher)
			_, hijacker := w.(http.Hijacker)
			assert.False(t, hijacker)
			w.Header().Set("Trailer", "Last")
			_, _ = io.WriteString(w, "first ")
			assert.NoError(t, http.NewResponseController(w).Flush())
			<-step
			_, _ = io.WriteString(w, "second")
			w.(http.Flusher).Flush()
			w.Header().Set("Last", "trailer")
		}))
		response, err := s.Client().Get(s.URL)
		require.NoError(t, err)
		first := make([]byte, 6)
		_, err = io.ReadFull(response.Body, first)
		assert.NoError(t, err)
		assert.Equal(t, "first ", string(first))
		close(step)
		rest, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		assert.Equal(t, "second", string(rest))
		assert.Equal(t, "trailer", response.Trailer.Get("Last"), through)
		response.Body.Close()

		_, err = fetch(s.Client(), s.URL+"/deadline")
		assert.Error(t, err, through)
	}
}
