//go:build (386 || amd64 || arm || arm64 || s390x) && gc

package goroutine

import "unsafe"

// getg returns the running goroutine's runtime.g. The ports are those on which goid reads it.
func getg() unsafe.Pointer
