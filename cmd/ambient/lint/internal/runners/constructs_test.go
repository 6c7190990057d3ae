package runners

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/cmd/ambient/internal/constructs"
)

// vet reports the constructs that the error texts explain, and no others.
func TestRunnersAreTheConstructsOfTheErrorTexts(t *testing.T) {
	var starts []string
	for _, c := range constructs.All {
		starts = append(starts, c.Runners...)
	}
	used := map[string]bool{}
	for name := range builtin {
		known := false
		for _, start := range starts {
			if name == start || strings.HasPrefix(name, start) && strings.HasSuffix(start, ".") || strings.HasPrefix(name, start+"/") ||
				strings.HasSuffix(start, "/") && strings.HasPrefix(name, start) {
				known, used[start] = true, true
			}
		}
		assert.True(t, known, "%s is a runner, and internal/constructs has no construct for it", name)
	}
	for _, c := range constructs.All {
		if c.Remedy == constructs.Other || len(c.Runners) == 0 {
			continue // a pool: the list in package runners has its functions
		}
		for _, start := range c.Runners {
			assert.True(t, used[start], "%s is a construct, and no runner", start)
		}
	}
}
