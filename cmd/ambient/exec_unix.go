//go:build unix

package main

import (
	"fmt"
	"io"
	"syscall"
)

// run becomes the go command: its exit code, its signals and its terminal are this process's.
func (c command) run(_ io.Reader, _, stderr io.Writer) int {
	err := syscall.Exec(c.path, c.args, c.env)
	fmt.Fprintf(stderr, "ambient: %s: %v\n", c.path, err)
	return 1
}
