package httpctx

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/hosts"
)

// Transport returns a RoundTripper for requests that a request makes. A nil base stands for
// http.DefaultTransport. Transport panics if an option is nil.
//
// An outgoing request whose context is context.Background(), as http.Get gives it, gets the ambient
// context: the deadline, cancellation and trace of the request being served. Any other context
// wins.
//
// X-Request-ID is set to the current request's id unless the outgoing request has one. Outside of a
// request, after it and in RunOutside no id is added. To send no id, set r.Header["X-Request-Id"] =
// nil, as for net/http's own User-Agent. The id that is sent is the id that is logged. A client's
// header may differ from it, because the header is malformed or WithRequestID gives an id of its
// own. If httputil.ReverseProxy passes such a header on, Transport replaces it.
//
// An http.Client with a Timeout hands its transport a context of its own, derived from
// context.Background() by a deadline alone. Such a context counts as Background: its deadline and
// cancellation hold, and those of the ambient context too. Make a request that must outlive the one
// being served in RunOutside.
//
// A ctx that carries a Context (see WithRequestContext) tells which request's id goes with it, on
// any goroutine.
func Transport(base http.RoundTripper, opts ...TransportOption) http.RoundTripper {
	if base == nil {
		base = http.DefaultTransport // now: a program may make this transport the default
	}
	t := &transport{base: base, idHeader: idHeader}
	for _, o := range opts {
		if o == nil {
			panic("httpctx.Transport: nil option")
		}
		o.applyTransport(t)
	}
	return t
}

// A transport is immutable.
type transport struct {
	base       http.RoundTripper
	idHeader   string // in canonical form
	restricted bool   // to hosts, see ForwardTo
	hosts      []hosts.Pattern
}

// CloseIdleConnections closes the idle connections of the base. http.Client.CloseIdleConnections
// calls it.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// RoundTrip changes a copy of r, never r itself.
func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if c, ok := byContext(r.Context()); ok && c.replaces(r.Header, t.idHeader) && t.forwards(r) {
		r = r.WithContext(r.Context())
		r.Header = r.Header.Clone()
		if r.Header == nil {
			r.Header = make(http.Header)
		}
		r.Header[t.idHeader] = []string{c.ID()}
	}
	ctx := r.Context()
	around := gls.Context()
	switch {
	case around == context.Background():
		return t.base.RoundTrip(r)
	case ctx == context.Background():
		return t.base.RoundTrip(r.WithContext(around))
	case !ofClient(r):
		return t.base.RoundTrip(r)
	}
	deadline, _ := ctx.Deadline()
	merged, cancel := context.WithDeadline(around, deadline)
	stop := context.AfterFunc(ctx, func() {
		if !errors.Is(ctx.Err(), context.DeadlineExceeded) { // merged has the same deadline and ends with that error itself
			cancel()
		}
	})
	response, err := t.base.RoundTrip(r.WithContext(merged))
	end := func() {
		stop()
		cancel()
	}
	switch {
	case err != nil, response == nil, response.Body == nil:
		end()
	default:
		response.Body = endingBody(response.Body, end)
	}
	return response, err
}

// replaces reports whether the request's id must be set on an outgoing request with these headers.
// It is if they have no id, or the client's header, which a proxy has copied and which is not the
// id that is logged.
func (c *Context) replaces(headers http.Header, name string) bool {
	fields, has := headers[name]
	return !has || c.sentIDs != nil && slices.Equal(fields, *c.sentIDs)
}

// ofClient reports whether http.Client made r's context for its Timeout (net/http/client.go,
// setRequestCancel). Then r has a Cancel channel too. Only the text of a context tells its type.
func ofClient(r *http.Request) bool {
	text, ok := r.Context().(fmt.Stringer)
	if !ok || r.Cancel == nil { //nolint:staticcheck // deprecated, and still what http.Client sets
		return false
	}
	const own = "context.Background.WithDeadline("
	name := text.String()
	return strings.HasPrefix(name, own) && !strings.Contains(name[len(own):], ".With")
}

// endingBody returns a response's body that calls end when it is closed. The body of 101 Switching
// Protocols is a writer too, and stays one.
func endingBody(body io.ReadCloser, end func()) io.ReadCloser {
	ending := &endingReader{body, end}
	if w, ok := body.(io.Writer); ok {
		return struct {
			io.ReadCloser
			io.Writer
		}{ending, w}
	}
	return ending
}

type endingReader struct {
	io.ReadCloser
	end func()
}

func (r *endingReader) Close() error {
	defer r.end()
	return r.ReadCloser.Close()
}
