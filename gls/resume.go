package gls

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
)

// NewContext returns a child of parent that carries s. Resume and FromContext find s in it and in
// every context derived from it, through context.WithCancel, WithoutCancel and WithValue too. Of
// two snapshots in one chain of contexts the newer one wins. It panics if parent is nil.
//
// The context keeps the values of s alive, and no values that were replaced before Capture. If
// parent is itself the result of NewContext, its snapshot is dropped. The ambient context is a
// value of s like others: a loop that makes each context inside the Resume of the previous one
// keeps all of them, as a loop of context.WithValue does.
func NewContext(parent context.Context, s Snapshot) context.Context {
	if parent == nil {
		panic("gls.NewContext: nil context")
	}
	if c, ok := parent.(*snapshotContext); ok {
		parent = c.Context
	}
	return &snapshotContext{parent, s}
}

// FromContext returns the snapshot that ctx carries. Only NewContext puts one there. It panics if
// ctx is nil.
func FromContext(ctx context.Context) (Snapshot, bool) {
	if ctx == nil {
		panic("gls.FromContext: nil context")
	}
	s, ok := ctx.Value(snapshotKey{}).(Snapshot)
	return s, ok
}

// Resume calls fn as a continuation of the flow that ctx belongs to. In fn the snapshot that ctx
// carries is in force, or the caller's frame if ctx carries none. In both cases ctx is the ambient
// context. It ends as Storage.Run does. It panics if ctx or fn is nil.
//
// Use it in code that is handed a ctx on another flow's goroutine: interceptors, resolvers,
// activities, consumers.
func Resume(ctx context.Context, fn func()) {
	if fn == nil {
		panic("gls.Resume: nil function")
	}
	if ctx == nil {
		panic("gls.Resume: nil context")
	}
	s, ok := FromContext(ctx) // before Open, because it runs the ctx's own code
	if !ok {
		ambientContext.Run(ctx, fn)
		return
	}
	here := carrier.Open()
	resumed := s.frame.Outside(here.Goroutine())
	carrier.RunOwn(here, here.WithIn(resumed, frame.Binding{Key: ambientContext.bound(), Value: ctx}), fn)
}

// A snapshotContext is a context that carries a snapshot. It is immutable.
type snapshotContext struct {
	context.Context

	snapshot Snapshot
}

// A snapshotKey is the key under which a snapshotContext returns its snapshot.
type snapshotKey struct{}

// Value returns the snapshot for its key. A Snapshot is one pointer, so the conversion to an
// interface allocates nothing.
func (c *snapshotContext) Value(key any) any {
	if _, ok := key.(snapshotKey); ok {
		return c.snapshot
	}
	return c.Context.Value(key)
}

// String returns the text that package context prints in contexts derived from this one. It shows
// no value.
func (c *snapshotContext) String() string {
	if s, ok := c.Context.(fmt.Stringer); ok {
		return s.String() + ".WithSnapshot"
	}
	return reflect.TypeOf(c.Context).String() + ".WithSnapshot"
}
