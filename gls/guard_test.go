package gls_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/testexec"
)

// Package inherited has no test of its own: that would not start.
func TestProgramThatReliesOnInheritanceDoesNotStartWithoutIt(t *testing.T) {
	testexec.Builds(t)
	if gls.Propagation() == gls.Inherited {
		t.Skip("go run builds without inheritance")
	}
	text, err := goCommand(t, nil, "run", "./inherited/testdata/program").CombinedOutput()
	require.Error(t, err, "%s", text)
	assert.Contains(t, string(text), `panic: ambient: this program imports gls/inherited and was built without inheritance`)
	assert.Contains(t, string(text), `"ambient build"`)
	assert.NotContains(t, string(text), "hello")
}
