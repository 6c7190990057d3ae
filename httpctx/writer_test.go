package httpctx_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
)

// A bareWriter is a ResponseWriter and nothing else. It notes what is called.
type bareWriter struct {
	header http.Header
	calls  *[]string
}

func newBareWriter() bareWriter { return bareWriter{make(http.Header), new([]string)} }

func (w bareWriter) Header() http.Header { return w.header }

func (w bareWriter) WriteHeader(status int) {
	*w.calls = append(*w.calls, fmt.Sprint("status ", status))
}

func (w bareWriter) Write(p []byte) (int, error) {
	*w.calls = append(*w.calls, "write "+string(p))
	return len(p), nil
}

type (
	flusher  struct{ calls *[]string }
	hijacker struct{ calls *[]string }
	pusher   struct{ calls *[]string }
)

func (f flusher) Flush() { *f.calls = append(*f.calls, "flush") }

func (h hijacker) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	*h.calls = append(*h.calls, "hijack")
	return nil, nil, errHijack
}

var errHijack = errors.New("hijacked")

func (p pusher) Push(target string, _ *http.PushOptions) error {
	*p.calls = append(*p.calls, "push "+target)
	return errPush
}

var errPush = errors.New("pushed")

// combinations are writers with all combinations of the optional interfaces.
func combinations() map[string]http.ResponseWriter {
	b := newBareWriter()
	f, h, p := flusher{b.calls}, hijacker{b.calls}, pusher{b.calls}
	type (
		F = http.Flusher
		H = http.Hijacker
		P = http.Pusher
	)
	return map[string]http.ResponseWriter{
		"false false false": b,
		"true false false": struct {
			bareWriter
			F
		}{b, f},
		"false true false": struct {
			bareWriter
			H
		}{b, h},
		"false false true": struct {
			bareWriter
			P
		}{b, p},
		"true true false": struct {
			bareWriter
			F
			H
		}{b, f, h},
		"true false true": struct {
			bareWriter
			F
			P
		}{b, f, p},
		"false true true": struct {
			bareWriter
			H
			P
		}{b, h, p},
		"true true true": struct {
			bareWriter
			F
			H
			P
		}{b, f, h, p},
	}
}

// Writer supports what the server's writer supports, by type assertion and through http.ResponseController.
func TestWriterInterfaces(t *testing.T) {
	for name, w := range combinations() {
		t.Run(name, func(t *testing.T) {
			var held http.ResponseWriter
			httpctx.Run(w, newRequest("/"), func() {
				g := httpctx.GetOrFail().Writer()
				held = g
				f, isF := g.(http.Flusher)
				h, isH := g.(http.Hijacker)
				p, isP := g.(http.Pusher)
				assert.Equal(t, name, fmt.Sprint(isF, isH, isP))
				rc := http.NewResponseController(g)
				if isF {
					f.Flush()
					assert.NoError(t, rc.Flush())
				} else {
					assert.ErrorIs(t, rc.Flush(), http.ErrNotSupported)
				}
				if isH {
					_, _, err := h.Hijack()
					assert.Equal(t, errHijack, err)
					_, _, err = rc.Hijack()
					assert.Equal(t, errHijack, err)
				} else {
					_, _, err := rc.Hijack()
					assert.ErrorIs(t, err, http.ErrNotSupported)
				}
				if isP {
					assert.Equal(t, errPush, p.Push("/x", nil))
				}
				assert.ErrorIs(t, rc.SetReadDeadline(time.Now()), http.ErrNotSupported)
				assert.ErrorIs(t, rc.SetWriteDeadline(time.Now()), http.ErrNotSupported)
				assert.ErrorIs(t, rc.EnableFullDuplex(), http.ErrNotSupported)
			})
			closed(t, held)
		})
	}
	b := newBareWriter()
	w := struct {
		bareWriter
		http.Flusher
		http.Hijacker
		http.Pusher
	}{b, flusher{b.calls}, hijacker{b.calls}, pusher{b.calls}}
	httpctx.Run(w, newRequest("/"), func() {
		g := httpctx.GetOrFail().Writer()
		g.Header().Set("A", "1")
		g.WriteHeader(http.StatusCreated)
		_, err := g.Write([]byte("a"))
		assert.NoError(t, err)
		_, err = io.WriteString(g, "b")
		assert.NoError(t, err)
		n, err := io.Copy(g, strings.NewReader("c"))
		assert.NoError(t, err)
		assert.EqualValues(t, 1, n)
		g.(http.Flusher).Flush()
		_, _, _ = g.(http.Hijacker).Hijack()
		_ = g.(http.Pusher).Push("/x", nil)
	})
	assert.Equal(t, []string{"status 201", "write a", "write b", "write c", "flush", "hijack", "push /x"}, *b.calls)
	assert.Equal(t, "1", b.header.Get("A"))
}

