//go:build !((386 || amd64 || arm || arm64 || s390x) && gc)

package goroutine

import "unsafe"

func getg() unsafe.Pointer { return nil }
