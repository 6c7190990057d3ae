package httpctx

import (
	"log/slog"
	"net/http"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/flow"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// current holds the Context of the request that the flow belongs to. The Context may be finished.
var current = gls.New[*Context]("httpctx")

// outside is set in RunOutside, and on goroutines started there, so that Lookup does not report the
// request as lost.
var outside = gls.New[bool]("httpctx.RunOutside")

// An Option is an option of New and Run.
type Option interface{ apply(*config) }

type config struct {
	requestID func(*http.Request) string
	mux       *http.ServeMux // see Context
	logger    *slog.Logger
	carry     bool   // see WithRequestContext
	idHeader  string // in canonical form
	respond   bool   // see WithResponseHeader
}

type optionFunc func(*config)

func (f optionFunc) apply(c *config) { f(c) }

// WithRequestID takes request ids from fn. The default is a well-formed X-Request-ID header (or
// that of WithRequestIDHeader), else a fresh random id. An id from fn must be well-formed too (see
// Context.ID); otherwise a random id takes its place. Fn is called once per request, before the
// handler. It is not called for a request that is already in another Middleware, whose id it has.
// WithRequestID panics if fn is nil.
//
// The request that next gets keeps the header of the client. If a proxy passes that header on,
// Transport replaces it by the id.
func WithRequestID(fn func(*http.Request) string) Option {
	if fn == nil {
		panic("httpctx.WithRequestID: nil function")
	}
	return optionFunc(func(c *config) { c.requestID = fn })
}

// WithLogger makes Context.Logger use l. The default is slog.Default() at the time of use. Inside
// another Middleware the outer Middleware's logger stays in use.
func WithLogger(l *slog.Logger) Option {
	return optionFunc(func(c *config) { c.logger = l })
}

func newConfig(opts []Option) *config {
	c := &config{idHeader: idHeader}
	for _, o := range opts {
		if o == nil {
			panic("httpctx.New: nil option")
		}
		o.apply(c)
	}
	return c
}

// Middleware wraps a handler so that the handler, everything it calls, and every goroutine it
// starts with gls.Go find the current request with [Get]. It is New()(next). It panics if next is
// nil.
//
// Put Middleware outermost, but inside http.TimeoutHandler, which runs its handler on another
// goroutine. A middleware around it, such as one that recovers panics, finds no request, nor does
// http.Server.ErrorLog. Middleware hands next the ResponseWriter and the Request as they are, wraps
// nothing, and does not recover panics. It also makes the request's context the ambient context
// (see gls.Context).
//
// Inside another Middleware it gives next a Context of its own for its request and writer, with the
// id, start and keys of the outer Context.
//
// If the request's context carries a frame (see gls.NewContext), next continues that flow: it sees
// values that a propagator has taken from the request's header, or that code outside of an
// http.TimeoutHandler has set.
func Middleware(next http.Handler) http.Handler { return New()(next) }

// New returns a Middleware with options. It panics if an option is nil, and the Middleware if its
// handler is nil.
func New(opts ...Option) func(next http.Handler) http.Handler {
	config := newConfig(opts)
	return func(next http.Handler) http.Handler {
		if next == nil {
			panic("httpctx.Middleware: nil handler")
		}
		installed.Store(true)
		config := *config
		config.mux = muxOf(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if off.Load() {
				next.ServeHTTP(w, r)
				return
			}
			run(&config, w, r, next, nil)
		})
	}
}

// Run calls fn as Middleware calls its handler for one request: in tests, and in servers that do
// not use http.Handler. Switched off, it only calls fn. It panics if fn, w, r or an option is nil.
//
//	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), func() { ... })
func Run(w http.ResponseWriter, r *http.Request, fn func(), opts ...Option) {
	switch {
	case fn == nil:
		panic("httpctx.Run: nil function")
	case w == nil:
		panic("httpctx.Run: nil ResponseWriter")
	case r == nil:
		panic("httpctx.Run: nil Request")
	}
	installed.Store(true)
	if off.Load() {
		fn()
		return
	}
	run(newConfig(opts), w, r, nil, fn)
}

// run calls begin in the flow that the request's context belongs to.
func run(config *config, w http.ResponseWriter, r *http.Request, next http.Handler, fn func()) {
	if _, other := flow.Other(r.Context()); other {
		gls.Resume(r.Context(), func() { begin(config, w, r, next, fn) })
		return
	}
	begin(config, w, r, next, fn)
}

// begin calls next, or fn if next is nil, with a new Context for the request. The Context finishes
// however the call ends, after the frame from before is back.
func begin(config *config, w http.ResponseWriter, r *http.Request, next http.Handler, fn func()) {
	c := &Context{request: r, writer: w, era: era.Load(), mux: config.mux}
	c.routed.goroutine, c.routed.given = goroutine.ID(), r.Pattern
	c.keep()
	defer c.close()
	isOutside := false
	if carrying.Load() || (gls.Capture() != gls.Snapshot{}) { // most requests come where nothing is set
		if outer, ok := byContext(r.Context()); ok {
			c.outer = outer
		}
		_, isOutside = outside.Get()
	}
	if c.outer != nil {
		c.shared = c.outer.shared
	} else {
		c.shared = &c.own
		c.own.start.begin()
		c.own.logger = config.logger
		c.takeID(config)
	}
	if config.respond {
		w.Header()[config.idHeader] = []string{c.ID()}
	}
	if isOutside {
		outside.Exit(func() { c.serve(config, next, fn) })
		return
	}
	c.serve(config, next, fn)
}

// serve calls next or fn in the frame of the request.
func (c *Context) serve(config *config, next http.Handler, fn func()) {
	if config.carry {
		c.request = c.carriedRequest()
	}
	if next != nil {
		fn = func() { next.ServeHTTP(c.writer, c.request) }
	}
	gls.Run(fn, current.With(c), c.ambient())
}
