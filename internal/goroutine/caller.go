//go:build (amd64 || arm64) && gc

package goroutine

// callerPC returns the return address of the Go function that calls it. It reads the word behind
// the frame pointer (cmd/compile/abi-internal.md), which takes a nanosecond where runtime.Callers
// takes 200.
func callerPC() uintptr

// CallerPC returns the return address of the function that calls it, which must not be inlined. It
// is an address in that function itself where the compiler inlines nothing, and 0 on other ports.
func CallerPC() uintptr { return callerPC() }
