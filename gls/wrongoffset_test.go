package gls_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

// A goid library that reads the wrong field of runtime.g gives the same id to every goroutine, as it happened after a
// Go release had moved the field. This package's tests pass with one all the same: none of its ids is ever used.
func TestRule12WrongOffset(t *testing.T) {
	if os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		t.Skip("run by itself")
	}
	if testing.Short() || !goroutine.Fast() {
		t.Skip("builds the tests anew")
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
