// Package model explores every order in which goroutines can claim and release one slot of package
// registry, use their frames again, and look at each other's. Its tests are all there is: they fail
// if some order shows a goroutine another's frame or none, or one that changes while somebody looks
// at it, and if a wrong order of loads and stores is not found.
//
// A step of the model is one load, store or compare-and-swap of Claim, Release, Keep, Pin and Of,
// in the order in which they stand there. Go's atomics are sequentially consistent, so a run is one
// sequence of the goroutines' steps.
package model
