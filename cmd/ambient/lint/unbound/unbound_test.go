package unbound_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/unbound"
)

func TestUnbound(t *testing.T) {
	linttest.Run(t, unbound.Analyzer, "a", "waits", "last", "request", "user", "inhouse")
}

func TestRunnersThatAFlagNames(t *testing.T) {
	flags := &unbound.Analyzer.Flags
	require.NoError(t, flags.Set("runners", "inhouse.Queue.Submit, (inhouse.Runner).Later,inhouse.Async"))
	defer func() { require.NoError(t, flags.Set("runners", "")) }()
	linttest.Run(t, unbound.Analyzer, "named")
}
