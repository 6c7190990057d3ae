package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/ambient-go/ambient/gls"
)

const modesFile = "MODES.md"

// slowRounds is the number of rounds for scenarios that take seconds and hardly vary.
const slowRounds = 5

// mode returns this program's name in results. The program is built twice, once by go build and
// once by ambient build.
func mode() string { return gls.Propagation().String() }

// inMode returns the scenarios that are compared between the two builds.
func inMode() []scenario {
	named := func(i impl) impl {
		i.name = mode()
		return i
	}
	one, plain := named(ambient()), named(none())
	only := func(op func(timed)) func(impl) func(timed) { return func(impl) func(timed) { return op } }
	return []scenario{
		{name: "Get", unit: "ns/op", op: only(func(m timed) { one.get(1, m) })},
		{name: "RunNested", unit: "ns/op", op: only(one.nested)},
		{name: "RunOutermost", unit: "ns/op", op: only(one.outermost)},
		{name: "PlainGo/width=64", unit: "ns/op", op: only(func(m timed) {
			gls.New[*value]("").Run(&value{1}, func() { plain.spawn(64, m) })
		})},
		{name: "Parked/goroutines=1000000", unit: "B/goroutine", value: func(impl) (float64, bool) {
			const n = 1_000_000
			var used float64
			release := make(chan struct{})
			before := heap()
			plain.park(n, release, func() {
				used = heap() - before
				close(release)
			})
			return used / n, true
		}},
	}
}

// modeCommand measures the scenarios of inMode in this build.
func modeCommand(args []string, stdout io.Writer) error {
	if len(args) != 1 {
		return errors.New("mode takes a regexp")
	}
	pattern, err := regexp.Compile(args[0])
	if err != nil {
		return err
	}
	p := plan{pattern, 1, 60 * time.Millisecond}
	p.header(stdout)
	for _, s := range inMode() {
		if pattern.MatchString(s.name) {
			p.one(s, impl{name: mode()}, stdout)
		}
	}
	return nil
}

// modesCommand builds this program in both modes, runs the two in turn, and writes MODES.md.
func modesCommand(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("modes", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	command := flags.String("ambient", "ambient", "")
	rounds := flags.Int("rounds", 40, "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "modes-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	builders := []struct{ name, command string }{{"explicit", "go"}, {"inherited", *command}}
	for _, b := range builders {
		if text, err := exec.Command(b.command, "build", "-o", filepath.Join(dir, b.name), ".").CombinedOutput(); err != nil {
			return fmt.Errorf("%s build: %w\n%s", b.command, err, text)
		}
	}
	var results strings.Builder
	for round := range *rounds {
		fmt.Fprintf(stderr, "\r%3d/%d ", round+1, *rounds)
		scenarios := []string{"Get|Run", "PlainGo", "Parked"}
		if round >= slowRounds {
			scenarios = scenarios[:2]
		}
		for _, what := range scenarios {
			for _, b := range builders {
				text, err := exec.Command(filepath.Join(dir, b.name), "mode", what).Output()
				if err != nil {
					return fmt.Errorf("%s: %w", b.name, err)
				}
				results.Write(text)
			}
		}
		if round >= slowRounds {
			continue
		}
		for _, b := range builders {
			took, err := warmBuild(b.command, dir)
			if err != nil {
				return err
			}
			fmt.Fprintf(&results, "BenchmarkWarmBuild/impl=%s-1\t1\t%d ns/op\n", b.name, took.Nanoseconds())
		}
	}
	fmt.Fprintln(stderr)
	r, err := read(strings.NewReader(results.String()), "modes")
	if err != nil {
		return err
	}
	return os.WriteFile(modesFile, []byte(r.modes()), 0o644)
}

// warmBuild builds a net/http program after all but its link is in the cache.
func warmBuild(command, dir string) (time.Duration, error) {
	program := filepath.Join(dir, "web", "main.go")
	if _, err := os.Stat(program); err != nil {
		text := "package main\n\nimport \"net/http\"\n\nfunc main() { _ = http.ListenAndServe(\"127.0.0.1:0\", nil) }\n"
		if err := errors.Join(os.MkdirAll(filepath.Dir(program), 0o755), os.WriteFile(program, []byte(text), 0o644),
			os.WriteFile(filepath.Join(dir, "web", "go.mod"), []byte("module web\n\ngo 1.25\n"), 0o644)); err != nil {
			return 0, err
		}
		for _, c := range []string{"go", command} { // the first build fills the cache
			if _, err := warmBuild(c, dir); err != nil {
				return 0, err
			}
		}
	}
	began := time.Now()
	cmd := exec.Command(command, "build", "-o", filepath.Join(dir, "web.out"), ".")
	cmd.Dir = filepath.Dir(program)
	text, err := cmd.CombinedOutput()
	if err != nil {
		return 0, fmt.Errorf("%s build: %w\n%s", command, err, text)
	}
	return time.Since(began), nil
}

// modes returns the report on both builds.
func (r *results) modes() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Inherited propagation beside explicit\n\nWritten by `make bench-modes` on %s, %s processors, %s, %s/%s: "+
		"one program, built by go build and by ambient build, run in turn. The ratio is the median of the rounds' ratios "+
		"with its 95 %% confidence interval. In PlainGo, the goroutines of the second inherit a frame.\n\n",
		r.config["cpu"], r.config["cpus"], r.config["go"], r.config["goos"], r.config["goarch"])
	b.WriteString("| scenario | unit | explicit | inherited | ratio | at most | |\n|---|---|---|---|---|---|---|\n")
	most := map[string]float64{
		"Get": 0.85, "RunOutermost": 0.9, "PlainGo/width=64": 1.03, "Parked/goroutines=1000000": 1.03, "WarmBuild": 1.5,
	}
	for _, s := range r.scenarios {
		explicit, ok := r.median(sample{s, "explicit"})
		inherited, ok2 := r.median(sample{s, "inherited"})
		q, ok3 := r.ratio(s, "inherited", "explicit")
		if !ok || !ok2 || !ok3 {
			continue
		}
		limit, holds := "", ""
		if m, ok := most[s]; ok {
			limit, holds = significant(m), verdict(q.Center <= m)
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s | %s |\n", s, r.units[s], significant(explicit.Center),
			significant(inherited.Center), interval(q.Center, q.Lo, q.Hi), limit, holds)
	}
	return b.String()
}
