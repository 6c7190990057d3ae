package httpctx

import (
	"context"
	"log/slog"
	"net/http"
	"sync/atomic"
	"time"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// A Context is one request, from the moment a Middleware takes it until the handler below that
// Middleware returns. It belongs to this package and is never used for another request.
//
// All methods are safe for concurrent use. Values that they return from the *http.Request are as
// safe as the request itself.
type Context struct {
	request *http.Request       // the pointer given to next; immutable
	writer  http.ResponseWriter // nil when detached; immutable
	*shared                     // immutable
	outer   *Context            // the Context around this one, or detached from (see detach), or nil; immutable
	era     uint64              // the package's era when the request began; immutable

	// Data of the request that stays readable past its end, as it was when the Middleware took it;
	// immutable.
	method, path string

	// finished goes from false to true, once, when the handler ends.
	finished atomic.Bool
	stable   bool // the request's strings are as immutable as others; immutable
	detached bool // made by GoDetached: its writer is closed from the start; immutable

	// guard is made at the first call of guarded: from nil, once.
	guard atomic.Pointer[guard]

	mux    *http.ServeMux // the mux that the Middleware wraps, nil for any other handler; immutable
	routed routed

	own shared // shared points here, unless this Context is nested
}

// shared is the state that the Contexts of nested Middlewares have in common.
type shared struct {
	givenID string                 // from the client or WithRequestID, or ""; immutable
	sentIDs *[]string              // the client's X-Request-ID if it is not the id, or nil; immutable
	madeID  atomic.Pointer[string] // made at the first use of ID when givenID is "": from nil, once
	start   start
	logger  *slog.Logger // nil stands for slog.Default at the time of use; immutable
	keys    keys

	// logAttrs is the set of AddLogAttrs: nil at first, then an empty set or ever larger ones. Sets
	// are immutable.
	logAttrs atomic.Pointer[toplevel.Set]
}

// Request returns the request that the innermost Middleware gave to its handler: the same pointer.
// After GoDetached it is a copy with an empty body.
//
// Data that the request refers to is the server's: an adaptor such as fiber's uses the memory of
// its strings again when the handler has returned. The id, and the data that GoDetached copies, do
// not change then.
func (c *Context) Request() *http.Request { return c.request }

// Context returns Request().Context().
func (c *Context) Context() context.Context { return c.request.Context() }

// ID returns the request id: 1 to 128 ASCII letters, digits and -_.:/+=@. It is the client's
// X-Request-ID if that is well-formed, or the id from WithRequestID, or 32 random hexadecimal
// digits.
func (c *Context) ID() string {
	if c.givenID != "" {
		return c.givenID
	}
	if id := c.madeID.Load(); id != nil {
		return *id
	}
	id := randomID()
	if c.madeID.CompareAndSwap(nil, &id) {
		return id
	}
	return *c.madeID.Load()
}

// Start returns the time at which the outermost Middleware took the request.
func (c *Context) Start() time.Time { return c.start.time() }

// Logger returns the logger given by WithLogger, or slog.Default() as it is now, with the attribute
// request_id.
func (c *Context) Logger() *slog.Logger {
	logger := c.logger
	if logger == nil {
		logger = slog.Default()
	}
	return logger.With(slog.String(logID, c.ID()))
}

// Finished reports whether the handler has returned, panicked or called runtime.Goexit. The methods
// of the Context still work then, but Get no longer returns it and its Writer is closed. A Context
// made by GoDetached never finishes.
func (c *Context) Finished() bool { return c.finished.Load() }

// LogValue returns the id, method, path and pattern as a group, without headers and body. It may be
// called on any goroutine. While the request is being served, a goroutine other than its own has
// the pattern if the Middleware wraps a ServeMux itself or was given a routed request, or once code
// behind the router has called Get, Pattern or Param, or has logged through LogHandler, on the
// goroutine that serves the request.
func (c *Context) LogValue() slog.Value { return slog.GroupValue(c.attrs(true, c.anywhere())...) }

// close finishes the Context and waits for uses of its Writer in progress.
func (c *Context) close() {
	c.tell(c.outer)
	c.finished.Store(true)
	// If Writer makes a guard after this load, its uses find finished set: both accesses are
	// sequentially consistent.
	if g := c.guard.Load(); g != nil {
		g.close()
	}
}
