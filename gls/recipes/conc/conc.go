// Package conc is the recipe for github.com/sourcegraph/conc: each function is bound where a group or a pool is given
// it.
//
//	group.Go(gls.Bind(f))
//
// The same holds for the functions of packages pool, stream and iter. Ambient vet finds functions that are not bound,
// and -fix binds them. A program built by ambient build needs it for package pool and stream alone: a WaitGroup's
// function belongs to its caller.
package conc

import (
	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"

	"github.com/ambient-go/ambient/gls"
)

// Go runs f on a goroutine of the group, with what is set here.
func Go(group *conc.WaitGroup, f func()) {
	group.Go(gls.Bind(f))
}

// Submit runs f on a goroutine of the pool, with what is set here.
func Submit(pool *pool.Pool, f func()) {
	pool.Go(gls.Bind(f))
}

// ForEach calls f for each element, at once, with what is set here.
func ForEach[T any](elements []T, f func(*T)) {
	iter.ForEach(elements, gls.Bind(f))
}
