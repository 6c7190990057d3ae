package httpctx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Writer returns the response writer that the innermost Middleware was given, guarded: once the handler has returned,
// Write gives ErrFinished, Header is a map of its own and nothing reaches the server, whose writer must not be used
// then. A Write in progress is waited for before the handler's return reaches the server. Until then the Writer
// supports what the server's writer supports: http.Flusher, http.Hijacker, http.Pusher, io.ReaderFrom and everything
// that http.ResponseController does.
//
// It is for goroutines that may outlive the handler. The handler itself is given the server's own writer.
func (c *Context) Writer() http.ResponseWriter {
	g := c.guard.Load()
	if g == nil {
		g = &guard{c: c}
		if !c.guard.CompareAndSwap(nil, g) {
			g = c.guard.Load()
		}
	}
	flusher := supports[http.Flusher](c.writer)
	hijacker := supports[http.Hijacker](c.writer)
	_, pusher := c.writer.(http.Pusher)
	switch {
	case flusher && hijacker && pusher:
		return guardFHP{g}
	case flusher && hijacker:
		return guardFH{g}
	case flusher && pusher:
		return guardFP{g}
	case hijacker && pusher:
		return guardHP{g}
	case flusher:
		return guardF{g}
	case hijacker:
		return guardH{g}
	case pusher:
		return guardP{g}
	}
	return g
}

// supports reports whether w, or what it wraps as http.ResponseController understands it, is an I.
func supports[I any](w http.ResponseWriter) bool {
	for {
		if _, ok := w.(I); ok {
			return true
		}
		wrapper, ok := w.(interface{ Unwrap() http.ResponseWriter })
		if !ok {
			return false
		}
		w = wrapper.Unwrap()
	}
}

// A guard is a Context as an http.ResponseWriter. The types around it add the optional interfaces that a type assertion
// asks for; what http.ResponseController calls is there always, and reports what the server's writer cannot do.
type guard struct {
	c *Context // immutable

	// busy is held for reading by each use, which loads finished after taking it, and the end of the handler takes it for
	// writing after it has stored finished: no use begins later, and those in progress are waited for.
	busy sync.RWMutex

	// header is what Header returns when the Writer is closed, so that nothing reaches the server's map. Guarded by
	// headerMu.
	headerMu sync.Mutex
	header   http.Header
}

type (
	guardF   struct{ *guard }
	guardH   struct{ *guard }
	guardP   struct{ *guard }
	guardFH  struct{ *guard }
	guardFP  struct{ *guard }
	guardHP  struct{ *guard }
	guardFHP struct{ *guard }
)

func (g guardF) Flush()   { g.flush() }
func (g guardFH) Flush()  { g.flush() }
func (g guardFP) Flush()  { g.flush() }
func (g guardFHP) Flush() { g.flush() }

func (g guardH) Hijack() (net.Conn, *bufio.ReadWriter, error)   { return g.hijack() }
func (g guardFH) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return g.hijack() }
func (g guardHP) Hijack() (net.Conn, *bufio.ReadWriter, error)  { return g.hijack() }
func (g guardFHP) Hijack() (net.Conn, *bufio.ReadWriter, error) { return g.hijack() }

func (g guardP) Push(target string, opts *http.PushOptions) error   { return g.push(target, opts) }
func (g guardFP) Push(target string, opts *http.PushOptions) error  { return g.push(target, opts) }
func (g guardHP) Push(target string, opts *http.PushOptions) error  { return g.push(target, opts) }
func (g guardFHP) Push(target string, opts *http.PushOptions) error { return g.push(target, opts) }

// open reports whether the server's writer may be used, and keeps it so until done is called.
func (g *guard) open() (ok bool, done func()) {
	g.busy.RLock()
	if g.c.detached || g.c.finished.Load() {
		g.busy.RUnlock()
		return false, nil
	}
	return true, g.busy.RUnlock
}

func (g *guard) Header() http.Header {
	if ok, done := g.open(); ok {
		defer done()
		return g.c.writer.Header()
	}
	g.headerMu.Lock()
	defer g.headerMu.Unlock()
	if g.header == nil {
		g.header = make(http.Header)
	}
	return g.header
}

func (g *guard) WriteHeader(status int) {
	if ok, done := g.open(); ok {
		defer done()
		g.c.writer.WriteHeader(status)
	}
}

func (g *guard) Write(p []byte) (int, error) {
	ok, done := g.open()
	if !ok {
		return 0, ErrFinished
	}
	defer done()
	return g.c.writer.Write(p)
}

func (g *guard) WriteString(s string) (int, error) {
	ok, done := g.open()
	if !ok {
		return 0, ErrFinished
	}
	defer done()
	return io.WriteString(g.c.writer, s)
}

// ReadFrom lets io.Copy reach the server's ReadFrom, and with it sendfile. It copies piece by piece where the server's
// writer has none, and then a piece, not the whole, is what the end of the handler waits for.
func (g *guard) ReadFrom(src io.Reader) (int64, error) {
	ok, done := g.open()
	if !ok {
		return 0, ErrFinished
	}
	if to, ok := g.c.writer.(io.ReaderFrom); ok {
		defer done()
		return to.ReadFrom(src)
	}
	done()
	return io.Copy(struct{ io.Writer }{g}, src)
}

// control runs one operation of http.ResponseController.
func (g *guard) control(do func(*http.ResponseController) error) error {
	ok, done := g.open()
	if !ok {
		return ErrFinished
	}
	defer done()
	return do(http.NewResponseController(g.c.writer))
}

func (g *guard) FlushError() error { return g.control((*http.ResponseController).Flush) }

func (g *guard) SetReadDeadline(t time.Time) error {
	return g.control(func(c *http.ResponseController) error { return c.SetReadDeadline(t) })
}

func (g *guard) SetWriteDeadline(t time.Time) error {
	return g.control(func(c *http.ResponseController) error { return c.SetWriteDeadline(t) })
}

func (g *guard) EnableFullDuplex() error {
	return g.control((*http.ResponseController).EnableFullDuplex)
}

// flush has no way to report an error: neither has http.Flusher.
func (g *guard) flush() { _ = g.FlushError() }

func (g *guard) hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	err = g.control(func(c *http.ResponseController) error {
		conn, rw, err = c.Hijack()
		return err
	})
	return conn, rw, err
}

func (g *guard) push(target string, opts *http.PushOptions) error {
	ok, done := g.open()
	if !ok {
		return ErrFinished
	}
	defer done()
	return g.c.writer.(http.Pusher).Push(target, opts)
}
