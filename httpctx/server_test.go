package httpctx_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// signedIn is the user of a request in these tests, as an authentication puts it there: nothing where there is none.
var signedIn = httpctx.NewKey[string]("user")

// signIn signs the user in whom the header names, and checks that nobody was before.
func signIn(t *testing.T, next http.Handler) http.Handler {
	return middleware(func(w http.ResponseWriter, r *http.Request) {
		if who, ok := signedIn.Get(); ok {
			t.Errorf("%s is signed in before %s", who, r.URL)
		}
		if who := r.Header.Get("User"); who != "" {
			signedIn.Set(httpctx.GetOrFail(), who)
		}
		next.ServeHTTP(w, r)
	})
}

// who is the page that says who is signed in.
func who() string {
	name, ok := signedIn.Get()
	if !ok {
		return "nobody"
	}
	return name
}

// One connection, one goroutine of the server, one request after the other: none sees the one before.
func TestKeepAlive(t *testing.T) {
	entered := gls.New[string]("entered")
	var connections sync.Map
	ended := make(chan string, 100)
	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		connections.Store(r.RemoteAddr, true)
		if left, ok := entered.Get(); ok {
			t.Errorf("%s finds what %s entered", r.URL, left)
		}
		defer func() { ended <- who() }()
		switch r.URL.Path {
		case "/enter":
			entered.Enter(r.URL.String())
		case "/child":
			gls.Go(func() { entered.Enter("child") })
		case "/outside":
			httpctx.RunOutside(func() { entered.Enter(r.URL.String()) })
		case "/recovered":
			_ = panicOf(func() { entered.Run("recovered", func() { panic("x") }) })
		case "/nested":
			httpctx.Middleware(http.NotFoundHandler()).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
		case "/panic":
			entered.Enter("panic")
			panic("over")
		case "/abort":
			panic(http.ErrAbortHandler)
		case "/goexit":
			entered.Enter("Goexit")
			runtime.Goexit()
		}
		_, _ = io.WriteString(w, who())
	})
	s := serve(t, signIn(t, mux))
	t.Run("that stays", func(t *testing.T) {
		w := dial(t, s)
		for i, path := range []string{
			"/", "/enter", "/", "/child", "/", "/outside", "/recovered", "/nested", "/enter", "/enter", "/",
		} {
			for _, name := range []string{"", fmt.Sprint("user-", i), ""} {
				header := []string{"User: " + name}
				want := name
				if name == "" {
					header, want = nil, "nobody"
				}
				body, err := w.ask(t, path, header...)
				require.NoError(t, err)
				assert.Equal(t, want, body, path)
				assert.Equal(t, want, within(t, ended))
			}
		}
		n := 0
		connections.Range(func(any, any) bool { n++; return true })
		assert.Equal(t, 1, n, "all on one connection")
	})
	t.Run("that the server closes", func(t *testing.T) {
		for _, path := range []string{"/panic", "/abort", "/goexit"} {
			for range 3 {
				w := dial(t, s)
				body, err := w.ask(t, "/", "User: Ada")
				require.NoError(t, err)
				assert.Equal(t, "Ada", body)
				assert.Equal(t, "Ada", within(t, ended))
				_, err = w.ask(t, path, "User: Eve")
				assert.ErrorIs(t, err, io.ErrUnexpectedEOF, path)
				assert.Equal(t, "Eve", within(t, ended), "%s: its own to the end", path)
			}
		}
		w := dial(t, s)
		body, err := w.ask(t, "/")
		assert.NoError(t, err)
		assert.Equal(t, "nobody", body)
	})
}

// Requests that are sent before the answers to those before have come.
func TestPipelining(t *testing.T) {
	s := serve(t, signIn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		fmt.Fprintf(w, "%s %s %s", who(), httpctx.GetOrFail().ID(), body)
	})))
	w := dial(t, s)
	var all bytes.Buffer
	const n = 40
	for i := range n {
		switch i % 3 {
		case 0:
			fmt.Fprintf(&all, "GET /%d HTTP/1.1\r\nHost: x\r\nX-Request-ID: id-%d\r\nUser: user-%d\r\n\r\n", i, i, i)
		case 1:
			fmt.Fprintf(&all, "GET /%d HTTP/1.1\r\nHost: x\r\nX-Request-ID: id-%d\r\n\r\n", i, i)
		case 2:
			fmt.Fprintf(&all, "POST /%d HTTP/1.1\r\nHost: x\r\nX-Request-ID: id-%d\r\n"+
				"Content-Length: 4\r\n\r\nbody", i, i)
		}
	}
	_, err := all.WriteTo(w)
	require.NoError(t, err)
	for i := range n {
		want := fmt.Sprintf("nobody id-%d ", i)
		switch i % 3 {
		case 0:
			want = fmt.Sprintf("user-%d id-%d ", i, i)
		case 2:
			want += "body"
		}
		_, body, err := w.receive(http.MethodGet)
		require.NoError(t, err)
		assert.Equal(t, want, body)
	}
}

