package httpctx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A soak is one run of TestSoak.
type soak struct {
	t                                        *testing.T
	requests, children, mismatches, failures atomic.Int64

	wrap    func(next http.Handler) http.Handler // the Middleware
	servers []*httptest.Server
	closing sync.Once
	running atomic.Int64 // handlers and children; a WaitGroup cannot be added to while it is waited for
	tasks   chan func()  // of the pool
	workers sync.WaitGroup
}

var (
	soakKey     = httpctx.NewKey[string]("soak")       // the id of the request, by the first handler
	soakEntered = gls.New[string]("entered by /enter") // not set where a request begins
)

func (s *soak) mismatch(format string, args ...any) {
	if s.mismatches.Add(1) <= 10 {
		s.t.Errorf("mismatch: "+format, args...)
	}
}

func (s *soak) fail(format string, args ...any) {
	if s.failures.Add(1) <= 10 {
		s.t.Errorf(format, args...)
	}
}

// sees checks that there is the request with the id; or, where it need not be, none.
func (s *soak) sees(where, id string, must bool) {
	c, err := httpctx.Lookup()
	key, set := soakKey.Get()
	switch {
	case err != nil && must:
		s.mismatch("%s of %s: %v", where, id, err)
	case err == nil && c.ID() != id:
		s.mismatch("%s of %s: sees %s", where, id, c.ID())
	case set && key != id:
		s.mismatch("%s of %s: sees the key of %s", where, id, key)
	case err == nil && gls.Context() != c.Context() && !c.Finished() && c.Context() != context.Background():
		s.mismatch("%s of %s: another ambient context", where, id)
	}
}

// carried checks what a request's context carries, here and on goroutines that have nothing else.
func (s *soak) carried(ctx context.Context, where, id string) {
	check := func() {
		if c, ok := httpctx.FromContext(ctx); ok && c.ID() != id {
			s.mismatch("%s of %s: its context carries %s", where, id, c.ID())
		}
		gls.Resume(ctx, func() { // with ctx as the ambient context, which may be derived from the request's
			if c, ok := httpctx.Get(); ok && c.ID() != id {
				s.mismatch("resumed %s of %s: sees %s", where, id, c.ID())
			}
		})
		slog.New(httpctx.LogHandler(soakLog{s: s}, httpctx.MarkLost())).InfoContext(ctx, id)
	}
	check()
	s.child(plain, check)
}

// child starts a goroutine that is counted and waited for at the end of the run.
func (s *soak) child(start func(fn func()), fn func()) {
	s.children.Add(1)
	s.running.Add(1)
	start(func() {
		defer s.running.Add(-1)
		fn()
	})
}

// late starts children of both sorts that may outlive the request.
func (s *soak) late(id string) {
	for _, start := range []func(func()){gls.Go, plain} {
		s.child(start, func() {
			for range 3 {
				s.sees("late child", id, false)
				time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
			}
		})
	}
}

