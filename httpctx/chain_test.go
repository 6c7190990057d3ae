package httpctx_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// What servers do for handlers through the writer, with and without the library.

// A countingListener's connections count what is handed to their ReadFrom, which is where sendfile begins.
type countingListener struct {
	net.Listener
	mu    sync.Mutex
	files int   // that were given as files
	bytes int64 // taken from them
}

type countingConn struct {
	*net.TCPConn
	of *countingListener
}

func (l *countingListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &countingConn{c.(*net.TCPConn), l}, nil
}

func (c *countingConn) ReadFrom(src io.Reader) (int64, error) {
	inner := src
	if l, ok := src.(*io.LimitedReader); ok {
		inner = l.R
	}
	n, err := c.TCPConn.ReadFrom(src)
	c.of.mu.Lock()
	defer c.of.mu.Unlock()
	if _, ok := inner.(interface{ Stat() (os.FileInfo, error) }); ok { // an *os.File, maybe wrapped by package os
		c.of.files++
		c.of.bytes += n
	}
	return n, err
}

// A file reaches the connection as a file, so that the kernel can copy it.
func TestSendfile(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, content, 0o600))
	open := func() *os.File {
		f, err := os.Open(name)
		require.NoError(t, err)
		return f
	}
	for what, handle := range map[string]http.HandlerFunc{
		"http.ServeFile": func(w http.ResponseWriter, r *http.Request) { http.ServeFile(w, r, name) },
		"io.Copy": func(w http.ResponseWriter, _ *http.Request) {
			f := open()
			defer f.Close()
			_, isReaderFrom := w.(io.ReaderFrom)
			assert.True(t, isReaderFrom)
			w.Header().Set("Content-Length", fmt.Sprint(len(content)))
			_, err := io.Copy(w, f)
			assert.NoError(t, err)
		},
	} {
		for through, h := range map[string]http.Handler{
			"no Middleware": handle,
			"the chain":     httpctx.Middleware(handle),
			"Context.Writer": middleware(func(_ http.ResponseWriter, r *http.Request) {
				handle(httpctx.GetOrFail().Writer(), r)
			}),
		} {
			t.Run(what+"/"+through, func(t *testing.T) {
				s := httptest.NewUnstartedServer(h)
				counting := &countingListener{Listener: s.Listener}
				s.Listener = counting
				s.Start()
				defer s.Close()
				assert.Equal(t, string(content), get(t, s.Client(), s.URL))
				s.Close() // waits for the handler: the client is faster
				counting.mu.Lock()
				defer counting.mu.Unlock()
				assert.Equal(t, 1, counting.files)
				assert.Greater(t, counting.bytes, int64(len(content)-1024))
			})
		}
	}
}

// A body that is too large: the answer, and what happens to the connection, are as without a Middleware.
func TestMaxBytesReader(t *testing.T) {
	handle := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, 10)
		_, err := io.ReadAll(r.Body)
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
			return
		}
		_, _ = io.WriteString(w, "ok")
	})
	story := func(h http.Handler, length int) string {
		w := dial(t, serve(t, h))
		body := strings.Repeat("x", length)
		w.send(t, "POST / HTTP/1.1", "Host: x", fmt.Sprint("Content-Length: ", length), "")
		_, err := io.WriteString(w, body[:min(length, 4096)])
		require.NoError(t, err)
		response, answer, err := w.receive(http.MethodPost)
		require.NoError(t, err)
		told := fmt.Sprint(response.Status, " close=", response.Close, " ", strings.TrimSpace(answer))
		if length > 4096 { // the rest is not read
			return told
		}
		_, err = w.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx"))
		if err == nil {
			_, answer, err = w.receive(http.MethodPost)
		}
		if err != nil {
			return told + ", then closed"
		}
		return told + ", then " + answer
	}
	for length, want := range map[int]string{
		10:      "200 OK close=false ok, then ok",
		11:      "413 Request Entity Too Large close=true http: request body too large, then closed",
		1 << 20: "413 Request Entity Too Large close=true http: request body too large",
	} {
		assert.Equal(t, want, story(handle, length), "without")
		assert.Equal(t, want, story(httpctx.Middleware(handle), length), "with")
		assert.Equal(t, want, story(httpctx.Middleware(httpctx.Middleware(handle)), length), "nested")
	}
}

