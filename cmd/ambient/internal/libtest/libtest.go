// Package libtest finds the library's module for tests. This module does not require the library's,
// so that it can be installed from any commit.
package libtest

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Root returns the folder of the library's module. It downloads what the library imports, for tests
// that set GOPROXY=off.
func Root(t *testing.T) string {
	t.Helper()
	root := filepath.Join(module(t), "..", "..")
	download := exec.Command("go", "-C", root, "list", "-deps", "./gls/...", "./httpctx/...")
	var stderr strings.Builder
	download.Stderr = &stderr
	require.NoError(t, download.Run(), stderr.String())
	return root
}

// Workspace makes a folder with a go.work in which packages of this module may import the library.
func Workspace(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	work := "go 1.25.0\n\nuse (\n\t.\n\t\"" + filepath.ToSlash(module(t)) + "\"\n\t\"" + filepath.ToSlash(Root(t)) + "\"\n)\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.work"), []byte(work), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module workspace\n\ngo 1.25.0\n"), 0o600))
	return dir
}

func module(t *testing.T) string {
	t.Helper()
	text, err := exec.Command("go", "env", "GOMOD").Output()
	require.NoError(t, err)
	return filepath.Dir(strings.TrimSpace(string(text)))
}
