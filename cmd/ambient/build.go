package main

import (
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

const buildUsage = `Example:

	ambient build ./cmd/server
	ambient test -race ./...

ambient build, run, test and install are the go command's, with its flags and
arguments, exit code, input and output. In the programs that they
build, a goroutine inherits the values that are set at its go statement, if that
is in one of your modules or in a function that is known to work for its caller
alone, such as errgroup's. All other goroutines start with nothing: those of a
pool, a connection or a batcher may serve others. Flags beside those of go:

	-inherit  more packages and functions whose go statements inherit, as in
	          example.com/pool,example.com/jobs/...,example.com/async.Queue.Run
	-detach   packages and functions whose go statements start with nothing
	-what     print what each go statement and timer of the build does, and
	          why; build nothing
	-strict   build nothing with a Go release that this command was not tested
	          with; without, a line on stderr says so

time.AfterFunc and context.AfterFunc do what a go statement in their place would.
gls.Propagation() returns gls.Inherited.

The go command's flag -overlay replaces some files of the Go release's runtime
with copies, which ambient makes from the installed files. It keeps them in the
user's cache folder, or in AMBIENT_CACHE. If it cannot make them for a release,
it reports an error and builds nothing.
`

const overlayUsage = `Example:

	go build -overlay "$(ambient overlay)" ./cmd/server

ambient overlay prints the path of the file that ambient build gives to the go
command, for the toolchain that the go command chooses in this folder. It is
for that toolchain alone: print it again when Go is updated. Where a toolchain
comes from the module cache, a line on stderr says with which environment go
has to run. -inherit, -detach and -strict are as for ambient build.
`

const envUsage = `Example:

	KO_GO_PATH=ambient ko build ./cmd/server

ambient env is go env. Programs that can be told which go command to run call
it beside go build; ambient version -m is go version -m for the same reason.
`

// buildCommands returns the commands that build with inherited propagation.
func buildCommands() []subcommand {
	all := []subcommand{{
		"overlay", "print the overlay for go build -overlay", overlayUsage,
		func(args []string, _ io.Reader, stdout, stderr io.Writer) int {
			return printOverlay(args, stdout, stderr)
		},
	}}
	for _, name := range []string{"build", "run", "test", "install"} {
		all = append(all, subcommand{
			name, "go " + name + ", for a program whose goroutines inherit values", buildUsage,
			func(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
				return goCommand(name, args, stdin, stdout, stderr)
			},
		})
	}
	all = append(all, subcommand{
		"env", "go env, for programs that call ambient in go's place", envUsage,
		func(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
			return plainGo(append([]string{"env"}, args...), stdin, stdout, stderr)
		},
	})
	return all
}

// plainGo runs a go command without the overlay.
func plainGo(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	path, err := exec.LookPath("go")
	if err != nil {
		fmt.Fprintf(stderr, "ambient %s: %v\n", args[0], err)
		return 1
	}
	return command{path: path, args: append([]string{"go"}, args...), env: os.Environ()}.run(stdin, stdout, stderr)
}

// goFlags lists the flags without a value of go build, run, test and install that may stand before
// a user's own -overlay.
var goFlags = strings.Fields(`a asan artifacts benchmem buildvcs c cover failfast fullpath i json linkshared
	modcacherw msan n race short strict trimpath v what work x`)

// goCommand runs go build, run, test or install with the overlay. Its exit code, input and output
// are those of go.
func goCommand(command string, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	cmd, err := prepare(command, args)
	if err == nil && cmd.note != "" {
		fmt.Fprintf(stderr, "ambient %s: warning: %s\n", command, cmd.note)
	}
	if cmd.what && err == nil {
		err = what(cmd, stdout)
		if err == nil {
			return good
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "ambient %s: %v\n", command, err)
		return 1
	}
	return cmd.run(stdin, stdout, stderr)
}

// printOverlay prints the path of the overlay for the toolchain that the go command chooses here.
func printOverlay(args []string, stdout, stderr io.Writer) int {
	own, rest, err := cutOwn("build", args)
	if err != nil {
		fmt.Fprintf(stderr, "ambient overlay: %v\n", err)
		return 2
	}
	if len(rest) > 0 || own.what {
		fmt.Fprintln(stderr, "ambient overlay: takes no arguments but -inherit, -detach and -strict; "+
			"its output is for go build -overlay")
		return 2
	}
	tools, path, err := find("", own)
	if err != nil {
		fmt.Fprintf(stderr, "ambient overlay: %v\n", err)
		return 1
	}
	if note := untested(tools.Version); note != "" {
		fmt.Fprintf(stderr, "ambient overlay: warning: %s\n", note)
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

	own
	note string   // a warning about the Go release, "" for none
	rest []string // the arguments without ambient's own flags and -C
	dir  string   // the value of -C
}

// own holds ambient's own flags.
type own struct {
	what   bool // -what: print the decisions
	strict bool // -strict: refuse a release that is not tested
	rules  []overlay.Rule
}

// find returns the toolchain that the go command chooses in dir, and an overlay for it.
func find(dir string, flags own) (overlay.Toolchain, string, error) {
	cache, err := overlay.Cache()
	if err != nil {
		return overlay.Toolchain{}, "", err
	}
	tools, err := overlay.Find(dir, cache)
	if err != nil {
		return overlay.Toolchain{}, "", err
	}
	note := untested(tools.Version)
	if note != "" && flags.strict {
		return overlay.Toolchain{}, "", errors.New(note)
	}
	if err := known(tools, dir, flags.rules); err != nil {
		return overlay.Toolchain{}, "", err
	}
	tools.Rules = flags.rules
	path, err := overlay.Write(tools.Release, cache)
	if err != nil && note != "" {
		err = fmt.Errorf("%w; %s", err, note)
	}
	return tools, path, err
}

func prepare(name string, args []string) (command, error) {
	chdir, rest := cutChdir(args)
	own, rest, err := cutOwn(name, rest)
	if err != nil {
		return command{}, err
	}
	tools, path, err := find(chdir, own)
	if err != nil {
		return command{}, err
	}
	inFlags, err := goflags(tools.Flags)
	if err != nil {
		return command{}, err
	}
	users, rest, err := cutFlag(name, rest, "overlay")
	if err != nil {
		return command{}, err
	}
	if users == "" { // the command line wins over GOFLAGS
		users, _ = flagIn(inFlags, "overlay")
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
	if rest, err = withToolexec(name, path, inFlags, rest); err != nil {
		return command{}, err
	}
	all := []string{"go", name}
	if chdir != "" {
		all = append(all, "-C", chdir) // go accepts -C in front alone
	}
	all = append(append(all, "-overlay", path), rest...)
	return command{tools.Command, all, environment(tools.Env), own, untested(tools.Version), rest, chdir}, nil
}

// cutOwn removes ambient's own flags from the arguments of a go command.
func cutOwn(name string, args []string) (o own, rest []string, err error) {
	rest = args
	for _, f := range []struct {
		name string
		is   *bool
	}{{"what", &o.what}, {"strict", &o.strict}} {
		at := index(name, rest, f.name)
		if at < 0 {
			continue
		}
		if strings.Contains(rest[at], "=") {
			return own{}, nil, fmt.Errorf("flag -%s takes no value", f.name)
		}
		*f.is, rest = true, slices.Concat(rest[:at], rest[at+1:])
	}
	// -detach comes first, so that it wins over -inherit for the same name.
	for _, f := range []struct {
		name  string
		class overlay.Class
	}{{"detach", overlay.Nothing}, {"inherit", overlay.Inherits}} {
		for index(name, rest, f.name) >= 0 {
			var list string
			if list, rest, err = cutOne(name, rest, f.name); err != nil {
				return own{}, nil, err
			}
			more, err := overlay.Patterns(list, f.class)
			if err != nil {
				return own{}, nil, fmt.Errorf("flag -%s: %w", f.name, err)
			}
			o.rules = append(o.rules, more...)
		}
	}
	return o, rest, nil
}

// environment returns this process's environment with some variables changed. No variable is in it
// twice.
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

// cutChdir removes a -C flag, which must be the first.
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

// cutFlag removes a flag from the arguments of a go command and returns its value, or "". If the
// flag is there several times, the last one holds.
func cutFlag(command string, args []string, name string) (value string, rest []string, err error) {
	for rest = args; err == nil && index(command, rest, name) >= 0; {
		value, rest, err = cutOne(command, rest, name)
	}
	return value, rest, err
}

// cutOne removes the first occurrence of a flag, which must be among the arguments.
func cutOne(command string, args []string, name string) (value string, rest []string, err error) {
	at := index(command, args, name)
	end := at + 1
	_, value, given := strings.Cut(args[at], "=")
	if !given {
		if end == len(args) {
			return "", nil, fmt.Errorf("flag needs an argument: -%s", name)
		}
		value = args[end]
		end++
	}
	return value, slices.Concat(args[:at], args[end:]), nil
}

// index returns the index of a flag among the arguments of a go command, or -1.
func index(command string, args []string, name string) int {
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "-args" || arg == "--args" || arg == "--" {
			break
		}
		if len(arg) < 2 || arg[0] != '-' {
			if command == "test" {
				continue // flags may follow the packages
			}
			break
		}
		flag, _, given := strings.Cut(strings.TrimPrefix(arg[1:], "-"), "=")
		if flag == name {
			return i
		}
		if !given && !slices.Contains(goFlags, flag) {
			i++
		}
	}
	return -1
}
