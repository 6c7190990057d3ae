package main

import "net/http"

// A timed function measures op: it calls op(n) with growing n and keeps the time per n. It is called where what op needs
// is in force.
type timed func(op func(n int))

// An impl is one implementation of the scenarios. A nil field has no counterpart there.
type impl struct {
	name string

	// get reads one of so many values that are set; miss reads one that is not.
	get  func(storages int, measure timed)
	miss func(measure timed)

	// read reads a value that was set depth levels above: of contexts, or of scopes of other values.
	read func(depth int, measure timed)

	// nested sets a value for the time of an empty call where others are set, outermost where nothing is.
	nested, outermost func(measure timed)

	// enter sets a value and takes it back without a function.
	enter func(measure timed)

	// capture takes what is set, call calls a function with it.
	capture, call func(measure timed)

	// spawn starts width goroutines that have the caller's value, and waits for them.
	spawn func(width int, measure timed)

	// park starts goroutines that have the caller's value and read it, and keeps them until release is closed.
	park func(n int, release <-chan struct{}, measure func())

	// middleware carries one value for a request.
	middleware func(next http.Handler) http.Handler

	// handler is a request's work: five functions deep, twenty reads, four children.
	handler func(measure timed)
}

// A value is what is carried.
type value struct{ id int }

// sink keeps what was read, so that the compiler cannot leave the read out. Loops store to it at their end alone: stores
// in between would make processors wait for each other.
var sink *value

//go:noinline
func nothing() {}
