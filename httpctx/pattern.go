package httpctx

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// ErrNotRouted means that no router has written a pattern or path values into the request that the
// Middleware gave to its handler.
var ErrNotRouted = errors.New("httpctx: the request is not routed")

// Param returns Request().PathValue(name): a wildcard's value in the pattern that matched, or "".
// LookupParam tells why it is "".
//
// A router writes path values into the request that it is given. That is a copy of Request() if a
// handler in between has made one: r.WithContext, as authentication and tracing do,
// http.StripPrefix, http.MaxBytesHandler, gorilla/mux itself. Then put a second Middleware there,
// next to the router. Inside it, Param, Pattern, Request and gls.Context are those of the copy.
// When it has returned, Param and Pattern of the outer Context return the values of the inner one
// where the outer request has none. A request that a handler makes of its own server has another
// RequestURI and is none of this. The package's documentation has the line for each router.
func (c *Context) Param(name string) string {
	c.note()
	if value := c.request.PathValue(name); value != "" {
		return value
	}
	if inner := c.routed.inside.Load(); inner != nil {
		return inner.PathValue(name)
	}
	return ""
}

// LookupParam returns Param(name), or an error that says why there is none: ErrNotRouted if no
// router has written into the request, because the router was given a copy or has not run yet, or
// an error that the pattern has no such wildcard.
func (c *Context) LookupParam(name string) (string, error) {
	value := c.Param(name)
	if value != "" {
		return value, nil
	}
	pattern := c.Pattern()
	if pattern == "" {
		return "", fmt.Errorf("%w: %s %s has no pattern and no path value %q: "+
			"a router further in matches a copy of the request, has not matched it yet, or does not write there: "+
			"put Middleware next to the router, inside of what copies it", ErrNotRouted, c.method, c.escapedPath(), name)
	}
	for wildcard := range wildcards(pattern) {
		if wildcard == name {
			return "", nil // the wildcard has matched nothing
		}
	}
	return "", fmt.Errorf("httpctx: the pattern %q has no wildcard %q", pattern, name)
}

// Pattern returns Request().Pattern, the pattern that matched, or "" before a router has chosen
// one. If a handler has copied the request, see Param.
func (c *Context) Pattern() string {
	c.note()
	return c.pattern()
}

// pattern is Pattern, for a goroutine that may read the request.
func (c *Context) pattern() string {
	if pattern := c.request.Pattern; pattern != "" {
		return pattern
	}
	if inner := c.routed.inside.Load(); inner != nil {
		return inner.Pattern
	}
	return ""
}

// A routed holds facts about the pattern that the request does not hold.
type routed struct {
	// goroutine is the id of the goroutine that serves the request, 0 for a detached Context. A
	// ServeMux writes Request.Pattern there while the request is being served. Code that logs on
	// another goroutine (one that a middleware has started, a handler that buffers its records,
	// glsdebug's page) must not read Request.Pattern meanwhile. Immutable.
	goroutine uint64

	// given is the pattern that the request had when the Middleware was called. Immutable.
	given string

	// target is what the mux that the Middleware wraps matches besides method and path: the host,
	// and behind a space the URL's RawPath, if there is one. The handler may change the request's
	// own URL, to take a prefix off its path, say. Immutable.
	target string

	// pattern is the first other one that goroutine has seen. It is stored once, before noted, and
	// read after it.
	pattern string
	noted   atomic.Bool

	// inside is the routed request of a nested Middleware. The end of the nested Context stores it;
	// nothing writes to the request after that.
	inside atomic.Pointer[http.Request]
}

// note stores the pattern for other goroutines, once the goroutine that serves the request sees that
// a router inside of the Middleware has written one. Get calls it: code that a handler starts then
// logs the pattern. The pattern of one more router, for the same request, is not stored.
func (c *Context) note() {
	if c.routed.noted.Load() || c.routed.goroutine != goroutine.ID() {
		return
	}
	if pattern := c.request.Pattern; pattern != c.routed.given {
		c.routed.pattern = pattern
		c.routed.noted.Store(true)
	}
}

