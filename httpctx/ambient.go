package httpctx

import (
	"context"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/ambient"
)

// ambient returns the binding with which gls.Context returns the request's context until the
// Context is finished.
func (c *Context) ambient() gls.Binding { return gls.WithContext((*requestContext)(c)) }

// A requestContext is a Context in gls's storage of the ambient context. It is a second type for
// the same pointer, so that the binding allocates nothing.
type requestContext Context

var _ ambient.Source = (*requestContext)(nil)

// Ambient returns the request's context, or false once the request is over. Its frame may live on
// then, in a worker that the request started, say.
func (r *requestContext) Ambient() (context.Context, bool) {
	if r.finished.Load() {
		return nil, false
	}
	return r.context(), true
}

func (r *requestContext) context() context.Context { return (*Context)(r).Context() }

// gls shows what Ambient returns and does not call the methods of context.Context.

func (r *requestContext) Deadline() (time.Time, bool) { return r.context().Deadline() }
func (r *requestContext) Done() <-chan struct{}       { return r.context().Done() }
func (r *requestContext) Err() error                  { return r.context().Err() }
func (r *requestContext) Value(key any) any           { return r.context().Value(key) }
