package adapt

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/textproto"
	"net/url"
	"strings"
	"sync"
)

// A Head collects the head of a request, and copies what it is given. All of it becomes one string, of which the
// request's strings are parts: a copy of each for itself would be some twenty allocations.
type Head struct {
	text []byte
	ends []int // of the parts of text: five, then names and values by turns
}

// heads are for use again. What they hold has been copied.
var heads = sync.Pool{New: func() any { return new(Head) }}

// NewHead returns a Head with the request line, the Host field and the client's address.
func NewHead(method, uri []byte, proto string, host []byte, client net.Addr) *Head {
	h := heads.Get().(*Head)
	h.text, h.ends = h.text[:0], h.ends[:0]
	h.add(method)
	h.add(uri)
	h.text = append(h.text, proto...)
	h.add(nil)
	h.add(host)
	h.text = appendAddr(h.text, client)
	h.add(nil)
	return h
}

// Field adds a field of the header.
func (h *Head) Field(name, value []byte) {
	h.add(name)
	h.add(value)
}

// add appends to a part and ends it.
func (h *Head) add(b []byte) {
	h.text = append(h.text, b...)
	h.ends = append(h.ends, len(h.text))
}

// Request returns the request. The Head must not be used any more. A length of -1 stands for a body of unknown length,
// another negative one for none.
func (h *Head) Request(ctx context.Context, length int64, state *tls.ConnectionState) *http.Request {
	text, start, part := string(h.text), 0, 0
	next := func() string {
		s := text[start:h.ends[part]]
		start, part = h.ends[part], part+1
		return s
	}
	r := &http.Request{Method: next(), RequestURI: next(), Proto: next(), Host: next(), RemoteAddr: next(), TLS: state}
	r.ProtoMajor, r.ProtoMinor, _ = http.ParseHTTPVersion(r.Proto)
	r.URL = parse(r.RequestURI)
	if r.URL.Host != "" {
		r.Host = r.URL.Host
	}
	n := (len(h.ends) - part) / 2
	r.Header = make(http.Header, n)
	values := make([]string, 0, n)
	for range n {
		name := textproto.CanonicalMIMEHeaderKey(next())
		value := next()
		switch {
		case name == "Host": // as net/http's server
		case r.Header[name] != nil:
			r.Header[name] = append(r.Header[name], value)
		default:
			values = append(values, value)
			r.Header[name] = values[len(values)-1 : len(values) : len(values)]
		}
	}
	heads.Put(h)
	if r.ContentLength, r.Body = max(length, -1), (refusedBody{}); length == 0 || length < -1 {
		r.ContentLength, r.Body = 0, http.NoBody
	}
	if ctx == context.Background() { // what a request without one has
		return r
	}
	return r.WithContext(ctx)
}

// parse returns a request line's target as net/http's server has it. Frameworks serve some that this one refuses.
func parse(target string) *url.URL {
	u, err := url.ParseRequestURI(target)
	if err == nil {
		return u
	}
	path, query, _ := strings.Cut(target, "?")
	return &url.URL{Path: path, RawQuery: query}
}

// appendAddr appends an address. That of a TCP connection takes no allocation.
func appendAddr(to []byte, addr net.Addr) []byte {
	if addr == nil {
		return to
	}
	if tcp, ok := addr.(*net.TCPAddr); ok {
		if a := tcp.AddrPort(); a.IsValid() {
			return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()).AppendTo(to)
		}
	}
	return append(to, addr.String()...)
}

var errBody = errors.New("httpctx: the body is the framework's, which uses its memory again: read it from the framework's " +
	"context in the handler, and set what others need in an httpctx.Key")

// A refusedBody stands for the body, which is read already and would cost a copy.
type refusedBody struct{}

var _ io.ReadCloser = refusedBody{}

func (refusedBody) Read([]byte) (int, error) { return 0, errBody }
func (refusedBody) Close() error             { return nil }
