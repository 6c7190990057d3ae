package httpctx

import (
	"context"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/ambient"
)

// ambient returns the binding by which gls.Context returns the request's context until the Context is finished.
func (c *Context) ambient() gls.Binding { return gls.WithContext((*requestContext)(c)) }

// A requestContext is a Context in gls's storage of the ambient context: a second type for the same pointer, so that
// nothing is allocated for it.
type requestContext Context

var _ ambient.Source = (*requestContext)(nil)

// Ambient returns the request's context. That of a request that is over is none, wherever its frame still is: on a
// worker that one request has started for all, say.
func (r *requestContext) Ambient() (context.Context, bool) {
	if r.finished.Load() {
		return nil, false
	}
	return r.context(), true
}

func (r *requestContext) context() context.Context { return (*Context)(r).Context() }

// The methods of a context.Context are not called: gls shows what Ambient returns.

func (r *requestContext) Deadline() (time.Time, bool) { return r.context().Deadline() }
func (r *requestContext) Done() <-chan struct{}       { return r.context().Done() }
func (r *requestContext) Err() error                  { return r.context().Err() }
func (r *requestContext) Value(key any) any           { return r.context().Value(key) }