// closed checks that a Writer of a request that is over touches nothing, and says so where it can.
func closed(t *testing.T, g http.ResponseWriter) {
	t.Helper()
	n, err := g.Write([]byte("late"))
	assert.Zero(t, n)
	assert.True(t, err == httpctx.ErrFinished, "%v", err)
	ns, err := io.WriteString(g, "late")
	assert.Zero(t, ns)
	assert.ErrorIs(t, err, httpctx.ErrFinished)
	nc, err := io.Copy(g, strings.NewReader("late"))
	assert.Zero(t, nc)
	assert.ErrorIs(t, err, httpctx.ErrFinished)
	g.WriteHeader(http.StatusTeapot)
	g.Header().Set("Late", "1")
	assert.Equal(t, "1", g.Header().Get("Late"), "a map of its own")
	if f, ok := g.(http.Flusher); ok {
		f.Flush()
	}
	if h, ok := g.(http.Hijacker); ok {
		conn, rw, err := h.Hijack()
		assert.Nil(t, conn)
		assert.Nil(t, rw)
		assert.ErrorIs(t, err, httpctx.ErrFinished)
	}
	if p, ok := g.(http.Pusher); ok {
		assert.ErrorIs(t, p.Push("/late", nil), httpctx.ErrFinished)
	}
	rc := http.NewResponseController(g)
	assert.ErrorIs(t, rc.Flush(), httpctx.ErrFinished)
	assert.ErrorIs(t, rc.SetReadDeadline(time.Now()), httpctx.ErrFinished)
	assert.ErrorIs(t, rc.SetWriteDeadline(time.Now()), httpctx.ErrFinished)
	assert.ErrorIs(t, rc.EnableFullDuplex(), httpctx.ErrFinished)
	_, _, err = rc.Hijack()
	assert.Error(t, err)
}

// After the end nothing reaches the server's writer, whenever Writer was called.
func TestWriterAfterTheEnd(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			for name, w := range combinations() {
				var before, after http.ResponseWriter
				var c *httpctx.Context
				join(plain, func() {
					defer func() { _ = recover() }()
					httpctx.Run(w, newRequest("/"), func() {
						c = httpctx.GetOrFail()
						before = c.Writer()
						w.Header().Set("Server", "1")
						end()
					})
				})
				after = c.Writer()
				closed(t, before)
				closed(t, after)
				assert.Equal(t, http.Header{"Server": {"1"}}, w.Header(), name)
				var bare bareWriter
				switch w := w.(type) {
				case bareWriter:
					bare = w
				case struct {
					bareWriter
					http.Flusher
				}:
					bare = w.bareWriter
				default:
					continue
				}
				assert.Empty(t, *bare.calls, name)
			}
		})
	}
	// A Context whose Writer nobody asked for before.
	w := newBareWriter()
	var c *httpctx.Context
	httpctx.Run(w, newRequest("/"), func() { c = httpctx.GetOrFail() })
	closed(t, c.Writer())
	assert.Empty(t, *w.calls)
	assert.Empty(t, w.header)
	join(func(fn func()) { inRequest(func(*httpctx.Context) { httpctx.GoDetached(fn) }) }, func() {
		closed(t, httpctx.GetOrFail().Writer())
	})
}

// The header of a closed Writer is one map for all of its goroutines: they may not write to it at once, but they may
// ask for it.
func TestWriterHeaderConcurrently(t *testing.T) {
	var c *httpctx.Context
	inRequest(func(now *httpctx.Context) { c = now })
	var group sync.WaitGroup
	for range 10 {
		group.Go(func() { assert.NotNil(t, c.Writer().Header()) })
	}
	group.Wait()
	c.Writer().Header().Set("A", "1")
	assert.Equal(t, "1", c.Writer().Header().Get("A"))
}

