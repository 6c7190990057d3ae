package main

import (
	_ "embed"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/cmd/ambient/internal/govet"
	"github.com/ambient-go/ambient/cmd/ambient/internal/overlay"
)

const doctorUsage = `Example:

	ambient doctor

Says how ambient works in the module of the current folder, or in the modules of
a workspace at the folder of its go.work: the version of this command, the Go
release, whether it is tested and ambient build works with it, whether goroutine
ids are read the fast way with it and why not, what a plain go statement does
with values, flags in GOFLAGS that matter, which packages use gls and httpctx,
what to write for the libraries that go.mod requires (an adapter, or a recipe of
a few lines), and what ambient vet finds. It runs a small program that is built
as the module's own programs are. It takes no arguments.

Exit code: 0 all is well, 1 something is wrong, 2 wrong use.
`

// The packages whose importers the doctor counts.
const (
	library = "github.com/ambient-go/ambient"
	gls     = library + "/gls"
	httpctx = library + "/httpctx"
)

//go:embed probe.go.txt
var probeSource []byte

// A probe is the output of the program in probe.go.txt.
type probe struct {
	Version     string
	OS, Arch    string
	Right       bool   // goid agrees with runtime.Stack on all goroutines
	Goid, Stack uint64 // two ids that differ, if not Right
	Nanoseconds float64
	Propagation string
}

// A report is the output of the doctor: lines of a name and a text, and the problems found.
type report struct {
	w     io.Writer
	wrong []string

	modules   []string        // their folders, for the go command: the module here, or those of the workspace
	imports   map[string]bool // of the modules' packages
	inherited bool            // its programs are built with inheritance
}

func (r *report) line(name, format string, args ...any) {
	fmt.Fprintf(r.w, "%-14s%s\n", name, fmt.Sprintf(format, args...))
}

func (r *report) fault(name, format string, args ...any) {
	r.line(name, "WRONG: "+format, args...)
	r.wrong = append(r.wrong, name)
}

func doctor(args []string, _ io.Reader, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("doctor", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, doctorUsage)
		return good
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "ambient doctor: %v: see ambient help doctor\n", err)
		return wrong
	}
	var env struct{ GOROOT, GOVERSION, GOFLAGS, GOMOD, GOWORK, GOOS, GOARCH string }
	text, err := output("go", "env", "-json", "GOROOT", "GOVERSION", "GOFLAGS", "GOMOD", "GOWORK", "GOOS", "GOARCH")
	if err == nil {
		err = json.Unmarshal(text, &env)
	}
	if err != nil {
		fmt.Fprintf(stderr, "ambient doctor: %v\n", err)
		return wrong
	}
	r := &report{w: stdout}
	r.line("command", "%s", ownVersion())
	port := env.GOOS + "/" + env.GOARCH
	r.release(overlay.Release{Root: env.GOROOT, Version: env.GOVERSION}, port)
	r.goflags(env.GOFLAGS)
	if r.here(env.GOMOD, env.GOWORK) && r.module() {
		r.probe(port)
		r.libraries()
		r.vet()
	}
	if len(r.wrong) > 0 {
		return found
	}
	return good
}

func (r *report) release(release overlay.Release, port string) {
	if old(release.Version) {
		r.fault("Go", "%s %s: ambient needs Go 1.25 or later", release.Version, port)
		return
	}
	r.line("Go", "%s %s", release.Version, port)
	if note := untested(release.Version); note != "" {
		r.line("tested", "NOT, neither with go build nor with ambient build: %s", note)
	} else {
		r.line("tested", "yes, with go build (explicit) and with ambient build (inherited)")
	}
	if err := overlay.Check(release); err != nil {
		r.line("ambient build", "does not work here: %v", err)
	} else {
		r.line("ambient build", "works: each place of the runtime that has to change is there")
	}
}

func old(version string) bool {
	var minor int
	n, _ := fmt.Sscanf(version, "go1.%d", &minor)
	return n == 1 && minor < 25
}

// flagsThatMatter lists the flags that the doctor looks for in GOFLAGS.
var flagsThatMatter = []struct{ name, meaning string }{
	{"-overlay", "files of the build are replaced; inheritance is made so"},
	{"-toolexec", "another program runs the compiler"},
	{"-gcflags", "without inlining or optimisation every Get costs more"},
	{"-race", "every Get costs more"},
	{"-msan", "every Get costs more"},
	{"-asan", "every Get costs more"},
	{"-cover", "every Get costs more"},
	{"-tags", "what is vetted is what these tags build"},
	{"-mod", "where modules come from"},
	{"-modfile", "another go.mod is in use"},
}

func (r *report) goflags(text string) {
	any := false
	flags, err := goflags(text)
	if err != nil {
		r.fault("GOFLAGS", "%v", err)
		return
	}
	for _, flag := range flags {
		name, _, _ := strings.Cut(strings.Replace(flag, "--", "-", 1), "=")
		for _, f := range flagsThatMatter {
			if name == f.name {
				r.line("GOFLAGS", "%s: %s", flag, f.meaning)
				any = true
			}
		}
	}
	if !any {
		r.line("GOFLAGS", "nothing that matters")
	}
}

