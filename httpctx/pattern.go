package httpctx

import (
	"net/http"
	"sync/atomic"
)

// A ServeMux writes Request.Pattern while the request is being served, on the request's goroutine. Whoever logs a
// Context on another one (a handler that buffers its records, glsdebug's page) must not read it meanwhile. For these a
// routed keeps the pattern as the request's own flow has seen it.
type routed struct {
	// state goes from 0 to 1 and on to 2, once. Stored by the request's flow; a load of 2 publishes pattern.
	state   atomic.Uint32
	pattern string // written while state is 1, read when it is 2
}

// note keeps the pattern. A second one, of a mux inside the first on the same request, is not noted.
func (p *routed) note(pattern string) {
	if pattern != "" && p.state.Load() == 0 && p.state.CompareAndSwap(0, 1) {
		p.pattern = pattern
		p.state.Store(2)
	}
}

// anywhere returns the pattern that matched, as far as it is known to the running goroutine, whichever it is.
func (c *Context) anywhere() string {
	if flow, ok := current.Get(); ok && flow.shared == c.shared || c.detached || c.Finished() {
		return c.request.Pattern // written before, if at all
	}
	if c.routed.state.Load() == 2 {
		return c.routed.pattern
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
