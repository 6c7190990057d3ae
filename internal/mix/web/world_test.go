package web_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/h2c"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// A world has the servers and the clients, and what they share.
type world struct {
	*mix.Ledger
	t       *testing.T
	servers []*httptest.Server
	clients []client
	closers []func()
	running atomic.Int64 // goroutines that outlive their handlers
	timer   atomic.Pointer[time.Timer]

	mu     sync.Mutex
	ctx    context.Context // of many requests, one of which cancels it
	cancel context.CancelFunc
}

func newWorld(t *testing.T) *world {
	w := &world{Ledger: mix.NewLedger(), t: t}
	w.ctx, w.cancel = context.WithCancel(context.Background())
	return w
}

func (w *world) shared() context.Context {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.ctx
}

func (w *world) cancelShared() {
	w.mu.Lock()
	cancel := w.cancel
	w.ctx, w.cancel = context.WithCancel(context.Background())
	w.mu.Unlock()
	cancel()
}

// settle waits for the goroutines that outlive their handlers.
func (w *world) settle() {
	for deadline := time.Now().Add(20 * time.Second); w.running.Load() > 0; time.Sleep(time.Millisecond) {
		if timer := w.timer.Swap(nil); timer != nil {
			timer.Reset(0)
		}
		w.cancelShared()
		if time.Now().After(deadline) {
			w.Fault("%d goroutines and timers that handlers left behind do not end", w.running.Load())
			return
		}
	}
}

func (w *world) close() {
	for _, c := range w.clients {
		c.CloseIdleConnections()
	}
	for _, s := range w.servers {
		s.CloseClientConnections()
		s.Close()
	}
	for _, c := range w.closers {
		c()
	}
}

// outermost wraps a server's handler: no value may be there before a request or after it.
func (w *world) outermost(next http.Handler) http.Handler {
	return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.CheckHere("handler, before Middleware")
		defer w.CheckHere("handler, after Middleware")
		next.ServeHTTP(rw, r)
	})
}

// A how describes a server.
type how struct {
	tls, http2, cleartext2 bool

	idle  time.Duration // IdleTimeout
	kills bool          // closes idle connections now and then
}

func (w *world) serve(h http.Handler, how how) *httptest.Server {
	s := httptest.NewUnstartedServer(w.outermost(h))
	s.Listener = &listener{s.Listener, w}
	s.EnableHTTP2 = how.http2
	s.Config.IdleTimeout = how.idle
	s.Config.ErrorLog = log.New(here{w, "http.Server.ErrorLog"}, "", 0)
	s.Config.BaseContext = func(net.Listener) context.Context {
		w.CheckHere("http.Server.BaseContext")
		return context.Background()
	}
	s.Config.ConnContext = func(ctx context.Context, _ net.Conn) context.Context {
		w.CheckHere("http.Server.ConnContext")
		return ctx
	}
	s.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 4, CountError: func(string) { w.CheckHere("HTTP2Config.CountError, server") }}
	if how.cleartext2 {
		s.Config.Protocols = new(http.Protocols)
		s.Config.Protocols.SetUnencryptedHTTP2(true)
		s.Config.Protocols.SetHTTP1(true)
	}
	s.Config.ConnState = func(c net.Conn, state http.ConnState) {
		w.CheckHere("http.Server.ConnState, " + state.String())
		if how.kills && state == http.StateIdle && rand.IntN(4) == 0 {
			time.AfterFunc(short(), func() { c.Close() })
		}
	}
	if how.tls {
		s.TLS = new(tls.Config)
		w.serverTLS(s.TLS)
		s.StartTLS()
	} else {
		s.Start()
	}
	w.servers = append(w.servers, s)
	return s
}

// h2cOutside has h2c around Middleware, h2cInside has it within: there the handler of a
// connection's first request serves all the connection's streams.
func (w *world) h2cOutside() *httptest.Server {
	return w.serve(h2c.NewHandler(w.Serve(w.site()), w.http2Server()), how{})
}

