// Package flow serves packages that are handed a ctx: it tells which flow of control the ctx
// belongs to, and runs the flow that begins with a message.
package flow

import (
	"context"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/ambient"
)

// Other returns the snapshot that ctx carries, and true, if ctx belongs to another flow than the
// running one. Work for ctx must then run in that snapshot. If ctx carries no snapshot, it counts
// as the running flow's. If the ambient context carries the same snapshot, ctx is the running
// flow's own, which may have set more values since: a handler that has resumed its request's ctx
// and passes that ctx on, say.
func Other(ctx context.Context) (gls.Snapshot, bool) {
	s, ok := gls.FromContext(ctx)
	if !ok {
		return gls.Snapshot{}, false
	}
	own, ok := gls.FromContext(gls.Context())
	return s, !ok || own != s
}

// Of returns the frame of the flow of a function that is called with ctx: the snapshot of Other, or
// else the frame in force.
func Of(ctx context.Context) gls.Snapshot {
	if s, ok := Other(ctx); ok {
		return s
	}
	return gls.Capture()
}

// Consume calls fn for one message, in a frame that has these bindings and no others. The caller's
// frame and ctx belong to a consumer that serves many, so their values are left out. The ctx that
// fn gets carries the frame and is the ambient context until fn returns, panics or calls
// runtime.Goexit.
func Consume(ctx context.Context, fn func(ctx context.Context), bindings ...gls.Binding) {
	s := gls.Snapshot{}.With(bindings...)
	ctx = gls.NewContext(ctx, s)
	s.Run(func() { Derived(ctx, func() { fn(ctx) }) })
}

// Derived calls fn with ctx as the ambient context until fn returns, panics or calls
// runtime.Goexit. It is for a ctx that middlewares have derived from the one that Consume gave
// them.
func Derived(ctx context.Context, fn func()) {
	m := &messageContext{Context: ctx}
	defer m.over.Store(true)
	gls.RunContext(m, fn)
}

// A messageContext is a message's ctx as the ambient context. It ends with the message.
type messageContext struct {
	context.Context

	over atomic.Bool // from false to true when the consumer's function has ended
}

var _ ambient.Source = (*messageContext)(nil)

// Ambient returns the message's ctx, or false once the message is over.
func (m *messageContext) Ambient() (context.Context, bool) { return m.Context, !m.over.Load() }
