package main

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/ambient-go/ambient/cmd/ambient/internal/govet"
	"github.com/ambient-go/ambient/cmd/ambient/internal/rewrite"
	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

const vetUsage = `Example:

	ambient vet -fix ./...

Finds where a value of gls or httpctx is lost or outlives its request, in the
packages and their tests; without packages, in that of the current folder.

	-fix      mend what can be mended; print what is left
	-diff     print what -fix would change, and change nothing
	-json     print findings and fixes as JSON, in the form of go vet -json
	-runners  more functions that run a function on another goroutine:
	          example.com/pool.Pool.Submit,example.com/async.Run
	-events   more functions that call a function after the request
	-calls    more functions that log, or send requests, for silent
	-tags     build tags, as for go build

The analyzers, of which ambient help NAME says more:

	barego        a go statement starts what reads a value without it
	unbound       the same by time.AfterFunc, errgroup.Group.Go and others
	silent        a log line or an outgoing request loses the request
	workers       a goroutine runs the tasks of many with the values of one
	shared        a result computed with the values of one is given to all
	yields        a generator yields inside of Run or an open Enter
	toplevel      a value is read while a package is initialised
	outlives      a value of the request is kept where it outlives it
	pooled        a storage of a context that gin, echo or fiber uses again
	afterrequest  a callback or a goroutine reads the request after its end
	leave         an Enter without a Leave on every path
	timeout       Middleware around http.TimeoutHandler, or on both sides
	sqltx         a statement that escapes the transaction around it

A go statement that is meant to start with nothing says why, above it:

	//ambient:detached it serves all users

Exit code: 0 nothing found, 1 something found, 2 wrong use or broken code.
`

// rounds is the number of times that fixes are made one upon the other. A fix inside of another
// takes a second round. No known code takes a third.
const rounds = 10

type vetFlags struct {
	fix, diff, json        bool
	runners, events, calls string
	tags                   string
	patterns               []string
}

func vet(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	var v vetFlags
	flags := flag.NewFlagSet("vet", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.BoolVar(&v.fix, "fix", false, "")
	flags.BoolVar(&v.diff, "diff", false, "")
	flags.BoolVar(&v.json, "json", false, "")
	flags.StringVar(&v.runners, "runners", "", "")
	flags.StringVar(&v.events, "events", "", "")
	flags.StringVar(&v.calls, "calls", "", "")
	flags.StringVar(&v.tags, "tags", "", "")
	err := flags.Parse(args)
	v.patterns = flags.Args()
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, vetUsage)
		return good
	case err == nil && v.json && v.diff:
		err = errors.New("-json and -diff exclude each other")
	}
	for name, value := range map[string]string{"-runners": v.runners, "-events": v.events, "-calls": v.calls} {
		if err == nil {
			err = checkFunctions(name, value)
		}
	}
	for _, p := range v.patterns {
		if err == nil && strings.HasPrefix(p, "-") {
			err = fmt.Errorf("flag %s behind a package: flags come first", p)
		}
	}
	if err != nil {
		fmt.Fprintf(stderr, "ambient vet: %v: see ambient help vet\n", err)
		return wrong
	}
	code, err := v.run(stdout, stderr)
	if err != nil {
		fmt.Fprintf(stderr, "ambient vet: %v\n", err)
		return wrong
	}
	return code
}

// checkFunctions checks that a flag has names of functions, and not the package pattern that was
// meant to follow it.
func checkFunctions(flag, text string) error {
	for name := range strings.SplitSeq(text, ",") {
		name = strings.TrimSpace(name)
		short := strings.NewReplacer("(", "", ")", "", "*", "").Replace(name[strings.LastIndex(name, "/")+1:])
		parts := strings.Split(short, ".")
		named := len(parts) >= 2
		for _, part := range parts {
			named = named && part != "" && !strings.ContainsAny(part, " \t")
		}
		if name != "" && (!named || strings.HasPrefix(name, ".")) {
			return fmt.Errorf("%s %s names no function: write example.com/pool.Pool.Submit or example.com/async.Run", flag, name)
		}
	}
	return nil
}

func (v *vetFlags) options() (govet.Options, error) {
	tool, err := os.Executable()
	if err != nil {
		return govet.Options{}, err
	}
	o := govet.Options{Tool: tool, Patterns: v.patterns, Flags: []string{"-" + lint.Unnamed}}
	for name, value := range map[string]string{
		"-unbound.runners=": v.runners, "-afterrequest.events=": v.events, "-silent.calls=": v.calls, "-tags=": v.tags,
	} {
		if value != "" {
			o.Flags = append(o.Flags, name+value)
		}
	}
	return o, nil
}