// A wrapper that shows http.ResponseController its writer by Unwrap, as middlewares of many libraries do.
type unwrapper struct{ inner http.ResponseWriter }

func (w unwrapper) Header() http.Header         { return w.inner.Header() }
func (w unwrapper) Write(p []byte) (int, error) { return w.inner.Write(p) }
func (w unwrapper) WriteHeader(status int)      { w.inner.WriteHeader(status) }
func (w unwrapper) Unwrap() http.ResponseWriter { return w.inner }

// What http.ResponseController does with the writer given to the Middleware it does with Context.Writer.
func TestWriterOverAWrapper(t *testing.T) {
	for _, guarded := range []bool{false, true} {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			middleware(func(w http.ResponseWriter, _ *http.Request) {
				if guarded {
					w = httpctx.GetOrFail().Writer()
				}
				rc := http.NewResponseController(w)
				assert.NoError(t, rc.SetReadDeadline(time.Now().Add(time.Minute)), "guarded %t", guarded)
				assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(time.Minute)), "guarded %t", guarded)
				assert.NoError(t, rc.EnableFullDuplex(), "guarded %t", guarded)
				conn, _, err := rc.Hijack()
				if assert.NoError(t, err, "guarded %t", guarded) {
					_, _ = io.WriteString(conn, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
					conn.Close()
				}
			}).ServeHTTP(unwrapper{w}, r)
		}))
		get(t, s.Client(), s.URL)
	}
}

// A slowWriter's Write takes until it is let go.
type slowWriter struct {
	bareWriter
	begun, finish chan bool
}

func (w slowWriter) Write(p []byte) (int, error) {
	w.begun <- true
	<-w.finish
	return w.bareWriter.Write(p)
}

// A Write in progress completes before the handler's return reaches the server.
func TestWriteInProgress(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			for what, write := range map[string]func(w io.Writer) error{
				"Write":       func(w io.Writer) error { _, err := w.Write([]byte("x")); return err },
				"WriteString": func(w io.Writer) error { _, err := io.WriteString(w, "x"); return err },
				"io.Copy":     func(w io.Writer) error { _, err := io.Copy(w, strings.NewReader("x")); return err },
			} {
				w := slowWriter{newBareWriter(), make(chan bool), make(chan bool)}
				held, ended, written := make(chan *httpctx.Context, 1), make(chan bool), make(chan error, 1)
				go func() {
					defer close(ended)
					defer func() { _ = recover() }()
					httpctx.Run(w, newRequest("/"), func() {
						c := httpctx.GetOrFail()
						go func() { written <- write(c.Writer()) }()
						<-w.begun
						held <- c
						end()
					})
				}()
				c := within(t, held)
				eventually(t, c.Finished, "finished at once, while the Write is in progress")
				late := make(chan error, 1)
				go func() { late <- write(c.Writer()) }()
				select {
				case <-ended:
					assert.Fail(t, "the handler's return reached the server before the Write ended", what)
				case <-time.After(5 * time.Millisecond):
				}
				close(w.finish)
				assert.NoError(t, within(t, written), what)
				assert.ErrorIs(t, within(t, late), httpctx.ErrFinished, what)
				within(t, ended)
				assert.Equal(t, []string{"write x"}, *w.calls, what)
			}
		})
	}
}

// A goroutine writes until it is told that the request is over: the client has what was accepted, not a byte more.
func TestWriteUntilFinished(t *testing.T) {
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		accepted, begun := make(chan []byte, 1), make(chan bool, 1)
		s := serve(t, middleware(func(_ http.ResponseWriter, _ *http.Request) {
			c := httpctx.GetOrFail()
			go func() {
				var all bytes.Buffer
				defer func() { accepted <- all.Bytes() }()
				for i := 0; ; i++ {
					piece := fmt.Appendf(nil, "%8d", i)
					n, err := c.Writer().Write(piece)
					all.Write(piece[:n])
					if err != nil {
						assert.ErrorIs(t, err, httpctx.ErrFinished)
						return
					}
					if i == 10 {
						begun <- true
					}
				}
			}()
			<-begun
		}))
		for range 20 {
			body := get(t, s.Client(), s.URL)
			require.Equal(t, string(within(t, accepted)), body)
		}
	}
}
