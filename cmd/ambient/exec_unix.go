//go:build unix

package main

import (
	"fmt"
	"io"
	"syscall"
)

// run replaces this process by the go command, which has its exit code, its signals and its
// terminal.
func (c command) run(_ io.Reader, _, stderr io.Writer) int {
	err := syscall.Exec(c.path, c.args, c.env)
	fmt.Fprintf(stderr, "ambient: %s: %v\n", c.path, err)
	return 1
}
