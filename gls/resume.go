package gls

import (
	"context"
	"fmt"
	"reflect"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
)

// NewContext returns a context that is parent in everything and carries s, for Resume and FromContext to find
// wherever the context goes: through context.WithCancel, WithoutCancel and WithValue too. Of two snapshots in one
// chain of contexts the newer one wins. It panics if parent is nil.
//
// The context keeps the values of s alive for as long as it lives, and those alone: a value that had been replaced
// before Capture is not among them. Called with the result of another NewContext, it lets that one's snapshot go. The
// ambient context is a value of s like others: a loop in which each context is made in the Resume of the one before
// keeps them all, as one with context.WithValue does.
func NewContext(parent context.Context, s Snapshot) context.Context {
	if parent == nil {
		panic("gls.NewContext: nil context")
	}
	if c, ok := parent.(*snapshotContext); ok {
		parent = c.Context
	}
	return &snapshotContext{parent, s}
}

// FromContext returns the snapshot that ctx carries. Only NewContext puts one there. It panics if ctx is nil.
func FromContext(ctx context.Context) (Snapshot, bool) {
	if ctx == nil {
		panic("gls.FromContext: nil context")
	}
	s, ok := ctx.Value(snapshotKey{}).(Snapshot)
	return s, ok
}

// Resume calls fn as a continuation of the flow that ctx belongs to: with the snapshot that ctx carries in force, or
// in the caller's frame where it carries none, and in both cases with ctx as the ambient context. It ends as
// Storage.Run does. It is for code that is handed a ctx on somebody else's goroutine: interceptors, resolvers,
// activities, consumers. It panics if ctx or fn is nil.
func Resume(ctx context.Context, fn func()) {
	if fn == nil {
		panic("gls.Resume: nil function")
	}
	if ctx == nil {
		panic("gls.Resume: nil context")
	}
	s, ok := FromContext(ctx) // runs the ctx's own code, so it comes before Open
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

// A snapshotKey is the key of the snapshot.
type snapshotKey struct{}

// Value returns the snapshot for its key, without an allocation because it is one pointer.
func (c *snapshotContext) Value(key any) any {
	if _, ok := key.(snapshotKey); ok {
		return c.snapshot
	}
	return c.Context.Value(key)
}

// String is what package context prints of the contexts derived from this one. It shows no value.
func (c *snapshotContext) String() string {
	if s, ok := c.Context.(fmt.Stringer); ok {
		return s.String() + ".WithSnapshot"
	}
	return reflect.TypeOf(c.Context).String() + ".WithSnapshot"
}
