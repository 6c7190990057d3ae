// Package goroutine holds everything ambient knows about the Go runtime: which goroutine is
// running, its creator and the go statement that started it, and which goroutines are alive. Facts
// about runtime.g are checked before first use; all others come from the documented text of
// runtime.Stack. The package needs no private symbol of the runtime.
package goroutine
