package timeout_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/timeout"
)

func TestMiddlewareOnBothSides(t *testing.T) {
	gopath := linttest.GOPATH(t, filepath.Join("testdata", "gopath"))
	withRequestContext(t, filepath.Join(gopath, "src", "github.com", "ambient-go", "ambient", "httpctx"))
	analysistest.Run(t, gopath, timeout.Analyzer, "pair")
}

// withRequestContext adds the option to a copy of an httpctx that lacks it: the analyzer recognises
// it by its name.
func withRequestContext(t *testing.T, dir string) {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*.go"))
	require.NoError(t, err)
	for _, name := range names {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		if strings.Contains(string(text), "func WithRequestContext(") {
			return
		}
	}
	const option = "package httpctx\n\nfunc WithRequestContext() Option { return nil }\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "with_request_context.go"), []byte(option), 0o600))
}
