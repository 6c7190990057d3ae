package hosts_test

import (
	"net/url"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/hosts"
)

// What each pattern matches is in the tests of httpctx.ForwardTo.

func TestWhatIsNoHostIsRefused(t *testing.T) {
	for _, host := range []string{"", "http://x", "x/y", "a b", "*x", "*.", ".", "x:", "x:y", "[::1", "::1", "x*", "*.*", "u@x", "x?y", "x#y"} {
		p, ok := hosts.Parse(host)
		assert.False(t, ok, host)
		assert.Zero(t, p, host)
	}
}

func TestNothingMatchesWhereNothingIsNamed(t *testing.T) {
	u, err := url.Parse("http://127.0.0.1/")
	require.NoError(t, err)
	assert.False(t, hosts.Match(nil, u))
	assert.False(t, hosts.Match([]hosts.Pattern{{}}, u), "the zero Pattern")
	p, ok := hosts.Parse("127.0.0.1")
	require.True(t, ok)
	assert.True(t, hosts.Match([]hosts.Pattern{{}, p}, u))
	assert.False(t, hosts.Match([]hosts.Pattern{p}, nil))
}