// tell stores in the outer Context the request that a router has matched between outer and c, when
// c ends. A detached Context stores none, because detached work may begin any number of requests,
// nor does one that is over.
func (c *Context) tell(outer *Context) {
	if outer == nil || outer.detached || outer.Finished() || c.calledBy(outer) {
		return
	}
	found := c.request
	if inner := c.routed.inside.Load(); inner != nil && found.Pattern == "" {
		found = inner
	}
	if found != outer.request {
		outer.routed.inside.Store(found)
	}
}

// calledBy reports whether c is a request that outer's handler has made of its own server, with a
// route of its own. A copy of outer's request has the same target in its request line.
func (c *Context) calledBy(outer *Context) bool {
	if c.request.RequestURI == outer.request.RequestURI {
		return false
	}
	return c.routed.goroutine != outer.routed.goroutine || outer.request.Pattern != ""
}

// anywhere returns the pattern that matched, as far as the running goroutine may know it. It may be
// called on any goroutine.
//
// It is tempting to read the request on all goroutines of the request's flow. One that a middleware
// has started before the router would read the two words of the string while the router writes
// them.
func (c *Context) anywhere() string {
	switch {
	case c.routed.goroutine == goroutine.ID():
		return c.Pattern()
	case c.detached || c.Finished():
		return c.pattern() // the router wrote it before, if at all
	}
	if c.routed.noted.Load() {
		return c.routed.pattern
	}
	if inner := c.routed.inside.Load(); inner != nil {
		return inner.Pattern
	}
	if c.mux != nil {
		host, rawPath, _ := strings.Cut(c.routed.target, " ")
		asked := url.URL{Host: host, Path: c.path, RawPath: rawPath}
		_, pattern := c.mux.Handler(&http.Request{Method: c.method, Host: host, URL: &asked})
		return pattern
	}
	return c.routed.given
}

// muxOf returns the mux that a Middleware wraps, nil if it wraps another handler.
func muxOf(next http.Handler) *http.ServeMux {
	mux, _ := next.(*http.ServeMux)
	return mux
}

// wildcards yields the names in a pattern of http.ServeMux ({name}, {name...}), of chi
// ({name:[0-9]+}) or of gin, echo, fiber and hertz (:name, *name). Where these routers read a
// pattern in different ways, wildcards yields the names of all of them. They differ in where a name
// ends. A wildcard without a name is * for echo, and for fiber *1, or +1, by its number.
func wildcards(pattern string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		nameless := map[byte]int{}
		for {
			start := strings.IndexAny(pattern, "{:*+")
			if start < 0 {
				return
			}
			mark, rest := pattern[start], pattern[start+1:]
			var names [2]string
			if mark == '{' {
				names[0] = rest[:max(0, strings.IndexAny(rest, ":}."))]
				pattern = afterBrace(rest)
			} else {
				names[0] = rest[:len(rest)-len(strings.TrimLeftFunc(rest, inName))]
				names[1], _, _ = strings.Cut(rest, "/")
				pattern = rest[len(names[0]):]
				if names[0] == "" {
					nameless[mark]++
					names = [2]string{string(mark), string(mark) + strconv.Itoa(nameless[mark])}
				}
			}
			for i, name := range names {
				if name != "" && (i == 0 || name != names[0]) && !yield(name) {
					return
				}
			}
		}
	}
}

func inName(r rune) bool { return r == '_' || unicode.IsLetter(r) || unicode.IsDigit(r) }

// afterBrace returns the text after the brace that ends a wildcard, whose expression may have
// braces of its own.
func afterBrace(pattern string) string {
	depth := 1
	for i := range len(pattern) {
		switch pattern[i] {
		case '{':
			depth++
		case '}':
			depth--
		}
		if depth == 0 {
			return pattern[i+1:]
		}
	}
	return ""
}