// Deadlines that a handler sets, through the writer in the chain and through Context.Writer.
func TestDeadlines(t *testing.T) {
	for _, through := range []string{"the chain", "Context.Writer"} {
		t.Run(through, func(t *testing.T) {
			results := make(chan error, 1)
			s := serve(t, middleware(func(w http.ResponseWriter, r *http.Request) {
				if through != "the chain" {
					w = httpctx.GetOrFail().Writer()
				}
				rc := http.NewResponseController(w)
				switch r.URL.Path {
				case "/read":
					assert.NoError(t, rc.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
					_, err := io.ReadAll(r.Body)
					results <- err
				case "/write":
					assert.NoError(t, rc.SetWriteDeadline(time.Now().Add(-time.Second)))
					_, _ = w.Write(make([]byte, 1<<20))
					results <- rc.Flush()
				case "/duplex":
					assert.NoError(t, rc.EnableFullDuplex())
					_, _ = io.WriteString(w, "answered ")
					assert.NoError(t, rc.Flush())
					body, err := io.ReadAll(r.Body) // fails without full duplex
					_, _ = w.Write(body)
					results <- err
				}
			}))
			w := dial(t, s)
			w.send(t, "POST /read HTTP/1.1", "Host: x", "Content-Length: 10", "", "part")
			assert.ErrorIs(t, within(t, results), os.ErrDeadlineExceeded)
			w = dial(t, s)
			w.send(t, "GET /write HTTP/1.1", "Host: x", "")
			assert.ErrorIs(t, within(t, results), os.ErrDeadlineExceeded)
			w = dial(t, s)
			w.send(t, "POST /duplex HTTP/1.1", "Host: x", "Content-Length: 4", "")
			_, err := w.in.Peek(1)
			require.NoError(t, err)
			_, err = io.WriteString(w, "body")
			require.NoError(t, err)
			_, body, err := w.receive(http.MethodPost)
			assert.NoError(t, err)
			assert.Equal(t, "answered body", body)
			assert.NoError(t, within(t, results))
		})
	}
}

// 1xx responses and bodies that a status forbids are as without the library.
func TestStatus(t *testing.T) {
	handle := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Link", "</style.css>")
		w.WriteHeader(http.StatusEarlyHints)
		w.WriteHeader(http.StatusNoContent)
		_, err := w.Write([]byte("x"))
		assert.ErrorIs(t, err, http.ErrBodyNotAllowed)
		assert.Equal(t, http.MethodGet, r.Method)
	})
	answers := func(h http.Handler) string {
		w := dial(t, serve(t, h))
		w.send(t, "GET / HTTP/1.1", "Host: x", "Connection: close", "")
		all, err := io.ReadAll(w.in)
		require.NoError(t, err)
		before, _, _ := strings.Cut(string(all), "Date:")
		return before
	}
	want := answers(handle)
	assert.Contains(t, want, "103 Early Hints")
	assert.Equal(t, want, answers(httpctx.Middleware(handle)))
	assert.Equal(t, want, answers(middleware(func(_ http.ResponseWriter, r *http.Request) {
		handle(httpctx.GetOrFail().Writer(), r)
	})))
}

// A client that waits for 100 Continue, a handler that answers while it reads, and trailers: by the writer in the chain, by
// Context.Writer, and by that of a Middleware around a wrapped writer.
func TestFullDuplex(t *testing.T) {
	duplex := func(w http.ResponseWriter, r *http.Request) {
		control := http.NewResponseController(w)
		assert.NoError(t, control.EnableFullDuplex())
		w.Header().Set("Trailer", "Announced")
		w.WriteHeader(http.StatusEarlyHints)
		body := make([]byte, 4)
		join(gls.Go, func() {
			_, err := io.ReadFull(r.Body, body)
			assert.NoError(t, err)
			assert.Equal(t, "id-1", httpctx.GetOrFail().ID())
		})
		_, _ = w.Write(body)
		assert.NoError(t, control.Flush())
		_, err := io.Copy(w, r.Body)
		assert.NoError(t, err)
		w.Header().Set("Announced", "one")
		w.Header().Set(http.TrailerPrefix+"Other", "two")
	}
	for name, h := range map[string]http.HandlerFunc{
		"the chain":      duplex,
		"Context.Writer": func(_ http.ResponseWriter, r *http.Request) { duplex(httpctx.GetOrFail().Writer(), r) },
		"a wrapped writer": func(w http.ResponseWriter, r *http.Request) {
			httpctx.Run(&unwrapper{w}, r, func() { duplex(httpctx.GetOrFail().Writer(), r) })
		},
	} {
		for protocol, s := range map[string]*httptest.Server{
			"HTTP/1.1": serve(t, middleware(h)), "h2c": serveH2C(t, middleware(h), nil),
		} {
			t.Run(name+", "+protocol, func(t *testing.T) {
				in, out := io.Pipe()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, in)
				require.NoError(t, err)
				r.Header.Set("Expect", "100-continue")
				r.Header.Set("X-Request-ID", "id-1")
				go func() { _, _ = io.WriteString(out, "one ") }()
				response, err := s.Client().Do(r)
				require.NoError(t, err)
				defer response.Body.Close()
				first := make([]byte, 4)
				_, err = io.ReadFull(response.Body, first)
				assert.NoError(t, err)
				assert.Equal(t, "one ", string(first), "before the rest is sent")
				go func() { _, _ = io.WriteString(out, "two"); out.Close() }()
				rest, err := io.ReadAll(response.Body)
				assert.NoError(t, err)
				assert.Equal(t, "two", string(rest))
				assert.Equal(t, http.Header{"Announced": {"one"}, "Other": {"two"}}, response.Trailer)
			})
		}
	}
}