// handler is all that is served.
func (s *soak) handler() http.Handler {
	pages := map[string]func(w http.ResponseWriter, r *http.Request, id string){
		"/plain": s.plain, "/children": s.childrenOf, "/late": s.lateOf, "/enter": s.enter, "/detached": s.detached,
		"/self": s.self, "/proxy": s.proxy, "/pool": s.pool, "/outside": s.outside, "/log": s.log, "/upload": s.upload,
		"/writer": s.writer, "/hijack": s.hijack, "/stream": s.stream, "/wait": s.wait,
		"/panic":  func(_ http.ResponseWriter, _ *http.Request, id string) { s.late(id); panic("over") },
		"/abort":  func(_ http.ResponseWriter, _ *http.Request, id string) { s.late(id); panic(http.ErrAbortHandler) },
		"/goexit": func(_ http.ResponseWriter, _ *http.Request, id string) { s.late(id); runtime.Goexit() },
	}
	mux := http.NewServeMux()
	for path, page := range pages {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			s.running.Add(1)
			defer s.running.Add(-1)
			id := r.Header.Get("X-Request-ID")
			defer s.sees("the end of "+path, id, true)
			if left, ok := soakEntered.Get(); ok {
				s.mismatch("%s of %s: finds what %s entered", path, id, left)
			}
			if c := httpctx.GetOrFail(); c.Request() != r || c.ID() != id {
				s.mismatch("%s of %s: has %s", path, id, c.ID())
			}
			if key, ok := soakKey.Get(); ok && key != id {
				s.mismatch("%s of %s: begins with the key of %s", path, id, key)
			}
			soakKey.Set(httpctx.GetOrFail(), id)
			httpctx.AddLogAttrs(slog.String("added", id))
			s.carried(r.Context(), path, id)
			page(w, r, id)
		})
	}
	mux.HandleFunc("/birth", func(w http.ResponseWriter, _ *http.Request) {
		for range 4 {
			s.workers.Add(1)
			gls.Go(func() {
				defer s.workers.Done()
				for task := range s.tasks {
					task()
				}
			})
		}
		_, _ = io.WriteString(w, "born")
	})
	slow := func(must bool) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			s.running.Add(1)
			defer s.running.Add(-1)
			id := r.Header.Get("X-Request-ID")
			s.sees("timeout handler", id, must)
			s.carried(r.Context(), "timeout handler", id)
			time.Sleep(time.Duration(rand.IntN(2000)) * time.Microsecond)
			s.late(id)
			s.sees("timeout handler, later", id, must)
			_, _ = io.WriteString(w, id)
		}
	}
	all := http.NewServeMux()
	all.Handle("/", s.wrap(mux))
	all.Handle("/timeout/inside", http.TimeoutHandler(s.wrap(slow(true)), time.Millisecond, "slow"))
	all.Handle("/timeout/outside", s.wrap(http.TimeoutHandler(slow(false), time.Millisecond, "slow")))
	return all
}

func (s *soak) plain(w http.ResponseWriter, _ *http.Request, id string) { _, _ = io.WriteString(w, id) }

func (s *soak) childrenOf(w http.ResponseWriter, _ *http.Request, id string) {
	var group sync.WaitGroup
	for i := range 4 {
		group.Add(1)
		start := gls.Go
		if i == 3 {
			start = plain
		}
		s.child(start, func() {
			defer group.Done()
			s.sees("child", id, i < 3)
			s.child(start, func() { s.sees("child's child", id, false) })
		})
	}
	group.Wait()
	_, _ = io.WriteString(w, id)
}

func (s *soak) lateOf(w http.ResponseWriter, _ *http.Request, id string) {
	s.late(id)
	_, _ = io.WriteString(w, id)
}

func (s *soak) enter(w http.ResponseWriter, _ *http.Request, id string) {
	soakEntered.Enter(id)
	s.child(gls.Go, func() { soakEntered.Enter(id + " child") })
	_, _ = io.WriteString(w, id)
}

func (s *soak) detached(w http.ResponseWriter, _ *http.Request, id string) {
	s.child(httpctx.GoDetached, func() {
		for range 2 {
			s.sees("detached", id, true)
			time.Sleep(time.Duration(rand.IntN(1000)) * time.Microsecond)
		}
		if _, err := httpctx.GetOrFail().Writer().Write([]byte("x")); !errors.Is(err, httpctx.ErrFinished) {
			s.mismatch("detached of %s: writes: %v", id, err)
		}
		s.child(httpctx.GoDetached, func() { s.sees("detached again", id, true) })
		s.child(gls.Go, func() { s.sees("detached child", id, true) })
	})
	_, _ = io.WriteString(w, id)
}

func (s *soak) self(w http.ResponseWriter, r *http.Request, id string) {
	for _, path := range []string{"/plain", "/children"} {
		sub := httptest.NewRecorder()
		r.Context().Value(http.ServerContextKey).(*http.Server).Handler.
			ServeHTTP(sub, newRequest(path, "X-Request-ID", id))
		if sub.Body.String() != id {
			s.mismatch("self call of %s: %q", id, sub.Body)
		}
		s.sees("after a self call", id, true)
	}
	_, _ = io.WriteString(w, id)
}

