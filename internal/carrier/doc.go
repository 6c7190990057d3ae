// Package carrier knows which frame is in force on a goroutine. It is the seam between package gls,
// which changes frames, and the two ways in which goroutines carry them. carrier.go holds the
// operations and asks for the way once in each; explicit.go and inherited.go are the ways.
// DESIGN.md in the folder above leads through a Get and a Run.
package carrier
