package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

// The go command gives cover the names of the files that it instruments, and not the names of their
// replacements in an overlay (cmd/go/internal/work, cover). If a build uses cover, the go command
// therefore runs its tools through this program. It substitutes the names of the overlay's files in
// the arguments of cover and changes no other tool's.

// toolexecName is the subcommand that the go command runs, with the overlay and the tool as
// arguments.
const toolexecName = "toolexec"

// coverFlags lists the flags with which the go command may run cover.
var coverFlags = []string{"cover", "coverpkg", "covermode", "coverprofile"}

// withToolexec adds the flag to the arguments of a go command if the build uses cover. The user's
// own -toolexec then runs the tools in turn.
func withToolexec(command, overlay string, inFlags, args []string) ([]string, error) {
	if !slices.ContainsFunc(coverFlags, func(name string) bool {
		_, given := flagIn(inFlags, name)
		return given || index(command, args, name) >= 0
	}) {
		return args, nil
	}
	users, args, err := cutFlag(command, args, "toolexec")
	if err != nil {
		return nil, err
	}
	if users == "" {
		users, _ = flagIn(inFlags, "toolexec")
	}
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	flag := fmt.Sprintf("%s %s %s %s", quote(self), toolexecName, quote(overlay), users)
	return append([]string{"-toolexec", strings.TrimSpace(flag)}, args...), nil
}

// quote quotes a word for the go command, which splits flags at spaces (cmd/internal/quoted).
func quote(word string) string {
	switch {
	case !strings.ContainsAny(word, " \t\n\"'"):
		return word
	case !strings.Contains(word, "'"):
		return "'" + word + "'"
	}
	return `"` + word + `"`
}

// toolexec runs a tool of the go command.
func toolexec(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	fail := func(err error) int {
		fmt.Fprintf(stderr, "ambient toolexec: %v\n", err)
		return 2
	}
	if len(args) < 2 {
		return fail(errors.New("is for the go command's -toolexec"))
	}
	files, err := overlay.Files(args[0])
	if err != nil {
		return fail(err)
	}
	args = args[1:]
	originals := map[string]string{}
	outputs := ""
	if slices.ContainsFunc(args, isCover) {
		for i, arg := range args {
			if replaced := files[filepath.Clean(arg)]; replaced != "" {
				args[i], originals[replaced] = replaced, arg
			}
			if arg == "-outfilelist" && i+1 < len(args) {
				outputs = args[i+1]
			}
		}
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, stdout, stderr
	err = cmd.Run()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	if err == nil && len(originals) > 0 {
		err = restore(outputs, originals)
	}
	if err != nil {
		return fail(err)
	}
	return good
}

func isCover(tool string) bool {
	return strings.TrimSuffix(filepath.Base(tool), ".exe") == "cover" && filepath.IsAbs(tool)
}

// restore puts the names of the release's own files into the line directives of the files that
// cover wrote. The names of these files are in a list.
func restore(list string, originals map[string]string) error {
	names, err := os.ReadFile(list)
	if err != nil {
		return err
	}
	for name := range strings.Lines(string(names)) {
		name = strings.TrimSpace(name)
		text, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		changed := text
		for from, to := range originals {
			changed = bytes.Replace(changed, []byte("//line "+from+":"), []byte("//line "+to+":"), 1)
		}
		if !bytes.Equal(text, changed) {
			if err := os.WriteFile(name, changed, 0o666); err != nil {
				return err
			}
		}
	}
	return nil
}
