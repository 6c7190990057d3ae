package unbound_test

import (
	"testing"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/unbound"
)

func TestPoolsOfManyLibraries(t *testing.T) { linttest.Run(t, unbound.Analyzer, "pools") }
