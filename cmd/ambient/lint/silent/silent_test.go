package silent_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/silent"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, silent.Analyzer, "a", "web", "app", "plain") }

func TestCalls(t *testing.T) {
	calls := silent.Analyzer.Flags.Lookup("calls")
	t.Cleanup(func() { require.NoError(t, calls.Value.Set("")) })
	require.NoError(t, calls.Value.Set("github.com/ambient-go/ambient/cmd/ambient/lint/silent/testdata/src/named.Charge,named.Log.Printf"))
	realtest.Run(t, silent.Analyzer, "named")
	require.ErrorContains(t, calls.Value.Set("./..."), "names no function")
}

func TestDoc(t *testing.T) {
	realtest.Doc(t, silent.Analyzer, `
		import (
			"log/slog"
			"net/http"

			"github.com/ambient-go/ambient/httpctx"
		)

		var (
			_ = httpctx.LogHandler(slog.Default().Handler())
			_ http.Handler
		)
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, silent.Analyzer, "a") }
