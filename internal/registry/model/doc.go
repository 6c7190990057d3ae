// Package model explores every order in which goroutines can claim and release one slot of package
// registry, use their frames again, and inspect each other. It consists of tests. They fail if some
// order shows a goroutine another goroutine's frame or none, or shows an inspector a frame that
// changes, and if a wrong order of loads and stores is not found.
//
// A step of the model is one load, store or compare-and-swap of Claim, Release, Keep, Pin and Of,
// in their order there. Go's atomics are sequentially consistent, so a run is one sequence of the
// goroutines' steps.
package model