func (s *soak) proxy(w http.ResponseWriter, r *http.Request, id string) {
	target, err := url.Parse(s.servers[0].URL)
	if err != nil {
		s.fail("%v", err)
		return
	}
	(&httputil.ReverseProxy{
		Transport: httpctx.Transport(s.servers[0].Client().Transport, httpctx.ForwardTo("127.0.0.1:*")),
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(target)
			p.Out.URL.Path = "/plain"
		},
		ModifyResponse: func(*http.Response) error {
			s.sees("proxy", id, true)
			return nil
		},
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) { fmt.Fprint(w, err) },
	}).ServeHTTP(w, r)
}

func (s *soak) pool(w http.ResponseWriter, _ *http.Request, id string) {
	done := make(chan struct{}, 2)
	s.tasks <- func() {
		if _, ok := httpctx.Get(); ok {
			s.mismatch("pool of %s: a worker sees a request", id)
		}
		done <- struct{}{}
	}
	s.tasks <- gls.Bind(func() {
		s.sees("bound task", id, true)
		done <- struct{}{}
	})
	<-done
	<-done
	_, _ = io.WriteString(w, id)
}

func (s *soak) outside(w http.ResponseWriter, _ *http.Request, id string) {
	none := func() {
		if _, ok := httpctx.Get(); ok {
			s.mismatch("outside of %s: sees a request", id)
		}
	}
	httpctx.RunOutside(func() {
		none()
		s.child(gls.Go, none)
	})
	_, _ = io.WriteString(w, id)
}

func (s *soak) log(w http.ResponseWriter, _ *http.Request, id string) {
	slog.New(httpctx.LogHandler(soakLog{s: s})).Info(id)
	_, _ = io.WriteString(w, id)
}

// soakLog compares the id with the message.
type soakLog struct {
	nopHandler
	s *soak
}

func (h soakLog) Handle(_ context.Context, r slog.Record) error {
	r.Attrs(func(a slog.Attr) bool {
		if (a.Key == "request_id" || a.Key == "added") && a.Value.String() != r.Message {
			h.s.mismatch("log of %s has %s", r.Message, a.Value)
		}
		return true
	})
	return nil
}

func (s *soak) upload(w http.ResponseWriter, r *http.Request, id string) {
	_, err := io.Copy(io.Discard, http.MaxBytesReader(w, r.Body, 1<<20))
	s.late(id)
	if err == nil {
		_, _ = io.WriteString(w, id)
	}
}

func (s *soak) writer(_ http.ResponseWriter, _ *http.Request, id string) {
	c := httpctx.GetOrFail()
	_, _ = io.WriteString(c.Writer(), id)
	s.child(gls.Go, func() {
		for !c.Finished() {
			runtime.Gosched()
		}
		if _, err := c.Writer().Write([]byte("late")); !errors.Is(err, httpctx.ErrFinished) {
			s.mismatch("writer of %s: %v", id, err)
		}
	})
}

func (s *soak) hijack(w http.ResponseWriter, _ *http.Request, id string) {
	if _, ok := w.(http.Hijacker); !ok { // HTTP/2
		_, _ = io.WriteString(w, id)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		s.fail("%v", err)
		return
	}
	s.child(gls.Go, func() {
		defer conn.Close()
		s.sees("hijacked", id, false)
		fmt.Fprintf(conn, "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s", len(id), id)
	})
}

func (s *soak) stream(w http.ResponseWriter, r *http.Request, id string) {
	for range 100 {
		if _, err := io.WriteString(w, id+"\n"); err != nil || r.Context().Err() != nil {
			return
		}
		_ = http.NewResponseController(w).Flush()
		s.sees("stream", id, true)
		time.Sleep(50 * time.Microsecond)
	}
}

func (s *soak) wait(_ http.ResponseWriter, _ *http.Request, id string) {
	ctx := gls.Context() // not in the child, which may begin when the request is over
	s.child(gls.Go, func() {
		<-ctx.Done()
		s.sees("after the client has gone", id, false)
	})
	<-gls.Context().Done()
}
