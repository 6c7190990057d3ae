// Command quickstart shows a value that belongs to a flow of control: package main sets the current
// user, package user reads it, and no function in between has a parameter for it.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
)

const usage = `Example:

	go run ./cmd/quickstart

Starts three flows of control at once, each with a user of its own, and lets a
service print the user that it finds: on goroutines, in a worker pool, in
timers, in callbacks, on log lines, and on a goroutine started by a plain go
statement. It has no arguments. Read plain.go beside current/current.go and user/user.go.
`

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

func run(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "quickstart: %v: run it without arguments, or with -h for help\n", err)
		return 2
	}
	out := log.New(stdout, "", 0)
	defer logTo(out.Writer())()
	plain(out)
	if err := web(out); err != nil {
		fmt.Fprintf(stderr, "quickstart: %v\n", err)
		return 1
	}
	return 0
}
