package httpctx

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode"
)

// ErrNotRouted means that no router has written a pattern or path values into the request as the Middleware gave it on.
var ErrNotRouted = errors.New("httpctx: the request is not routed")

// Param returns Request().PathValue(name): a wildcard's value in the pattern that matched, "" without. LookupParam
// tells what that means.
//
// A router writes it into the request that it is given. That is another one than Request() where something in
// between has made a copy: r.WithContext, as authentication and tracing do, http.StripPrefix, http.MaxBytesHandler,
// gorilla/mux itself. Put Middleware there once more, next to the router: inside it, Param, Pattern, Request and
// gls.Context are those of the copy, and when it has returned Param and Pattern of the outer one are what the
// router has matched, where its own request has none. The package's documentation has the line for each router.
func (c *Context) Param(name string) string {
	c.routed.note(c.request.Pattern)
	if value := c.request.PathValue(name); value != "" {
		return value
	}
	if inner := c.routed.inside.Load(); inner != nil {
		return inner.PathValue(name)
	}
	return ""
}

// LookupParam returns Param(name), or an error that says why there is none: ErrNotRouted where no router has
// written into the request, because it was given a copy or is still to come, or that the pattern has no such
// wildcard.
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
			return "", nil // it has matched nothing
		}
	}
	return "", fmt.Errorf("httpctx: the pattern %q has no wildcard %q", pattern, name)
}

// Pattern returns Request().Pattern, the pattern that matched, "" before a router has chosen one. What Param says of
// copies holds for it.
func (c *Context) Pattern() string {
	c.routed.note(c.request.Pattern)
	return c.pattern()
}

// pattern is Pattern on a goroutine that may read the request.
func (c *Context) pattern() string {
	if pattern := c.request.Pattern; pattern != "" {
		return pattern
	}
	if inner := c.routed.inside.Load(); inner != nil {
		return inner.Pattern
	}
	return ""
}

// A routed is what is known of the pattern besides the request.
type routed struct {
	// noted is the pattern as the request's own flow has seen it. A ServeMux writes Request.Pattern while the
	// request is being served, on the request's goroutine. Whoever logs a Context on another one (a handler that
	// buffers its records, glsdebug's page) must not read it meanwhile. From nil, once, by the request's flow.
	noted atomic.Pointer[string]

	// inside is the request that a nested Middleware was given, for which the router has chosen. Stored by the nested
	// Context's end; nobody writes to the request then.
	inside atomic.Pointer[http.Request]
}

// note keeps the pattern. A second one, of a mux inside the first on the same request, is not noted.
func (p *routed) note(pattern string) {
	if pattern != "" && p.noted.Load() == nil {
		kept := pattern
		p.noted.CompareAndSwap(nil, &kept)
	}
}

// tell lets the outer Context know what a router has matched between it and c, when c ends. Detached work may begin any
// number of requests of its own, and remembers none.
func (c *Context) tell(outer *Context) {
	if outer == nil || outer.detached {
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

// anywhere returns the pattern that matched, as far as it is known to the running goroutine, whichever it is.
func (c *Context) anywhere() string {
	if flow, ok := current.Get(); ok && flow.shared == c.shared || c.detached || c.Finished() {
		return c.pattern() // written before, if at all
	}
	if pattern := c.routed.noted.Load(); pattern != nil {
		return *pattern
	}
	if c.mux != nil && c.request.URL != nil {
		_, pattern := c.mux.Handler(c.request)
		return pattern
	}
	return ""
}

// muxOf returns the mux that a Middleware wraps, nil where it wraps something else.
func muxOf(next http.Handler) *http.ServeMux {
	mux, _ := next.(*http.ServeMux)
	return mux
}

// wildcards yields the names in a pattern of http.ServeMux ({name}, {name...}), of chi ({name:[0-9]+}) or of gin, echo,
// fiber and hertz (:name, *name). Where these read a pattern in different ways it yields what each of them does: where
// a name ends, and that one without a name is * for echo, and for fiber *1, or +1, by its number.
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

// afterBrace returns what follows the brace that ends a wildcard, whose expression may have some of its own.
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
