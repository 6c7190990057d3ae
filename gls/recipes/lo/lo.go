// Package lo is the recipe for github.com/samber/lo: what Async, Generator and the functions of package parallel run on
// another goroutine is bound.
//
//	result := <-lo.Async(gls.Bind(f))
//
// What lo calls itself (lo.Map, lo.Filter and the others) sees what its caller does. Ambient vet finds functions that
// are not bound, and -fix binds them. A program built by ambient build needs none of it but for Generator: the
// functions belong to their caller.
package lo

import (
	"github.com/samber/lo"
	"github.com/samber/lo/parallel"

	"github.com/ambient-go/ambient/gls"
)

// Async runs f on another goroutine, with what is set here.
func Async[A any](f func() A) <-chan A {
	return lo.Async(gls.Bind(f))
}

// ForEach calls f for each element, at once, with what is set here.
func ForEach[T any](elements []T, f func(element T, index int)) {
	parallel.ForEach(elements, gls.Bind(f))
}
