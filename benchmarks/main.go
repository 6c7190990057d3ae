package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"runtime"
	"strings"
	"time"
)

const usage = `Example:

	go run . run -out bench.txt && go run . report bench.txt

Commands:

	run     measure; -only regexp, -rounds n, -each duration, -out file
	report  write REPORT.md, plots, ratios.txt and the README's table from a run
	gate    measure what ratios.txt has and fail where it became worse by 25 %
	modes   build by go build and by ambient build, run both in turn, write MODES.md; -ambient command, -rounds n
`

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	err := errors.New("no command")
	if len(args) > 0 {
		switch args[0] {
		case "run":
			err = runCommand(args[1:], stdout, stderr)
		case "report":
			err = reportCommand(args[1:])
		case "gate":
			err = gateCommand(stdout, stderr)
		case "modes":
			err = modesCommand(args[1:], stderr)
		case "mode":
			err = modeCommand(args[1:], stdout)
		case "-h", "-help", "--help", "help":
			fmt.Fprint(stdout, usage)
			return 0
		default:
			err = fmt.Errorf("unknown command %q", args[0])
		}
	}
	switch {
	case err == nil:
		return 0
	case errors.Is(err, errWorse):
		fmt.Fprintln(stderr, "benchmarks:", err)
		return 1
	default:
		fmt.Fprintln(stderr, "benchmarks:", err, "(see: go run . help)")
		return 2
	}
}

func impls() []impl {
	return []impl{none(), passed(), passedWithStart(), ambient(), syncMap(), shardedMap(), timandyRoutine(), jtolds(), tylerb()}
}

func runCommand(args []string, stdout, stderr io.Writer) (err error) {
	flags := flag.NewFlagSet("run", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	only := flags.String("only", ".", "")
	rounds := flags.Int("rounds", 20, "")
	each := flags.Duration("each", 20*time.Millisecond, "")
	out := flags.String("out", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	pattern, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	to := stdout
	if *out != "" {
		f, err := os.Create(*out)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, f.Close()) }()
		to = f
	}
	plan{pattern, *rounds, *each}.run(impls(), to, stderr)
	return nil
}

// cpuName returns the processor's name if the system tells it.
func cpuName() string {
	if runtime.GOOS != "linux" {
		return ""
	}
	info, err := os.ReadFile("/proc/cpuinfo")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