// here finds the module of the current folder, or those of the workspace where that is no module's.
func (r *report) here(mod, work string) bool {
	if mod != "" && mod != os.DevNull {
		r.modules = []string{filepath.Dir(mod)}
		return true
	}
	if work == "" || work == "off" {
		r.fault("module", "there is none here: go to the folder of one, or go mod init")
		return false
	}
	text, err := output("go", "list", "-m", "-f", "{{.Dir}}")
	if err != nil {
		r.fault("module", "%v", err)
		return false
	}
	r.modules = strings.Split(strings.TrimSpace(string(text)), "\n")
	return true
}

// patterns are those of all packages.
func (r *report) patterns() (patterns []string) {
	for _, dir := range r.modules {
		patterns = append(patterns, dir+"/...")
	}
	return patterns
}

// shown are the patterns as one would type them.
func (r *report) shown() string {
	shown := r.patterns()
	for i, p := range shown {
		if short := shorten(p); short != p {
			shown[i] = "./" + filepath.ToSlash(short)
		}
	}
	return strings.Join(shown, " ")
}

// module reports the packages that use the library, and whether there are any.
func (r *report) module() bool {
	text, err := output("go", append([]string{"list", "-e", "-test", "-f",
		"{{if not .DepOnly}}{{.ImportPath}} {{join .Imports \" \"}}{{end}}"}, r.patterns()...)...)
	if err != nil {
		r.fault("module", "%v", err)
		return false
	}
	name, err := output("go", "list", "-m")
	if err != nil {
		r.fault("module", "%v", err)
		return false
	}
	uses := map[string]map[string]bool{gls: {}, httpctx: {}}
	r.imports = map[string]bool{}
	for line := range strings.Lines(string(text)) {
		words := strings.Fields(line)
		for _, w := range words[min(1, len(words)):] {
			r.imports[w] = true
			if uses[w] != nil {
				uses[w][strings.TrimSuffix(words[0], "_test")] = true
			}
		}
	}
	r.line("module", "%s: gls in %s, httpctx in %s", strings.Join(strings.Fields(string(name)), " "),
		count(len(uses[gls]), "package"), count(len(uses[httpctx]), "package"))
	version, err := output("go", "list", "-m", "-f", "{{.Version}}{{with .Replace}} replaced by {{.Path}} {{.Version}}{{end}}{{if .Main}}this module{{end}}",
		library)
	if err != nil {
		r.line("ambient", "not required by this module: go get github.com/ambient-go/ambient")
		return false
	}
	r.line("ambient", "%s", strings.TrimSpace(string(version)))
	return true
}

// probe runs a program that is built as the programs of the module are, unless they are for another system.
func (r *report) probe(port string) {
	if port != runtime.GOOS+"/"+runtime.GOARCH {
		r.line("goroutine id", "not known: programs are built for %s, and do not run here", port)
		r.line("propagation", "not known, for the same reason")
		return
	}
	p, err := runProbe()
	if err != nil {
		r.fault("goroutine id", "not known, for the program that looks does not run: %v", err)
		return
	}
	const fastest = 100 // nanoseconds; goid takes 2 from runtime.g and 1000 from runtime.Stack
	switch {
	case !p.Right:
		r.fault("goroutine id", "slow: goid reads %d where runtime.Stack says %d, so it does not know %s yet; "+
			"update github.com/petermattis/goid", p.Goid, p.Stack, p.Version)
	case p.Nanoseconds > fastest:
		r.line("goroutine id", "slow: on %s/%s goid reads it from runtime.Stack, which takes %.0f ns", p.OS, p.Arch, p.Nanoseconds)
	default:
		r.line("goroutine id", "fast: goid reads it from runtime.g in %.1f ns, and agrees with runtime.Stack", p.Nanoseconds)
	}
	switch p.Propagation {
	case "inherited":
		r.inherited = true
		r.line("propagation", "inherited: a plain go statement starts with its creator's values")
	default:
		r.line("propagation", "%s: a plain go statement starts with nothing set; gls.Go carries the values", p.Propagation)
	}
}

func runProbe() (*probe, error) {
	dir, err := os.MkdirTemp("", "ambient-doctor-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "probe.go")
	if err := os.WriteFile(file, probeSource, 0o600); err != nil {
		return nil, err
	}
	text, err := output("go", "run", file)
	if err != nil {
		return nil, err
	}
	p := new(probe)
	return p, json.Unmarshal(text, p)
}

func (r *report) vet() {
	o, err := (&vetFlags{patterns: r.patterns()}).options()
	var findings []govet.Finding
	if err == nil {
		findings, err = govet.Run(o)
	}
	if err != nil {
		r.fault("vet", "%v", err)
		return
	}
	if len(findings) == 0 {
		r.line("vet", "nothing found")
		return
	}
	number := map[string]int{}
	var names []string
	for _, f := range findings {
		if number[f.Analyzer]++; number[f.Analyzer] == 1 {
			names = append(names, f.Analyzer)
		}
	}
	slices.Sort(names)
	for i, name := range names {
		names[i] = fmt.Sprintf("%s %d", name, number[name])
	}
	r.fault("vet", "%s (%s): see ambient vet %s", count(len(findings), "finding"), strings.Join(names, ", "),
		r.shown())
}

// output runs a command and returns its output. The error is the first line of the command's
// complaint.
func output(name string, args ...string) ([]byte, error) {
	text, err := exec.Command(name, args...).Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, govet.Complaint(string(exit.Stderr), err)
	}
	return text, err
}
