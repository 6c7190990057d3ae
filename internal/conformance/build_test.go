package conformance_test

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/testexec"
)

// twoCopies is a program with two copies of the library, each with a storage of its own.
const twoCopies = `package main

import (
	"fmt"

	one "example.com/copies/one/gls"
	two "example.com/copies/two/gls"
)

func main() {
	a, b := one.New[string]("name"), two.New[string]("name")
	check := func(wantA, wantB string) {
		gotA, _ := a.Get()
		gotB, _ := b.Get()
		if gotA != wantA || gotB != wantB {
			panic(fmt.Sprint(gotA, gotB, wantA, wantB))
		}
	}
	a.Run("a", func() {
		check("a", "")
		b.Run("b", func() {
			check("a", "b")
			a.Exit(func() { check("", "b") })
			done := make(chan bool)
			one.Go(func() {
				check("a", "")
				b.Enter("child's")
				check("a", "child's")
				done <- true
			})
			<-done
			two.Isolate(func() { check("a", "") })
			check("a", "b")
		})
		check("a", "")
	})
	check("", "")
	fmt.Println("done")
}
`

// Rows that build programs run outside of the states.
func TestConformanceBuild(t *testing.T) {
	testexec.Builds(t)
	dir := t.TempDir()
	mod, err := os.ReadFile("../../go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("../../go.sum")
	require.NoError(t, err)
	const module = "github.com/ambient-go/ambient"
	write(t, filepath.Join(dir, "go.mod"), strings.Replace(string(mod), module, "example.com/copies", 1))
	write(t, filepath.Join(dir, "go.sum"), string(sum))
	write(t, filepath.Join(dir, "main.go"), twoCopies)
	for _, name := range []string{"one", "two"} {
		for _, tree := range []string{"gls", "internal"} {
			copySource(t, filepath.Join("../..", tree), filepath.Join(dir, name, tree), func(source string) string {
				return strings.ReplaceAll(source, module+"/", "example.com/copies/"+name+"/")
			})
		}
	}
	command := func(t *testing.T, env string, args ...string) string {
		t.Helper()
		cmd := exec.Command("go", args...)
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod"), strings.Fields(env)...)
		out, err := cmd.CombinedOutput()
		assert.NoError(t, err, string(out))
		return string(out)
	}
	t.Run("G-48 two copies in one program", func(t *testing.T) {
		assert.Equal(t, "done\n", command(t, "", "run", "."))
	})
	for _, how := range []string{
		"CGO_ENABLED=0", "CGO_ENABLED=1 -race", "-buildmode=pie", "-trimpath -ldflags=-s", "-gcflags=-l",
	} {
		t.Run("G-49 built with "+how, func(t *testing.T) {
			var env, flags []string
			for _, word := range strings.Fields(how) {
				if strings.HasPrefix(word, "-") {
					flags = append(flags, word)
				} else {
					env = append(env, word)
				}
			}
			args := append(append([]string{"run"}, flags...), ".")
			assert.Equal(t, "done\n", command(t, strings.Join(env, " "), args...))
		})
	}
	for _, port := range []string{
		"GOOS=linux GOARCH=arm64", "GOOS=linux GOARCH=386", "GOOS=linux GOARCH=s390x", "GOOS=darwin GOARCH=arm64",
		"GOOS=windows GOARCH=amd64", "GOOS=freebsd GOARCH=amd64", "GOOS=js GOARCH=wasm",
	} {
		t.Run("G-49 built for "+port, func(t *testing.T) {
			assert.Empty(t, command(t, port+" CGO_ENABLED=0", "build", "-o", os.DevNull, "."))
		})
	}
}

func write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
	require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
}

// copySource copies what is not a test of a directory and all below it.
func copySource(t *testing.T, from, to string, change func(string) string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() || strings.HasSuffix(path, "_test.go") || !strings.HasSuffix(path, ".go") &&
			!strings.HasSuffix(path, ".s") {
			return nil
		}
		source, err := os.ReadFile(path)
		require.NoError(t, err)
		below, err := filepath.Rel(from, path)
		require.NoError(t, err)
		write(t, filepath.Join(to, below), change(string(source)))
		return nil
	}))
}
