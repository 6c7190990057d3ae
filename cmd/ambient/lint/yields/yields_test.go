package yields_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/yields"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, yields.Analyzer, "a") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, yields.Analyzer, `
		import (
			"iter"

			"github.com/ambient-go/ambient/gls"
		)

		var user = gls.New[string]("user")

		func query() []int { return nil }
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, yields.Analyzer, "a") }