// Many clients at once on connections that are reused, of all kinds.
func TestKeepAliveConcurrently(t *testing.T) {
	s := serve(t, signIn(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		runtime.Gosched()
		join(gls.Go, func() {
			if current() != c {
				t.Errorf("%s: another Context in a child", r.URL)
			}
		})
		if r.URL.Path == "/abort" {
			panic(http.ErrAbortHandler)
		}
		_, _ = io.WriteString(w, who()+" "+c.ID())
	})))
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 40 {
				name := fmt.Sprintf("user-%d-%d", worker, i)
				if i%10 == 9 {
					_, _ = fetch(s.Client(), s.URL+"/abort", "User", name)
				}
				got, err := fetch(s.Client(), s.URL, "User", name, "X-Request-ID", "id-"+name)
				if want := name + " id-" + name; err != nil || got != want {
					t.Errorf("%q %v instead of %q", got, err, want)
				}
				got, err = fetch(s.Client(), s.URL, "X-Request-ID", "id-"+name)
				if want := "nobody id-" + name; err != nil || got != want {
					t.Errorf("%q %v instead of %q", got, err, want)
				}
			}
		})
	}
	group.Wait()
}

// A panic reaches the server as it is, and is logged by it with its own stack.
func TestPanicReachesTheServer(t *testing.T) {
	failure := fmt.Errorf("an error of its own")
	var got any
	var finished bool
	next := middleware(func(http.ResponseWriter, *http.Request) { panic(failure) })
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			got = recover()
			finished = current() == nil
			var stack [1 << 14]byte
			text := string(stack[:runtime.Stack(stack[:], false)])
			assert.Contains(t, text, "TestPanicReachesTheServer.func1", "the stack of the panic")
			assert.Equal(t, 1, strings.Count(text, "\npanic("), "no recovered panic below it")
			panic(http.ErrAbortHandler)
		}()
		next.ServeHTTP(w, r)
	})
	s := serve(t, h)
	_, err := dial(t, s).ask(t, "/")
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.Same(t, failure, got)
	assert.True(t, finished)
}

// Server-sent events: the request goes on for as long as its handler does.
func TestServerSentEvents(t *testing.T) {
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		next, gone := make(chan int), make(chan error)
		s := serve(t, middleware(func(w http.ResponseWriter, r *http.Request) {
			c := httpctx.GetOrFail()
			w.Header().Set("Content-Type", "text/event-stream")
			w.(http.Flusher).Flush()
			for {
				select {
				case n := <-next:
					fmt.Fprintf(w, "data: %d %s\n\n", n, httpctx.GetOrFail().ID())
					w.(http.Flusher).Flush()
				case <-r.Context().Done():
					assert.Same(t, c, current(), "still its own after the client went away")
					gone <- gls.Context().Err()
					return
				}
			}
		}))
		r := outgoing(t, s.URL)
		r.Header.Set("X-Request-ID", "events")
		response, err := s.Client().Do(r)
		require.NoError(t, err)
		defer response.Body.Close()
		events := bufio.NewScanner(response.Body)
		for i := range 3 {
			next <- i
			require.True(t, events.Scan())
			assert.Equal(t, fmt.Sprintf("data: %d events", i), events.Text())
			require.True(t, events.Scan())
		}
		response.Body.Close()
		assert.Error(t, within(t, gone))
	}
}

// A handler that calls another handler of its server is nested.
func TestSelfCall(t *testing.T) {
	var inner, outer *httpctx.Context
	mux := http.NewServeMux()
	app := signIn(t, mux)
	mux.HandleFunc("/inner", func(w http.ResponseWriter, _ *http.Request) {
		inner = httpctx.GetOrFail()
		_, _ = io.WriteString(w, "inner "+who())
	})
	mux.HandleFunc("/outer", func(w http.ResponseWriter, r *http.Request) {
		outer = httpctx.GetOrFail()
		sub := httptest.NewRecorder()
		mux.ServeHTTP(sub, newRequest("/inner")) // without the Middleware: the same Context
		assert.Same(t, outer, inner)
		sub = httptest.NewRecorder()
		httpctx.Middleware(mux).ServeHTTP(sub, newRequest("/inner", "X-Request-ID", "another"))
		assert.Equal(t, "inner Ada", sub.Body.String())
		assert.Equal(t, outer.ID(), inner.ID())
		assert.NotSame(t, outer, inner)
		assert.True(t, inner.Finished())
		assert.False(t, outer.Finished())
		assert.Same(t, outer, current())
		_, err := inner.Writer().Write([]byte("x"))
		assert.ErrorIs(t, err, httpctx.ErrFinished)
		_, err = outer.Writer().Write([]byte("outer "))
		assert.NoError(t, err)
		assert.Same(t, r, outer.Request())
		_, _ = io.WriteString(w, who())
	})
	s := serve(t, app)
	body := get(t, s.Client(), s.URL+"/outer", "User", "Ada", "X-Request-ID", "outer")
	assert.Equal(t, "outer Ada", body)
}

