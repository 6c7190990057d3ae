package lint_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/ambient-go/ambient/cmd/ambient/internal/libtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
)

// All analyzers run on the code that the tests of one of them are about. They run at once and ask
// the same results: "make race" runs this under the race detector, which finds what goes wrong here
// by chance alone.
func TestAnalyzersRunAtOnce(t *testing.T) {
	for _, dir := range []string{"barego", "unbound", "pooled", "shared", filepath.Join("internal", "waits"), filepath.Join("internal", "reads")} {
		gopath := linttest.GOPATH(t, filepath.Join(dir, "testdata", "src"))
		atOnce(t, filepath.Join(gopath, "src"), []string{"GOPATH=" + gopath, "GO111MODULE=off", "GOWORK=off"}, "./...")
	}
	const src = "github.com/ambient-go/ambient/cmd/ambient/lint/testdata/src/"
	patterns := []string{src + "itself", src + "cycles"}
	for _, a := range []string{"afterrequest", "leave", "outlives", "silent", "sqltx", "timeout", "toplevel", "workers", "yields"} {
		dirs, err := filepath.Glob(filepath.Join(a, "testdata", "src", "*"))
		require.NoError(t, err)
		for _, dir := range dirs {
			patterns = append(patterns, "github.com/ambient-go/ambient/cmd/ambient/lint/"+filepath.ToSlash(dir))
		}
	}
	workspace := libtest.Workspace(t)
	atOnce(t, workspace, []string{"GOWORK=" + filepath.Join(workspace, "go.work")}, patterns...)
}

func atOnce(t *testing.T, dir string, env []string, patterns ...string) {
	t.Helper()
	pkgs, err := packages.Load(&packages.Config{
		Mode: packages.LoadAllSyntax | packages.NeedModule, Dir: dir, Env: append(os.Environ(), env...),
	}, patterns...)
	require.NoError(t, err)
	for _, p := range pkgs {
		require.Empty(t, p.Errors, p.PkgPath)
	}
	graph, err := checker.Analyze(lint.Analyzers(), pkgs, nil)
	require.NoError(t, err)
	reported := 0
	for _, root := range graph.Roots {
		require.NoError(t, root.Err, root.String())
		reported += len(root.Diagnostics)
	}
	require.NotZero(t, reported, patterns)
}
