package unbound_test

import (
	"os"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/ambient/internal/constructs"
	"github.com/ambient-go/ambient/cmd/ambient/lint/internal/linttest"
	"github.com/ambient-go/ambient/cmd/ambient/lint/unbound"
)

func TestUnbound(t *testing.T) {
	linttest.Run(t, unbound.Analyzer, "a", "waits", "last", "request", "user", "inhouse", "started", "started/async")
}

// A finding gives the advice of the error text that appears without the analyzer.
func TestAdviceIsThatOfTheErrorTexts(t *testing.T) {
	for name, advice := range map[string]string{
		"time.AfterFunc":    "use gls.AfterFunc",
		"sync.WaitGroup.Go": "make it a gls.WaitGroup",
		"errgroup.Group.Go": "gls.Bind",
		"context.AfterFunc": "gls.Bind",
		"iter.Pull":         "gls.Bind",
		"a pool of ants":    "gls.Bind",
		"a group of conc":   "gls.Bind",
	} {
		i := slices.IndexFunc(constructs.All, func(c constructs.Construct) bool { return c.Name == name })
		require.GreaterOrEqual(t, i, 0, name)
		assert.Contains(t, constructs.All[i].Remedy, advice)
		text, err := os.ReadFile("fix.go")
		require.NoError(t, err)
		assert.Contains(t, string(text), advice)
	}
}

func TestRunnersThatAFlagNames(t *testing.T) {
	flags := &unbound.Analyzer.Flags
	require.NoError(t, flags.Set("runners", "inhouse.Queue.Submit, (inhouse.Runner).Later,inhouse.Async"))
	defer func() { require.NoError(t, flags.Set("runners", "")) }()
	linttest.Run(t, unbound.Analyzer, "named")
}

func TestRunnersThatAreNone(t *testing.T) {
	flags := &unbound.Analyzer.Flags
	for _, text := range []string{"foo", "./...", "example.com/pool", "a.B,..", "."} {
		require.ErrorContains(t, flags.Set("runners", text), "names no function", text)
	}
	assert.Empty(t, flags.Lookup("runners").Value.String(), "nothing is changed")
}
