package realcode_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/checker"
	"golang.org/x/tools/go/packages"

	"github.com/ambient-go/ambient/cmd/ambient/lint"
)

// The analyzers report nothing in net/http and nothing in this repository, tests and commands
// included.
func TestNothingIsReportedAtHome(t *testing.T) {
	if testing.Short() {
		t.Skip("type-checks the standard library's net/http and all that it imports")
	}
	root, err := filepath.Abs(filepath.Join("..", "..", "..", "..", ".."))
	require.NoError(t, err)
	pkgs, err := packages.Load(&packages.Config{
		Mode:  packages.LoadAllSyntax | packages.NeedModule,
		Dir:   root,
		Env:   append(os.Environ(), "GOWORK=off"),
		Tests: true,
	}, "net/http/...", "./gls/...", "./httpctx/...", "./cmd/...", "./internal/...")
	require.NoError(t, err)
	seen := map[string]bool{}
	for _, pkg := range pkgs {
		require.Empty(t, pkg.Errors, pkg.ID)
		seen[strings.TrimPrefix(pkg.PkgPath, "github.com/ambient-go/ambient/")] = true
	}
	for _, path := range []string{"net/http", "gls", "gls_test", "httpctx", "httpctx_test", "cmd/quickstart"} {
		require.Contains(t, seen, path)
	}
	graph, err := checker.Analyze(lint.Analyzers(), pkgs, nil)
	require.NoError(t, err)
	for _, root := range graph.Roots {
		require.NoError(t, root.Err, root.String())
		for _, d := range root.Diagnostics {
			assert.Fail(t, d.Message, "%s: %s", root.Analyzer.Name, root.Package.Fset.Position(d.Pos))
		}
	}
}
