package gls_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

// A goid library that reads the wrong field of runtime.g gives the same id to every goroutine, as it happened after a
// Go release had moved the field. This package's tests pass with one all the same: none of its ids is ever used.
func TestRule12WrongOffset(t *testing.T) {
	if os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		t.Skip("run by itself")
	}
	testexec.Builds(t)
	if !goroutine.Fast() {
		t.Skip("no id is read by that library")
	}
	dir := t.TempDir()
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	write("goid/go.mod", "module github.com/petermattis/goid\n\ngo 1.25\n")
	write("goid/goid.go", "package goid\n\nfunc Get() int64 { return 2 }\n")
	mod, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	sum, err := os.ReadFile("../go.sum")
	require.NoError(t, err)
	write("go.mod", string(mod)+"\nreplace github.com/petermattis/goid => "+filepath.Join(dir, "goid")+"\n")
	write("go.sum", string(sum))

	cmd := goCommand(t, []string{"AMBIENT_EXPECT_SLOW=1"},
		"test", "-count=1", "-v", "-exec="+testexec.Emulator, "-modfile="+filepath.Join(dir, "go.mod"),
		"-run=^Test(Rule|Bind|Smoke)", ".")
	text, err := cmd.CombinedOutput()
	output := string(text)
	assert.NoError(t, err, output)
	for _, name := range []string{
		"TestRule1", "TestRule3", "TestRule4", "TestRule8", "TestRule9", "TestRule12", "TestRule13", "TestSmoke",
	} {
		assert.Contains(t, output, "--- PASS: "+name+" ", "it was run")
	}
	assert.Equal(t, 1, strings.Count(output, "--- SKIP: TestRule12WrongOffset"))
}

// Ids are right, by whichever way they are read. That wrong ones are refused is what TestRule12WrongOffset shows.
func TestRule12(t *testing.T) {
	if os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		require.False(t, goroutine.Fast(), "the ids of this program's goid are wrong")
	}
	s := gls.New[int]("s")
	header := func() string {
		text := make([]byte, 64)
		return string(text[:runtime.Stack(text, false)])
	}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			_, err := s.Lookup()
			var missing *gls.NotSetError
			if assert.ErrorAs(t, err, &missing) {
				assert.True(t, strings.HasPrefix(header(), fmt.Sprintf("goroutine %d [", missing.Goroutine)))
			}
			s.Run(i, func() {
				for range 20 {
					runtime.Gosched()
					if v, ok := s.Get(); !ok || v != i {
						t.Errorf("%d, %t on the goroutine of %d", v, ok, i)
					}
				}
			})
		})
	}
	group.Wait()
}
