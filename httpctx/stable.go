package httpctx

import (
	"net/http"
	"net/url"
	"reflect"
	"strings"
	"sync/atomic"
)

// Some servers place a request's strings in memory that they use again when the handler has
// returned: fiber's adaptor points into fasthttp's buffers. A Context copies what it keeps of such
// a request. The strings of net/http's own server are immutable as usual, and are kept as they are.

// stable reports whether the request comes from net/http's server. The type of the writer tells
// that in a nanosecond. If a handler has wrapped the writer, the request's context tells it, in
// some tens of nanoseconds.
func stable(w http.ResponseWriter, r *http.Request) bool {
	t := reflect.TypeOf(w)
	known := &serverWriters[r.ProtoMajor&1]
	if k := known.Load(); k != nil && *k == t {
		return true
	}
	if r.Context().Value(http.ServerContextKey) == nil {
		return false
	}
	if t != nil && t.Kind() == reflect.Pointer && ofServer(t.Elem()) {
		kept := t // t itself stays off the heap
		known.Store(&kept)
	}
	return true
}

// ofServer reports whether the writers of net/http's server point to this type. For a type that is
// missing here, stable looks at the context.
func ofServer(t reflect.Type) bool {
	switch t.PkgPath() {
	case "net/http":
		return t.Name() == "response" || t.Name() == "http2responseWriter" // net/http/h2_bundle.go, up to Go 1.26
	case "net/http/internal/http2": // from Go 1.27
		return t.Name() == "responseWriter"
	}
	return false
}

// serverWriters holds the types of the server's writers for HTTP/2 and HTTP/1, once they have been
// seen.
var serverWriters [2]atomic.Pointer[reflect.Type]

// keep sets the fields of c that outlive its request. The common methods and the root path take no
// allocation.
func (c *Context) keep() {
	c.method = c.request.Method
	if u := c.request.URL; u == nil { // servers other than net/http's may give none
		c.mux = nil
	} else {
		c.path = u.Path
		if c.mux != nil {
			c.routed.target = c.request.Host
			if u.RawPath != "" {
				c.routed.target += " " + u.RawPath
			}
		}
	}
	if c.stable = stable(c.writer, c.request); c.stable {
		return
	}
	switch c.method {
	case http.MethodGet:
		c.method = http.MethodGet
	case http.MethodPost:
		c.method = http.MethodPost
	default:
		c.method = strings.Clone(c.method)
	}
	if c.path == "/" {
		c.path = "/"
	} else {
		c.path = strings.Clone(c.path)
	}
	c.routed.target = strings.Clone(c.routed.target)
}

// escapedPath returns the path in one line, whichever bytes a client has put into it.
func (c *Context) escapedPath() string { return (&url.URL{Path: c.path}).EscapedPath() }

// copyStrings replaces the strings of a request, which is already a clone, by copies.
func copyStrings(r *http.Request) {
	for _, s := range []*string{&r.Method, &r.Proto, &r.Host, &r.RemoteAddr, &r.RequestURI, &r.Pattern} {
		*s = strings.Clone(*s)
	}
	if u := r.URL; u != nil {
		for _, s := range []*string{
			&u.Scheme, &u.Opaque, &u.Host, &u.Path, &u.RawPath, &u.RawQuery, &u.Fragment, &u.RawFragment,
		} {
			*s = strings.Clone(*s)
		}
		if u.User != nil {
			name := strings.Clone(u.User.Username())
			if password, ok := u.User.Password(); ok {
				u.User = url.UserPassword(name, strings.Clone(password))
			} else {
				u.User = url.User(name)
			}
		}
	}
	r.Header, r.Trailer = copyFields(r.Header), copyFields(r.Trailer)
	r.Form, r.PostForm = copyFields(r.Form), copyFields(r.PostForm)
	r.TransferEncoding = copyAll(r.TransferEncoding)
	for name := range wildcards(r.Pattern) {
		if value := r.PathValue(name); value != "" {
			r.SetPathValue(name, strings.Clone(value))
		}
	}
}

// copyFields copies a header or a form.
func copyFields[M ~map[string][]string](fields M) M {
	if fields == nil {
		return nil
	}
	copied := make(M, len(fields))
	for name, values := range fields {
		copied[strings.Clone(name)] = copyAll(values)
	}
	return copied
}

func copyAll(values []string) []string {
	copied := make([]string, len(values))
	for i, v := range values {
		copied[i] = strings.Clone(v)
	}
	return copied
}
