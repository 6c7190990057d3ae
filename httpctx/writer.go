package httpctx

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"sync"
	"time"
)

// Writer returns a guarded form of the response writer that the innermost Middleware was given, for
// goroutines that may outlive the handler. The handler itself gets the server's own writer.
//
// Once the handler has returned, Write gives ErrFinished, Header returns a map of its own and
// nothing reaches the server, whose writer must not be used then. The handler's return waits for a
// Write in progress before it reaches the server; it does not wait for a copy whose source blocks.
//
// Until then the Writer supports all that the server's writer supports: http.Flusher,
// http.Hijacker, http.Pusher, io.ReaderFrom and the operations of http.ResponseController.
func (c *Context) Writer() http.ResponseWriter {
	g := c.guarded()
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

// guarded returns the Context's guard, the same to all callers.
func (c *Context) guarded() *guard {
	if g := c.guard.Load(); g != nil {
		return g
	}
	g := &guard{c: c}
	if !c.guard.CompareAndSwap(nil, g) {
		return c.guard.Load()
	}
	return g
}

// supports reports whether w, or a writer that it wraps as http.ResponseController understands it,
// is an I.
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

// A guard is a Context as an http.ResponseWriter. The types around it add the optional interfaces
// that a type assertion asks for. The methods that http.ResponseController calls are always there;
// they report the operations that the server's writer cannot do.
type guard struct {
	c *Context // immutable

	// mu guards uses and idle. It is never held while other code runs: the server's writer may be a
	// wrapper of the program's, which may call the guard.
	mu   sync.Mutex
	uses int           // operations of the server's writer, and copies of the request, in progress
	idle chan struct{} // made by close where there are uses, closed by the last one

	// header is the map that Header returns when the Writer is closed, so that nothing reaches the
	// server's map. Guarded by headerMu.
	headerMu sync.Mutex
	header   http.Header
}

// open reports whether the server's writer and request may be used. If so, the caller must call
// done, and the handler's end waits for that.
func (g *guard) open() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	// Context.close stores finished before guard.close takes mu: a use that begins after that finds
	// it here.
	if g.c.detached || g.c.finished.Load() {
		return false
	}
	g.uses++
	return true
}

// done ends the use that open has begun.
func (g *guard) done() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.uses--
	if g.uses == 0 && g.idle != nil {
		close(g.idle)
		g.idle = nil
	}
}

// close waits for the uses in progress. The Context is finished, so no other use begins, and a use
// inside of another gets ErrFinished instead of waiting.
func (g *guard) close() {
	g.mu.Lock()
	if g.uses == 0 {
		g.mu.Unlock()
		return
	}
	idle := make(chan struct{})
	g.idle = idle
	g.mu.Unlock()
	<-idle
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

func (g *guard) Header() http.Header {
	if g.open() {
		defer g.done()
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
	if g.open() {
		defer g.done()
		g.c.writer.WriteHeader(status)
	}
}

func (g *guard) Write(p []byte) (int, error) {
	if !g.open() {
		return 0, ErrFinished
	}
	defer g.done()
	return g.c.writer.Write(p)
}

func (g *guard) WriteString(s string) (int, error) {
	if !g.open() {
		return 0, ErrFinished
	}
	defer g.done()
	return io.WriteString(g.c.writer, s)
}

// control runs one operation of http.ResponseController.
func (g *guard) control(do func(*http.ResponseController) error) error {
	if !g.open() {
		return ErrFinished
	}
	defer g.done()
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

// flush drops the error: http.Flusher has no way to report one.
func (g *guard) flush() { _ = g.FlushError() }

func (g *guard) hijack() (conn net.Conn, rw *bufio.ReadWriter, err error) {
	err = g.control(func(c *http.ResponseController) error {
		conn, rw, err = c.Hijack()
		return err
	})
	return conn, rw, err
}

func (g *guard) push(target string, opts *http.PushOptions) error {
	if !g.open() {
		return ErrFinished
	}
	defer g.done()
	return g.c.writer.(http.Pusher).Push(target, opts)
}
