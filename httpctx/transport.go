package httpctx

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/ambient-go/ambient/gls"
)

// Transport returns a RoundTripper for requests that a request makes; base nil stands for http.DefaultTransport.
//
// A request whose context is context.Background(), as http.Get gives it, gets the ambient context: the deadline,
// cancellation and trace of the request being served. Any other context wins. X-Request-ID is set to the current
// request's id unless the request has one. Outside of a request, after it and in RunOutside no id is added.
//
// An http.Client with a Timeout hands its transport a context of its own, derived from context.Background() by a
// deadline alone. It counts as Background there, and its deadline is kept.
func Transport(base http.RoundTripper) http.RoundTripper { return &transport{base} }

type transport struct {
	base http.RoundTripper // nil stands for http.DefaultTransport
}

func (t *transport) next() http.RoundTripper {
	if t.base == nil {
		return http.DefaultTransport
	}
	return t.base
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.next().(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip changes a copy of r, never r itself.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if c, ok := Get(); ok && len(r.Header[idHeader]) == 0 {
		r = r.WithContext(r.Context())
		r.Header = r.Header.Clone()
		if r.Header == nil {
			r.Header = make(http.Header)
		}
		r.Header[idHeader] = []string{c.ID()}
	}
	ctx := r.Context()
	around, ok := ambient()
	switch {
	case !ok:
		return t.next().RoundTrip(r)
	case ctx == context.Background():
		return t.next().RoundTrip(r.WithContext(around))
	case !ofClient(r):
		return t.next().RoundTrip(r)
	}
	deadline, _ := ctx.Deadline()
	merged, cancel := context.WithDeadline(around, deadline)
	response, err := t.next().RoundTrip(r.WithContext(merged))
	if err != nil {
		cancel()
		return response, err
	}
	if conn, ok := response.Body.(io.ReadWriteCloser); ok { // 101 Switching Protocols
		response.Body = &cancelingConn{conn, cancel}
	} else {
		response.Body = &cancelingBody{response.Body, cancel}
	}
	return response, nil
}

// ambient returns the ambient context for a request to be made here. That of a request that is over is none.
func ambient() (context.Context, bool) {
	ctx := gls.Context()
	if ctx == context.Background() {
		return nil, false
	}
	if c, ok := current.Get(); ok && c.Finished() && ctx == c.Context() {
		return nil, false
	}
	return ctx, true
}

// ofClient reports whether r's context is one that http.Client made for its Timeout (net/http/client.go,
// setRequestCancel): then r has a Cancel channel, too. Contexts can be told apart by their text alone.
func ofClient(r *http.Request) bool {
	text, ok := r.Context().(fmt.Stringer)
	if !ok || r.Cancel == nil { //nolint:staticcheck // deprecated, and still what http.Client sets
		return false
	}
	const own = "context.Background.WithDeadline("
	name := text.String()
	return strings.HasPrefix(name, own) && !strings.Contains(name[len(own):], ".With")
}

// A cancelingBody ends the request's context when it is closed.
type cancelingBody struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b *cancelingBody) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

// A cancelingConn is a cancelingBody that can be written to.
type cancelingConn struct {
	io.ReadWriteCloser
	cancel context.CancelFunc
}

func (c *cancelingConn) Close() error {
	defer c.cancel()
	return c.ReadWriteCloser.Close()
}
