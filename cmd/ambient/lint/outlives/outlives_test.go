package outlives_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/outlives"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, outlives.Analyzer, "a", "once", "other", "served") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, outlives.Analyzer, `
		import (
			"context"
			"net/http"
			"sync"

			"github.com/ambient-go/ambient/gls"
			"github.com/ambient-go/ambient/httpctx"
		)

		var (
			last   *httpctx.Context
			lastID string
			flush  func()
			userID    = gls.New[string]("user")
			scratches sync.Pool
			_      sync.Once
			_      = gls.Context
			_      http.Handler
		)

		type scratch struct{ user string }

		func (*scratch) query() {}

		func flushAll()                  {}
		func work(context.Context) error { return nil }
	`)
}

func TestBroken(t *testing.T) {
	realtest.Broken(t, outlives.Analyzer, "a")
	realtest.Broken(t, outlives.Analyzer, "once")
	realtest.Broken(t, outlives.Analyzer, "served")
}
