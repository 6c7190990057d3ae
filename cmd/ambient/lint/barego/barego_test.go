package barego_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/barego"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
)

func TestBarego(t *testing.T) {
	linttest.Run(t, barego.Analyzer, "a", "forms", "request", "user", "generated")
}
