package workers_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/workers"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, workers.Analyzer, "a", "other", "mainpkg") }

func TestPoolsThatAreGivenTheirFunctionOnce(t *testing.T) {
	analysistest.Run(t, linttest.GOPATH(t, "testdata/gopath"), workers.Analyzer, "pools")
}

func TestDoc(t *testing.T) {
	realtest.Doc(t, workers.Analyzer, `
		import (
			"sync"

			"github.com/ambient-go/ambient/gls"
		)

		type order struct{ from gls.Snapshot }

		var (
			user   = gls.New[string]("user")
			once   sync.Once
			tasks  = make(chan func())
			orders = make(chan order)
		)

		func work() {
			for f := range tasks {
				f()
			}
		}

		func charge(order) { user.GetOrFail() }
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, workers.Analyzer, "a") }
