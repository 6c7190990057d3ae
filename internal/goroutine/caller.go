//go:build (amd64 || arm64) && gc

package goroutine

// CallerPC returns the return address of the function that calls it, which must not be inlined. It
// reads the word behind the frame pointer (cmd/compile/abi-internal.md), which takes a nanosecond
// where runtime.Callers takes 200. On other ports it returns 0.
//
// It is tempting to wrap it in a Go function. Where the compiler inlines nothing, the result is
// then an address in the caller itself.
func CallerPC() uintptr
