// Package goroutine is everything ambient knows about the Go runtime: which goroutine is running,
// who started it and where, and which goroutines are alive. What it knows it checks before first use or
// reads from the documented text of runtime.Stack; it needs no private symbol of the runtime.
package goroutine
