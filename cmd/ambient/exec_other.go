//go:build !unix

package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

// run runs the go command. A Ctrl-C reaches the go command through the console; this process
// ignores it, so that go ends first.
func (c command) run(stdin io.Reader, stdout, stderr io.Writer) int {
	signal.Ignore(os.Interrupt)
	cmd := exec.Command(c.path, c.args[1:]...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = c.env, stdin, stdout, stderr
	err := cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err != nil {
		fmt.Fprintf(stderr, "ambient: %s: %v\n", c.path, err)
		return 1
	}
	return 0
}
