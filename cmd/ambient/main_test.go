package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

func TestMain(m *testing.M) {
	if isVettool(os.Args[1:]) { // the go command runs this test binary as the vettool
		main()
	}
	testscript.Main(m, map[string]func(){"ambient": main})
}

func TestScripts(t *testing.T) {
	libtest.Root(t) // downloads what the modules in testdata/script require
	testscript.Run(t, testscript.Params{
		Dir:   filepath.Join("testdata", "script"),
		Setup: setUp,
		Cmds:  map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "lines": lines},
	})
}

// setUp makes a script's folder a module that requires the library, unless the script brings a
// go.mod.
func setUp(env *testscript.Env) error {
	root, err := filepath.Abs(filepath.Join("..", ".."))
	if err != nil {
		return err
	}
	text, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE", "GOROOT").Output()
	if err != nil {
		return err
	}
	values := strings.Split(string(text), "\n")
	env.Setenv("GOCACHE", values[0])
	env.Setenv("GOMODCACHE", values[1])
	env.Setenv("GOROOT", values[2])
	env.Setenv("GOTOOLCHAIN", "local")
	env.Setenv("GOWORK", "off")
	env.Setenv("GOPROXY", "off")
	env.Setenv("GOFLAGS", "")
	env.Setenv("ROOT", root)
	program, err := exec.LookPath("ambient")
	if err != nil {
		return err
	}
	env.Setenv("AMBIENT", program)
	if _, err := os.Stat(filepath.Join(env.WorkDir, "go.mod")); err == nil {
		return nil
	}
	return writeModule(env.WorkDir, root)
}

// writeModule makes dir the root of a module m that requires the library in this repository.
func writeModule(dir, root string) error {
	library, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		return err
	}
	_, requirements, _ := strings.Cut(string(library), "\nrequire (")
	requirements, _, _ = strings.Cut(requirements, ")")
	sum, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		return err
	}
	text := "module m\n\ngo 1.25\n\nrequire (\n\tgithub.com/ambient-go/ambient v0.0.0" + requirements + ")\n\n" +
		"replace github.com/ambient-go/ambient => " + root + "\n"
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte(text), 0o666); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "go.sum"), sum, 0o666)
}

// exits runs a command and checks its exit code: "exits 2 ambient vet -x".
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		got = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// lines checks the number of lines in stdout, stderr or a file: "lines 1 stderr".
func lines(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: lines number file")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	if got := strings.Count(ts.ReadFile(args[1]), "\n"); got != want {
		ts.Fatalf("%d lines in %s, want %d", got, args[1], want)
	}
}

func TestHelpFitsAScreen(t *testing.T) {
	for _, args := range [][]string{{"help"}, {"-h"}, {"help", "vet"}, {"vet", "-h"}, {"doctor", "-help"}, {"help", "doctor"}, {"help", "version"}} {
		var stdout, stderr strings.Builder
		require.Equal(t, good, run(args, nil, &stdout, &stderr), args)
		assert.Empty(t, stderr.String())
		text := stdout.String()
		assert.True(t, strings.HasPrefix(text, "Example:\n"), "%v", args)
		assert.Less(t, strings.Count(text, "\n"), 48, "%v", args)
		for line := range strings.Lines(strings.ReplaceAll(text, "\t", "        ")) {
			assert.LessOrEqual(t, len(line), 81, line)
		}
	}
}

func TestHelpNamesEveryAnalyzerAndFlag(t *testing.T) {
	for _, a := range lint.Analyzers() {
		name := a.Name
		assert.Contains(t, vetUsage, "\t"+name+" ")
		var stdout strings.Builder
		assert.Equal(t, good, run([]string{"help", name}, nil, &stdout, &stdout))
		assert.Contains(t, stdout.String(), "WRONG")
		assert.Contains(t, stdout.String(), "/lint/"+name+"\n")
	}
}
