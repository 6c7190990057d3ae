package httpctx

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

// WithRequestContext gives next a request whose context.Context carries the Context and the frame. Without it a
// request's context knows nothing of them. It is for code that is handed a ctx where somebody else has started the
// goroutine (below http.TimeoutHandler, in resolvers of GraphQL, behind gRPC): FromContext finds the Context there,
// gls.Resume continues the request's flow, LogHandler and Transport know the request by the ctx of the record and
// of the outgoing request, and a Middleware that is given a request with such a ctx is nested in the one that made
// it.
//
// The request that next is given is a copy then, by http.Request.WithContext, and is what Context.Request returns.
// Inside another Middleware the option is independent of that one's.
func WithRequestContext() Option {
	return optionFunc(func(c *config) {
		c.carry = true
		carrying.Store(true)
	})
}

// carrying goes from false to true, once, when an option WithRequestContext is used. Until then no ctx is asked.
var carrying atomic.Bool

// A carryingContext is the context of a request that carries its Context. It is immutable.
type carryingContext struct {
	context.Context

	c *Context
}

type carriedKey struct{}

func (ctx carryingContext) Value(key any) any {
	if key == (carriedKey{}) {
		return ctx.c
	}
	return ctx.Context.Value(key)
}

// carriedRequest returns a copy of c's request with a context that carries c, and the frame that is in force here
// with c and its context in it.
func (c *Context) carriedRequest() *http.Request {
	frame := gls.Capture().With(current.With(c), c.ambient())
	return c.request.WithContext(gls.NewContext(carryingContext{c.request.Context(), c}, frame))
}

// carried returns the Context that ctx carries, which may be finished, or nil.
func carried(ctx context.Context) *Context {
	if !carrying.Load() || ctx == nil {
		return nil
	}
	c, _ := ctx.Value(carriedKey{}).(*Context)
	return c
}

// FromContext returns the Context that ctx carries, and true, if it is the context of a request that a Middleware with
// WithRequestContext has given on, or derived from it, on whatever goroutine. That of a request that is over, and any
// where the package is switched off, is none. It does not look at the frame: see Get. It panics if ctx is nil.
func FromContext(ctx context.Context) (*Context, bool) {
	if ctx == nil {
		panic("httpctx.FromContext: nil context")
	}
	if c := carried(ctx); c != nil && c.live() {
		return c, true
	}
	return nil, false
}

// byContext returns the Context for code that was given a ctx: the one that it carries, or else that of the frame, as
// Get. An explicit ctx wins, also where its request is over: that is none then, and not another one. Only a Middleware
// further in, without WithRequestContext, is nearer than what the ctx carries.
func byContext(ctx context.Context) (*Context, bool) {
	c := carried(ctx)
	if c == nil {
		return Get()
	}
	if inner, ok := Get(); ok && inner.inside(c) {
		return inner, true
	}
	return c, c.live()
}

// inside reports whether c is nested in outer.
func (c *Context) inside(outer *Context) bool {
	for c = c.outer; c != nil; c = c.outer {
		if c == outer {
			return true
		}
	}
	return false
}
