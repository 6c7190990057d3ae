package token_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/token"
)

func TestIs(t *testing.T) {
	for name, want := range map[string]bool{
		"tenant": true, "X-Request-ID": true, "a!#$%&'*+-.^_`|~9": true,
		"": false, "a b": false, "a:": false, "a,": false, "a;": false, "a=": false, "a/": false, "\x00": false, "é": false,
	} {
		assert.Equal(t, want, token.Is(name), "%q", name)
	}
}
