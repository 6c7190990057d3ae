// Command release releases all modules of this repository in the current clone, and tries a release
// as a user does who has nothing of it.
//
//	release make v0.2.0     # commits and tags; pushes nothing
//	release check v0.2.0    # the same in a clone of its own, then installs, builds and vets what it tagged
//	release api             # what has changed since the last tags, in what users and other modules see
//	release licences        # the licences of what the modules require
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

const usage = `Example:

	release check v0.2.0

Commands: make VERSION, check [VERSION], api, licences. Without a VERSION check
takes the one after the last tag. make commits and tags in this clone and pushes
nothing.
`

// errUsage is the error of a wrong command line.
var errUsage = errors.New("usage")

func main() {
	err := run(os.Args[1:], os.Stdout)
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(os.Stderr, usage)
		os.Exit(2)
	case err != nil:
		fmt.Fprintf(os.Stderr, "release: %v\n", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	dir, err := git(".", "rev-parse", "--show-toplevel")
	if err != nil {
		return err
	}
	r, err := open(dir)
	if err != nil {
		return err
	}
	switch {
	case len(args) == 2 && args[0] == "make":
		return r.release(args[1], out)
	case len(args) == 1 && args[0] == "check", len(args) == 2 && args[0] == "check":
		version := append(args, "")[1]
		if version == "" {
			version = r.next()
		}
		return r.check(version, out)
	case len(args) == 1 && args[0] == "api":
		return r.api(out)
	case len(args) == 1 && args[0] == "licences":
		return r.licences(out)
	}
	return errUsage
}
