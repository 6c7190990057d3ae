package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/overlay"
)

const buildUsage = `Example:

	ambient build ./cmd/server
	ambient test -race ./...

ambient build, run, test and install are the go command's, with its flags and
arguments, exit code, input and output. What they build has inherited
propagation: every goroutine starts with what is set where it is started,
those of other people's code included, and time.AfterFunc and context.AfterFunc
keep what was set where they were called. gls.Propagation() returns
gls.Inherited.

The go command builds with copies of some files of the installed Go release's
own runtime, by its -overlay flag. They are made here, from the files that are
installed, and kept in the user's cache folder, or in AMBIENT_CACHE. A release
in which they cannot be made is an error, and nothing is built.
`

const overlayUsage = `Example:

	go build -overlay "$(ambient overlay)" ./cmd/server

ambient overlay prints the path of the file that ambient build gives to the go
command, for the toolchain that the go command chooses in this folder. It is
for that toolchain alone: print it again when Go is updated. Where a toolchain
comes from the module cache, a line on stderr says with which environment go
has to run.
`

// buildCommands are the commands that build with inherited propagation.
func buildCommands() []subcommand {
	all := []subcommand{{
		"overlay", "print the overlay for go build -overlay", overlayUsage,
		func(args []string, _ io.Reader, stdout, stderr io.Writer) int {
			return printOverlay(args, stdout, stderr)
		},
	}}
	for _, name := range []string{"build", "run", "test", "install"} {
		all = append(all, subcommand{
			name, "go " + name + ", with every go statement carrying what is set", buildUsage,
			func(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
				return goCommand(name, args, stdin, stdout, stderr)
			},
		})
	}
	return all
}

// goFlags are the flags of go build, run, test and install that take no value. Only what may stand before an -overlay
// of the user's matters.
var goFlags = strings.Fields(`a asan artifacts benchmem buildvcs c cover failfast fullpath i json linkshared
	modcacherw msan n race short trimpath v work x`)

// goCommand runs go build, run, test or install with the overlay. Its exit code, input and output are go's.
func goCommand(command string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cmd, err := prepare(command, args)
	if err != nil {
		fmt.Fprintf(stderr, "ambient %s: %v\n", command, err)
		return 1
	}
	return cmd.run(stdin, stdout, stderr)
}

// printOverlay prints the path of the overlay for the toolchain that the go command chooses here.
func printOverlay(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 {
		fmt.Fprintln(stderr, "ambient overlay: takes no arguments; its output is for go build -overlay")
		return 2
	}
	tools, path, err := find("")
	if err != nil {
		fmt.Fprintf(stderr, "ambient overlay: %v\n", err)
		return 1
	}
	if len(tools.Env) > 1 {
		fmt.Fprintf(stderr, "ambient overlay: for this toolchain, run go with %s\n", strings.Join(tools.Env, " "))
	}
	fmt.Fprintln(stdout, path)
	return 0
}

// A command is a go command ready to run.
type command struct {
	path string
	args []string // with the name of the command in front
	env  []string
}

func find(dir string) (overlay.Toolchain, string, error) {
	cache, err := overlay.Cache()
	if err != nil {
		return overlay.Toolchain{}, "", err
	}
	tools, err := overlay.Find(dir, cache)
	if err != nil {
		return overlay.Toolchain{}, "", err
	}
	path, err := overlay.Write(tools.Release, cache)
	return tools, path, err
}

func prepare(name string, args []string) (command, error) {
	chdir, rest := cutChdir(args)
	tools, path, err := find(chdir)
	if err != nil {
		return command{}, err
	}
	users, rest, err := cutOverlay(name, rest)
	if err != nil {
		return command{}, err
	}
	if users == "" { // what is on the command line wins over GOFLAGS
		users, _, err = cutOverlay("build", strings.Fields(tools.Flags))
		if err != nil {
			return command{}, err
		}
	}
	if users != "" {
		dir, err := filepath.Abs(chdir)
		if err != nil {
			return command{}, err
		}
		if path, err = overlay.Merge(path, users, dir, filepath.Dir(filepath.Dir(path))); err != nil {
			return command{}, err
		}
	}
	all := []string{"go", name}
	if chdir != "" {
		all = append(all, "-C", chdir) // go wants it first
	}
	all = append(append(all, "-overlay", path), rest...)
	return command{tools.Command, all, environment(tools.Env)}, nil
}

// environment returns this process's environment with some variables changed. No variable is in it twice.
func environment(changed []string) []string {
	var env []string
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if !slices.ContainsFunc(changed, func(c string) bool { return strings.HasPrefix(c, name+"=") }) {
			env = append(env, variable)
		}
	}
	return append(env, changed...)
}

// cutChdir cuts a -C flag, which has to be the first.
func cutChdir(args []string) (dir string, rest []string) {
	if len(args) == 0 {
		return "", args
	}
	flag, value, given := strings.Cut(args[0], "=")
	switch {
	case flag != "-C" && flag != "--C":
		return "", args
	case given:
		return value, args[1:]
	case len(args) > 1:
		return args[1], args[2:]
	}
	return "", args
}

// cutOverlay cuts an -overlay flag of the user's from those of a go command.
func cutOverlay(name string, args []string) (path string, rest []string, err error) {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "-args" || arg == "--args" || arg == "--" {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if name == "test" {
				continue // flags may follow the packages
			}
			break
		}
		flag, value, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if flag != "overlay" {
			if !given && !slices.Contains(goFlags, flag) {
				i++
			}
			continue
		}
		end := i + 1
		if !given {
			if end == len(args) {
				return "", nil, errors.New("flag needs an argument: -overlay")
			}
			value = args[end]
			end++
		}
		return value, slices.Concat(args[:i], args[end:]), nil
	}
	return "", args, nil
}