func (w *world) h2cInside() *httptest.Server {
	site := w.Serve(w.site())
	stream := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		w.Check("h2c stream inside Middleware", r.Header.Get(mix.Header))
		if r.Header.Get("Bare") == "" {
			site.ServeHTTP(rw, r)
		} else {
			fmt.Fprint(rw, r.Header.Get(mix.Header))
		}
		w.Check("h2c stream inside Middleware, at its end", r.Header.Get(mix.Header))
	})
	return w.serve(w.Serve(h2c.NewHandler(stream, w.http2Server())), how{})
}

func (w *world) http2Server() *http2.Server {
	return &http2.Server{
		IdleTimeout: time.Minute, MaxConcurrentStreams: 4,
		CountError: func(string) { w.CheckHere("http2.Server.CountError") },
	}
}

// reverseProxy forwards requests to a server.
func (w *world) reverseProxy(to string, transport http.RoundTripper, flush time.Duration, how how) *httptest.Server {
	target, _ := url.Parse(to)
	return w.serve(w.Serve(&httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			w.Must("ReverseProxy.Rewrite", r.In.Header.Get(mix.Header))
			r.SetURL(target)
			r.Out = r.Out.WithContext(context.WithValue(r.Out.Context(), idKey{}, r.In.Header.Get(mix.Header)))
			if r.Out.Body != nil && r.Out.Body != http.NoBody {
				r.Out.Body = &body{w, "ReverseProxy's request body", r.In.Header.Get(mix.Header), r.Out.Body}
			}
		},
		ModifyResponse: func(r *http.Response) error {
			w.Must("ReverseProxy.ModifyResponse", idOf(r.Request.Context()))
			return nil
		},
		ErrorHandler: func(rw http.ResponseWriter, r *http.Request, _ error) {
			w.Must("ReverseProxy.ErrorHandler", r.Header.Get(mix.Header))
			rw.WriteHeader(http.StatusBadGateway)
		},
		BufferPool:    buffers{w},
		Transport:     roundTripper{w, transport},
		FlushInterval: flush,
		ErrorLog:      log.New(here{w, "ReverseProxy.ErrorLog"}, "", 0),
	}), how)
}

type buffers struct{ w *world }

func (b buffers) Get() []byte {
	b.w.CheckHere("ReverseProxy.BufferPool.Get")
	return make([]byte, 1<<10)
}

func (b buffers) Put([]byte) { b.w.CheckHere("ReverseProxy.BufferPool.Put") }

// forwardProxy is a proxy for http, and for https by CONNECT.
func (w *world) forwardProxy(transport http.RoundTripper) *httptest.Server {
	plain := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) {
			w.Must("proxy's Rewrite", r.In.Header.Get(mix.Header))
			r.Out = r.Out.WithContext(context.WithValue(r.Out.Context(), idKey{}, r.In.Header.Get(mix.Header)))
		},
		Transport: roundTripper{w, transport},
		ErrorLog:  log.New(here{w, "ReverseProxy.ErrorLog"}, "", 0),
	}
	return w.serve(w.Serve(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodConnect {
			plain.ServeHTTP(rw, r)
			return
		}
		to, err := new(net.Dialer).DialContext(r.Context(), "tcp", r.Host)
		if err != nil {
			http.Error(rw, err.Error(), http.StatusBadGateway)
			return
		}
		from, _, err := http.NewResponseController(rw).Hijack()
		if err != nil {
			return
		}
		fmt.Fprint(from, "HTTP/1.1 200 OK\r\n\r\n")
		// The tunnel serves later requests, too. The program itself starts these goroutines, so it
		// isolates them.
		gls.Isolate(func() {
			for _, ends := range [][2]net.Conn{{from, to}, {to, from}} {
				go func() {
					_, _ = io.Copy(ends[0], ends[1])
					ends[0].Close()
				}()
			}
		})
	})), how{})
}
