package adapt

import (
	"fmt"
	"io"
	"net/http"
	"slices"
)

// A ResponseHead is the status and the header of a framework's response.
type ResponseHead interface {
	SetStatusCode(status int)
	Add(name, value string)
	Del(name string)
	Peek(name string) []byte // nil if there is none
}

// A writer is a framework's response as an http.ResponseWriter. It is used as that of net/http's server is: by one
// goroutine at a time.
type writer struct {
	head ResponseHead
	body io.Writer
	next func(*http.Request)

	header http.Header // nil until somebody asks
	opened http.Header // those of httpctx.WithResponseHeader, which the handlers got in the response
	sent   bool        // the header is in the response
}

// open puts what httpctx has set into the response, where the framework's handlers see it, can change it, and have it if
// one of them panics.
func (w *writer) open() {
	if len(w.header) > 0 {
		w.put()
		w.opened = w.header.Clone()
	}
}

// Header returns the fields that are set by this writer. They take the place of the response's own of the same name at
// the first WriteHeader or Write, or when the handlers have returned.
func (w *writer) Header() http.Header {
	if w.header == nil {
		w.header = make(http.Header)
	}
	return w.header
}

// WriteHeader sets the response's status. The framework sends no informational responses.
func (w *writer) WriteHeader(status int) {
	switch {
	case status < 100 || status > 999:
		panic(fmt.Sprintf("httpctx: WriteHeader: invalid status %d", status))
	case w.sent, status < 200 && status != http.StatusSwitchingProtocols:
		return
	}
	w.head.SetStatusCode(status)
	w.send()
}

// Write appends to the response's body. Its status is then the one that the framework has, 200 unless somebody has set
// another.
func (w *writer) Write(p []byte) (int, error) {
	w.send()
	return w.body.Write(p)
}

// send puts the header into the response, once.
func (w *writer) send() {
	if w.sent {
		return
	}
	w.sent = true
	for name := range w.opened {
		if _, ok := w.header[name]; !ok {
			w.head.Del(name)
		}
	}
	w.put()
}

// put sets the header's fields in the response.
func (w *writer) put() {
	for name := range w.header {
		if !w.left(name) {
			w.head.Del(name) // fasthttp's changes the order of those behind, so that all are deleted before any is added
		}
	}
	for name, values := range w.header {
		if w.left(name) {
			continue
		}
		for _, value := range values {
			w.head.Add(name, value)
		}
	}
}

// left reports whether a field is left to the framework's handlers: the response has it since open, and nobody has changed
// it here. If it is gone from the response, a framework has reset that for an error, and the field is set again.
func (w *writer) left(name string) bool {
	values, ok := w.opened[name]
	return ok && slices.Equal(values, w.header[name]) && w.head.Peek(name) != nil
}

// errFlush says what http.ResponseController's own error does not.
var errFlush = fmt.Errorf("httpctx: the framework sends the response when its handlers have returned: "+
	"to send a part of it before, use the framework's own stream: %w", http.ErrNotSupported)

// FlushError is what http.ResponseController calls.
func (w *writer) FlushError() error { return errFlush }