// A server that shuts down waits for its requests; they have their Contexts to the end.
func TestShutdown(t *testing.T) {
	arrived, hold := make(chan bool), make(chan bool)
	s := serve(t, middleware(func(w http.ResponseWriter, _ *http.Request) {
		arrived <- true
		<-hold
		_, _ = io.WriteString(w, httpctx.GetOrFail().ID())
	}))
	body := make(chan string)
	go func() {
		got, _ := fetch(s.Client(), s.URL, "X-Request-ID", "last")
		body <- got
	}()
	<-arrived
	down := make(chan error)
	go func() { down <- s.Config.Shutdown(t.Context()) }()
	time.Sleep(5 * time.Millisecond)
	close(hold)
	assert.Equal(t, "last", within(t, body))
	assert.NoError(t, within(t, down))
}

// The server's hooks are outside of every request, on the goroutines that serve requests too.
func TestHooksOfTheServer(t *testing.T) {
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		t.Run(protocol, func(t *testing.T) {
			var mu sync.Mutex
			seen := map[string]bool{}
			look := func(where string) {
				mu.Lock()
				defer mu.Unlock()
				seen[where] = true
				assert.Nil(t, current(), where)
				assert.ErrorIs(t, why(), httpctx.ErrNoRequest, where)
			}
			finished := make(chan *httpctx.Context, 3)
			var config *http.Server
			s := serveH2C(t, middleware(func(_ http.ResponseWriter, r *http.Request) {
				assert.Equal(t, protocol, r.Proto)
				finished <- httpctx.GetOrFail()
			}), func(s *http.Server) {
				config = s
				s.BaseContext = func(net.Listener) context.Context { look("BaseContext"); return context.Background() }
				s.ConnContext = func(ctx context.Context, _ net.Conn) context.Context { look("ConnContext"); return ctx }
				s.RegisterOnShutdown(func() { look("OnShutdown") })
				s.ConnState = func(_ net.Conn, state http.ConnState) { look(state.String()) }
			})
			if protocol == "HTTP/1.1" {
				s.Client().Transport.(*http.Transport).Protocols = protocols(true, false)
			}
			for range 3 {
				get(t, s.Client(), s.URL)
				c := within(t, finished)
				eventually(t, c.Finished, "it returns")
			}
			s.Client().CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			assert.NoError(t, config.Shutdown(ctx))
			for _, where := range []string{"BaseContext", "ConnContext", "OnShutdown", "new", "active", "idle", "closed"} {
				eventually(t, func() bool {
					mu.Lock()
					defer mu.Unlock()
					return seen[where]
				}, where)
			}
		})
	}
}

// Server.Close cancels the requests in progress, which stay their own to the end.
func TestCloseWhileARequestIsServed(t *testing.T) {
	arrived, ended := make(chan bool), make(chan error)
	for protocol, s := range map[string]*httptest.Server{
		"HTTP/1.1": serve(t, closing(t, arrived, ended)), "h2c": serveH2C(t, closing(t, arrived, ended), nil),
	} {
		go func() { _, _ = fetch(s.Client(), s.URL, "X-Request-ID", "last") }()
		within(t, arrived)
		assert.NoError(t, s.Config.Close(), protocol)
		assert.Error(t, within(t, ended), protocol)
	}
}

// closing is a handler that waits for its request's end and sends what a write gives then.
func closing(t *testing.T, arrived chan<- bool, ended chan<- error) http.Handler {
	return middleware(func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		arrived <- true
		<-gls.Context().Done()
		assert.Same(t, c, current())
		join(gls.Go, func() { assert.Same(t, c, current(), "a child") })
		var err error
		for range 100 {
			if _, err = c.Writer().Write(make([]byte, 1<<16)); err != nil {
				break
			}
		}
		ended <- err
	})
}

// The library adds no header to a response.
func TestNoHeaderIsAdded(t *testing.T) {
	headers := func(h http.Handler) string {
		w := dial(t, serve(t, h))
		w.send(t, "GET / HTTP/1.1", "Host: x", "X-Request-ID: id", "")
		response, body, err := w.receive(http.MethodGet)
		require.NoError(t, err)
		names := slices.Sorted(maps.Keys(response.Header))
		return fmt.Sprint(response.Proto, response.Status, names, body)
	}
	h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "x") })
	assert.Equal(t, headers(h), headers(httpctx.Middleware(h)))
}
