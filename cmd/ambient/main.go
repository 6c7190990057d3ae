// Command ambient finds the places where a Go program loses values of goroutine-local storage, and
// fixes them. It can also build the program so that goroutines carry the values by themselves. See
// "ambient help".
package main

import (
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/tools/go/analysis/unitchecker"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

// A subcommand is one word after "ambient".
type subcommand struct {
	name, summary string
	usage         string // the text of "ambient help NAME"
	run           func(args []string, stdin io.Reader, stdout, stderr io.Writer) int
}

// Exit codes.
const (
	good  = 0
	found = 1
	wrong = 2
)

func commands() []subcommand {
	return append([]subcommand{
		{"vet", "find where values are lost or outlive their request; -fix mends", vetUsage, vet},
		{"doctor", "say how ambient works with this Go release and in this module", doctorUsage, doctor},
		{"version", "print the version of this command, or how programs were built", versionUsage, version},
	}, buildCommands()...)
}

func main() {
	if isVettool(os.Args[1:]) {
		unitchecker.Main(lint.Vettool()...)
	}
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// isVettool reports whether the go command runs this program, as "go vet -vettool" does.
func isVettool(args []string) bool {
	if len(args) == 0 || args[0] == toolexecName {
		return false
	}
	return args[0] == "-V=full" || args[0] == "-flags" || strings.HasSuffix(args[len(args)-1], "vet.cfg")
}

func run(args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage())
		return wrong
	}
	name, args := args[0], args[1:]
	if name == "-h" || name == "-help" || name == "--help" {
		name = "help"
	}
	if name == "help" {
		if len(args) == 0 {
			fmt.Fprint(stdout, usage())
			return good
		}
		name, args = args[0], []string{"-h"}
		if text, ok := analyzerHelp(name); ok {
			fmt.Fprint(stdout, text)
			return good
		}
	}
	if name == toolexecName {
		return toolexec(args, stdin, stdout, stderr)
	}
	for _, c := range commands() {
		if c.name == name {
			if len(args) > 0 && (args[0] == "-h" || args[0] == "-help" || args[0] == "--help") {
				fmt.Fprint(stdout, c.usage)
				return good
			}
			return c.run(args, stdin, stdout, stderr)
		}
	}
	fmt.Fprintf(stderr, "ambient: there is no command %q: see ambient help\n", name)
	return wrong
}

func usage() string {
	var text strings.Builder
	text.WriteString(`Example:

	ambient vet ./...         # find where gls or httpctx loses values
	ambient vet -fix ./...    # mend it
	ambient run ./cmd/server  # run it with goroutines that inherit them

Commands:

`)
	for _, c := range commands() {
		fmt.Fprintf(&text, "\t%-8s %s\n", c.name, c.summary)
	}
	text.WriteString("\nambient help COMMAND says more. Exit code: 0 good, 1 finding, 2 wrong use.\n")
	return text.String()
}

func analyzerHelp(name string) (string, bool) {
	for _, a := range lint.Analyzers() {
		if a.Name == name {
			return a.Doc + "\n\n" + a.URL + "\n", true
		}
	}
	return "", false
}
