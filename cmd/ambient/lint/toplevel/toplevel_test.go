package toplevel_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/realtest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/toplevel"
)

func TestAnalyzer(t *testing.T) { realtest.Run(t, toplevel.Analyzer, "a", "other") }

func TestDoc(t *testing.T) {
	realtest.Doc(t, toplevel.Analyzer, `
		import "github.com/ambient-go/ambient/gls"

		var currentTenant = gls.New[string]("tenant")

		func query(string) {}
	`)
}

func TestBroken(t *testing.T) { realtest.Broken(t, toplevel.Analyzer, "a") }
