package main

import "net/http"

// A timed function measures op: it calls op(n) with growing n and keeps the time per n. An impl
// calls it where the value that op needs is set.
type timed func(op func(n int))

// An impl is one implementation of the scenarios. A field is nil if the implementation cannot do
// it.
type impl struct {
	name string

	// get reads one of several set values, the number of which is storages; miss reads one that is
	// not set.
	get  func(storages int, measure timed)
	miss func(measure timed)

	// read reads a value that was set depth levels above. Each level is a context, or a scope of
	// another value.
	read func(depth int, measure timed)

	// nested sets a value around an empty call where others are set, outermost where none is.
	nested, outermost func(measure timed)

	// enter sets a value and removes it again without a function.
	enter func(measure timed)

	// capture takes a snapshot, call calls a function in one.
	capture, call func(measure timed)

	// spawn starts width goroutines with the caller's value and waits for them.
	spawn func(width int, measure timed)

	// park starts n goroutines that read the caller's value, calls measure, and lets them end when
	// release is closed.
	park func(n int, release <-chan struct{}, measure func())

	// middleware sets one value for a request.
	middleware func(next http.Handler) http.Handler

	// handler does a request's work: five nested functions, twenty reads, four goroutines.
	handler func(measure timed)
}

// A value is the value that the implementations carry.
type value struct{ id int }

// sink keeps a value that was read, so that the compiler does not remove the read. Loops store to
// it once, at their end: processors that store in each round would wait for each other.
var sink *value

//go:noinline
func nothing() {}
