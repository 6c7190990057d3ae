package httpctx_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// reset closes a connection so that the other side gets an error and no end.
func (w *wire) reset(t *testing.T) {
	t.Helper()
	require.NoError(t, w.Conn.(*net.TCPConn).SetLinger(0))
	require.NoError(t, w.Close())
}

// Clients that go away. The handler has its own Context until it returns, its children too, and requests on other
// connections are not touched.
func TestVanishingClients(t *testing.T) {
	type seen struct {
		c, now, child *httpctx.Context
		err           error
	}
	arrived, ended := make(chan *httpctx.Context, 1), make(chan seen, 1)
	s := serve(t, middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		if r.URL.Path == "/" {
			_, _ = io.WriteString(w, c.ID())
			return
		}
		arrived <- c
		var err error
		switch r.URL.Path {
		case "/body":
			_, err = io.ReadAll(r.Body)
		case "/response":
			big := make([]byte, 1<<16)
			for err == nil {
				_, err = w.Write(big)
			}
		case "/guarded":
			big := make([]byte, 1<<16)
			for err == nil {
				_, err = c.Writer().Write(big)
			}
		case "/wait":
			<-gls.Context().Done()
			err = gls.Context().Err()
		}
		var child *httpctx.Context
		join(gls.Go, func() { child = current() })
		ended <- seen{c, current(), child, err}
	}))
	for _, path := range []string{"/body", "/response", "/guarded", "/wait"} {
		for how, leave := range map[string]func(w *wire){
			"closes": func(w *wire) { w.Close() },
			"resets": func(w *wire) { w.reset(t) },
		} {
			t.Run(path[1:]+"/"+how, func(t *testing.T) {
				other := dial(t, s)
				body, err := other.ask(t, "/", "X-Request-ID: before")
				require.NoError(t, err)
				assert.Equal(t, "before", body)
				w := dial(t, s)
				if path == "/body" {
					w.send(t, "POST "+path+" HTTP/1.1", "Host: x", "X-Request-ID: gone", "Content-Length: 100",
						"", "part")
				} else {
					w.send(t, "GET "+path+" HTTP/1.1", "Host: x", "X-Request-ID: gone", "")
				}
				c := within(t, arrived)
				if path == "/response" || path == "/guarded" {
					_, err := w.in.Peek(1 << 10)
					require.NoError(t, err)
				}
				leave(w)
				body, err = other.ask(t, "/", "X-Request-ID: meanwhile")
				require.NoError(t, err)
				assert.Equal(t, "meanwhile", body)
				e := within(t, ended)
				assert.Error(t, e.err)
				assert.Equal(t, "gone", e.c.ID())
				assert.Same(t, e.c, e.now)
				assert.Same(t, e.c, e.child)
				eventually(t, c.Finished, "it returns")
				body, err = other.ask(t, "/", "X-Request-ID: after")
				require.NoError(t, err)
				assert.Equal(t, "after", body)
			})
		}
	}
}

// A connection that ends inside the request line or the header never becomes a request.
func TestHalfRequests(t *testing.T) {
	calls := make(chan string, 10)
	s := serve(t, middleware(func(_ http.ResponseWriter, r *http.Request) { calls <- r.URL.Path }))
	for _, half := range []string{"", "GET", "GET /half HTTP/1.1\r\nHost", "GET /half HTTP/1.1\r\nHost: x\r\n"} {
		w := dial(t, s)
		_, err := io.WriteString(w, half)
		require.NoError(t, err)
		w.Close()
	}
	_, err := dial(t, s).ask(t, "/whole")
	assert.NoError(t, err)
	assert.Equal(t, "/whole", within(t, calls))
	assert.Empty(t, calls)
}

// A proxy with a Middleware in front of a server with one: two requests, one id.
func TestReverseProxy(t *testing.T) {
	back := serve(t, middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		assert.Same(t, r, c.Request())
		fmt.Fprintf(w, "%s %s", c.ID(), r.URL.Path)
	}))
	target, err := url.Parse(back.URL)
	require.NoError(t, err)
	failing, err := url.Parse("http://127.0.0.1:1")
	require.NoError(t, err)
	for name, base := range map[string]http.RoundTripper{
		"http.DefaultTransport": nil, "its own": back.Client().Transport,
	} {
		t.Run(name, func(t *testing.T) {
			var mu sync.Mutex
			calls := map[string]int{}
			called := func(what string) {
				mu.Lock()
				defer mu.Unlock()
				calls[what]++
			}
			handler := func(target *url.URL) http.Handler {
				return middleware(func(w http.ResponseWriter, r *http.Request) {
					c := httpctx.GetOrFail()
					(&httputil.ReverseProxy{
						Transport: httpctx.Transport(base),
						Rewrite: func(p *httputil.ProxyRequest) {
							called("Rewrite")
							assert.Same(t, c, current())
							p.SetURL(target)
						},
						ModifyResponse: func(*http.Response) error {
							called("ModifyResponse")
							assert.Same(t, c, current())
							return nil
						},
						ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) {
							called("ErrorHandler")
							assert.Same(t, c, current())
							http.Error(w, httpctx.GetOrFail().ID(), http.StatusBadGateway)
						},
					}).ServeHTTP(w, r)
					assert.Same(t, c, current())
				})
			}
			front, broken := serve(t, handler(target)), serve(t, handler(failing))
			var group sync.WaitGroup
			for i := range 20 {
				group.Go(func() {
					id := fmt.Sprint("id-", i)
					got, err := fetch(front.Client(), front.URL+"/"+id, "X-Request-ID", id)
					if want := id + " /" + id; err != nil || got != want {
						t.Errorf("%q %v instead of %q", got, err, want)
					}
				})
			}
			group.Wait()
			fresh := strings.Fields(get(t, front.Client(), front.URL+"/fresh"))
			assert.Len(t, fresh[0], 32, "an id made by the front is the back's")
			assert.Equal(t, "id-x\n", get(t, broken.Client(), broken.URL, "X-Request-ID", "id-x"))
			assert.Equal(t, map[string]int{"Rewrite": 22, "ModifyResponse": 21, "ErrorHandler": 1}, calls)
			http.DefaultTransport.(*http.Transport).CloseIdleConnections()
		})
	}
}

// A client that leaves the proxy in the middle of an answer ends the request behind it too. The proxy aborts its
// handler by a panic.
func TestReverseProxyVanishingClient(t *testing.T) {
	ended := make(chan *httpctx.Context, 2)
	forever := func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		for {
			if _, err := w.Write(make([]byte, 1<<16)); err != nil || r.Context().Err() != nil {
				assert.Same(t, c, current())
				ended <- c
				return
			}
		}
	}
	back := serve(t, middleware(forever))
	target, err := url.Parse(back.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Transport: httpctx.Transport(back.Client().Transport),
		Rewrite:   func(p *httputil.ProxyRequest) { p.SetURL(target) },
	}
	s := httptest.NewUnstartedServer(middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		defer func() {
			assert.Same(t, c, current(), "while it panics")
			ended <- c
		}()
		proxy.ServeHTTP(w, r)
	}))
	s.Start()
	t.Cleanup(s.Close)
	w := dial(t, s)
	w.send(t, "GET / HTTP/1.1", "Host: x", "X-Request-ID: gone", "")
	_, err = w.in.Peek(1 << 10)
	require.NoError(t, err)
	w.reset(t)
	for range 2 {
		c := within(t, ended)
		assert.Equal(t, "gone", c.ID())
		eventually(t, c.Finished, "it returns")
	}
}
