package reads_test

import (
	"testing"

	"golang.org/x/tools/go/analysis/analysistest"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/reads"
)

func TestFacts(t *testing.T) {
	analysistest.Run(t, linttest.GOPATH(t, "testdata/src"), reads.Analyzer, "user", "a")
}
