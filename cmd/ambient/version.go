package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
)

const versionUsage = `Example:

	ambient version

Prints the version of this command and the Go release that it was built with,
in one line. It takes no arguments.
`

func version(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintf(stderr, "ambient version: unexpected argument %q: see ambient help version\n", args[0])
		return wrong
	}
	fmt.Fprintf(stdout, "ambient %s\n", ownVersion())
	return good
}

// ownVersion is the version of the module that this program was built from, its commit where it was built in a clone.
func ownVersion() string {
	version, commit := "(devel)", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" && version == "(devel)" {
				commit = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("%s%s, built with %s for %s/%s", version, commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
