package shared_test

import (
	"testing"

	_ "golang.org/x/sync/singleflight" // what the documentation and package b import

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/shared"
)

func TestAnalyzer(t *testing.T) { linttest.Run(t, shared.Analyzer, "a", "b", "store") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, shared.Analyzer, `
		import (
			"golang.org/x/sync/singleflight"

			"github.com/ambient-go/ambient/gls"
		)

		var (
			user  = gls.New[string]("user")
			group singleflight.Group
			cache = map[string]any{}
			_     = gls.Isolate
		)

		func visibleRows(table string) (any, error) { return table + user.GetOrFail(), nil }
		func allRows(table string) (any, error)     { return table, nil }
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, shared.Analyzer, "b") }
