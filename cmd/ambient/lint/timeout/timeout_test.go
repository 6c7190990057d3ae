package timeout_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/timeout"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, timeout.Analyzer, "a", "other") }

func TestFix(t *testing.T) { realtest.Fix(t, timeout.Analyzer, "fix") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, timeout.Analyzer, `
		import (
			"net/http"
			"time"

			"github.com/ambient-go/ambient/httpctx"
		)

		var (
			app http.Handler
			_   = httpctx.Middleware
			_   = time.Second
		)
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, timeout.Analyzer, "a") }
