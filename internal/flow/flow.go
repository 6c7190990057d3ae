// Package flow is what packages that are handed a ctx share: to which flow of control it belongs, and the flow that begins
// with a message.
package flow

import (
	"context"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/ambient"
)

// Other returns the snapshot that ctx carries, and true, where ctx is one of another flow, so that what is done for ctx
// is done in that snapshot. Where ctx carries none there is nothing to tell by, and the running flow it is. Where the
// ambient context carries the same one the running flow is ctx's own and may have set more values since: a handler
// that has resumed its request's ctx and passes that ctx on, say.
func Other(ctx context.Context) (gls.Snapshot, bool) {
	s, ok := gls.FromContext(ctx)
	if !ok {
		return gls.Snapshot{}, false
	}
	own, ok := gls.FromContext(gls.Context())
	return s, !ok || own != s
}

// Of returns the frame of the flow that a function belongs to which is called with ctx: that of Other, else the one in
// force.
func Of(ctx context.Context) gls.Snapshot {
	if s, ok := Other(ctx); ok {
		return s
	}
	return gls.Capture()
}

// Consume calls fn for one message: in a frame that has these bindings and nothing else, whatever the caller's frame and
// ctx have, for those belong to a consumer that serves many. The ctx that fn is given carries the frame and is the
// ambient one, until fn has ended in whatever way.
func Consume(ctx context.Context, fn func(ctx context.Context), bindings ...gls.Binding) {
	s := gls.Snapshot{}.With(bindings...)
	m := &messageContext{Context: gls.NewContext(ctx, s)}
	defer m.over.Store(true)
	s.With(gls.WithContext(m)).Run(func() { fn(m.Context) })
}

// A messageContext is a message's ctx as the ambient one, which ends with the message.
type messageContext struct {
	context.Context

	over atomic.Bool // from false to true when the consumer's function has ended
}

var _ ambient.Source = (*messageContext)(nil)

// Ambient returns the message's ctx, false when the message is over.
func (m *messageContext) Ambient() (context.Context, bool) { return m.Context, !m.over.Load() }
