package httpctx

import (
	"context"
	"net/http"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

// WithRequestContext gives next a request whose context.Context carries the Context and the frame.
// Without it a request's context carries neither. It is for code that is handed a ctx on a
// goroutine that other code started: below http.TimeoutHandler, in resolvers of GraphQL, behind
// gRPC. With such a ctx
//
//   - FromContext returns the Context,
//   - gls.Resume continues the request's flow,
//   - LogHandler and Transport find the request by the ctx of the record and of the outgoing
//     request,
//   - a Middleware whose request has the ctx is nested in the Middleware that made it.
//
// The request that next gets is then a copy, by http.Request.WithContext, and Context.Request
// returns the copy. The option is independent of that of an outer Middleware.
func WithRequestContext() Option {
	return optionFunc(func(c *config) {
		c.carry = true
		carrying.Store(true)
	})
}

// carrying goes from false to true once, when the option WithRequestContext is used. Until then no
// ctx is searched.
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

// carriedRequest returns a copy of c's request whose context carries c and the frame in force here,
// with c and its context added.
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

// FromContext returns the Context that ctx carries, and true. A ctx carries one if it is the
// context of a request that a Middleware with WithRequestContext gave to its handler, or derived
// from it, on any goroutine. It returns false if the request is over or the package is switched
// off. It does not look at the frame: see Get. It panics if ctx is nil.
func FromContext(ctx context.Context) (*Context, bool) {
	if ctx == nil {
		panic("httpctx.FromContext: nil context")
	}
	if c := carried(ctx); c != nil && c.live() {
		return c, true
	}
	return nil, false
}

// byContext returns the Context for code that was given a ctx: the Context that ctx carries, or
// else that of the frame, as Get. An explicit ctx wins, also if its request is over: the result is
// none then, and not another request. Two Contexts of the same request are nearer than the one that
// ctx carries: that of an inner Middleware without WithRequestContext, and that of work which is
// detached from it.
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

// inside reports whether c is nested in outer or detached from it.
func (c *Context) inside(outer *Context) bool {
	for c = c.outer; c != nil; c = c.outer {
		if c == outer {
			return true
		}
	}
	return false
}