func (v *vetFlags) run(stdout, stderr io.Writer) (int, error) {
	o, err := v.options()
	if err != nil {
		return 0, err
	}
	findings, err := govet.Run(o)
	var tree rewrite.Tree
	if err == nil && (v.fix || v.diff) {
		before := len(findings)
		if findings, err = mend(o, &tree, findings); err != nil {
			return 0, err
		}
		if v.diff {
			return v.printDiff(stdout, stderr, &tree, findings)
		}
		if err := write(&tree); err != nil {
			return 0, err
		}
		if n := len(tree.Changed()); n > 0 {
			fmt.Fprintf(stderr, "ambient vet: mended %s in %s\n", count(before-len(findings), "finding"), count(n, "file"))
		}
	}
	if v.json {
		if err := printJSON(stdout, findings); err != nil {
			return 0, err
		}
	} else {
		printFindings(stdout, findings)
	}
	switch {
	case err != nil:
		return 0, err
	case len(findings) > 0:
		return found, nil
	}
	return good, nil
}

// mend makes all fixes in memory and vets the result, until no fix is left. If the result does not
// compile, mend returns none.
func mend(o govet.Options, tree *rewrite.Tree, findings []govet.Finding) ([]govet.Finding, error) {
	dir, err := os.MkdirTemp("", "ambient-vet-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	for range rounds {
		taken := 0
		for _, f := range findings {
			if len(f.Fixes) == 0 {
				continue
			}
			edits := map[string][]rewrite.Edit{}
			for _, e := range f.Fixes[0].Edits {
				edits[e.Filename] = append(edits[e.Filename], rewrite.Edit{Start: e.Start, End: e.End, New: e.New})
			}
			ok, err := tree.Add(edits)
			if err != nil {
				return nil, err
			}
			if ok {
				taken++
			}
		}
		if taken == 0 {
			break
		}
		if err := tree.Apply(); err != nil {
			return nil, err
		}
		o.Overlay = map[string]string{}
		for i, name := range tree.Changed() {
			_, now := tree.Text(name)
			o.Overlay[name] = filepath.Join(dir, fmt.Sprintf("%d-%s", i, filepath.Base(name)))
			if err := os.WriteFile(o.Overlay[name], now, 0o600); err != nil {
				return nil, err
			}
		}
		if findings, err = govet.Run(o); err != nil {
			return nil, fmt.Errorf("nothing is changed, for mended it would not compile: %w", err)
		}
	}
	return findings, nil
}

func write(tree *rewrite.Tree) error {
	for _, name := range tree.Changed() {
		_, now := tree.Text(name)
		info, err := os.Stat(name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(name, now, info.Mode()); err != nil {
			return err
		}
	}
	return nil
}

func (v *vetFlags) printDiff(stdout, stderr io.Writer, tree *rewrite.Tree, findings []govet.Finding) (int, error) {
	for _, name := range tree.Changed() {
		before, now := tree.Text(name)
		name = filepath.ToSlash(shorten(name))
		if _, err := stdout.Write(diff.Diff("a/"+name, before, "b/"+name, now)); err != nil {
			return 0, err
		}
	}
	printFindings(stderr, findings)
	if len(tree.Changed())+len(findings) > 0 {
		return found, nil
	}
	return good, nil
}

func printFindings(w io.Writer, findings []govet.Finding) {
	for _, f := range findings {
		fmt.Fprintf(w, "%s: %s (%s)\n", shorten(f.Posn), f.Message, f.Analyzer)
	}
}

func printJSON(w io.Writer, findings []govet.Finding) error {
	tree := map[string]map[string][]govet.Finding{}
	for _, f := range findings {
		if tree[f.Package] == nil {
			tree[f.Package] = map[string][]govet.Finding{}
		}
		tree[f.Package][f.Analyzer] = append(tree[f.Package][f.Analyzer], f)
	}
	e := json.NewEncoder(w)
	e.SetEscapeHTML(false)
	e.SetIndent("", "\t")
	return e.Encode(tree)
}

// shorten makes a path in the current folder relative to it.
func shorten(path string) string {
	dir, err := os.Getwd()
	if err != nil {
		return path
	}
	return strings.TrimPrefix(path, filepath.Clean(dir)+string(filepath.Separator)) // PWD may be any path to it
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
