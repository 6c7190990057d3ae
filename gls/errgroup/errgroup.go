package errgroup

import (
	"context"

	"golang.org/x/sync/errgroup"

	"github.com/ambient-go/ambient/gls"
)

// A Group is a collection of goroutines that work on parts of one task. The zero Group has no limit and cancels
// nothing. It must not be copied after first use, nor used again for another task.
type Group struct {
	zero errgroup.Group
	made *errgroup.Group // by WithContext; nil in a zero Group, which uses zero
}

// WithContext returns a new Group and a context derived from ctx, which is cancelled when a function given to Go
// returns an error for the first time, or when Wait returns.
func WithContext(ctx context.Context) (*Group, context.Context) {
	made, ctx := errgroup.WithContext(ctx)
	return &Group{made: made}, ctx
}

func (g *Group) group() *errgroup.Group {
	if g.made != nil {
		return g.made
	}
	return &g.zero
}

// Go calls f on a new goroutine with the caller's frame, as it is at the call. It waits until that keeps to the limit.
// The first error of a function cancels the group's context and is the one that Wait returns. It panics if f is nil.
func (g *Group) Go(f func() error) {
	if f == nil {
		panic("errgroup.Group.Go: nil function")
	}
	g.group().Go(gls.Bind(f))
}

// TryGo does what Go does if that keeps to the limit, and reports whether it did. It panics if f is nil.
func (g *Group) TryGo(f func() error) bool {
	if f == nil {
		panic("errgroup.Group.TryGo: nil function")
	}
	return g.group().TryGo(gls.Bind(f))
}

// Wait waits until all functions have returned, cancels the group's context and returns the first error.
func (g *Group) Wait() error { return g.group().Wait() }

// SetLimit lets at most n functions run at once; a negative n stands for no limit, and 0 lets no more start. It panics
// while functions run.
func (g *Group) SetLimit(n int) { g.group().SetLimit(n) }
