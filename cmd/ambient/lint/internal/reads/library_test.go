package reads

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/cmd/ambient/internal/api"
)

// sets has exactly the functions of the library that set something.
func TestWhatIsSetIsKnownOfEveryScope(t *testing.T) {
	for name, f := range api.Functions {
		assert.Equal(t, f.Way == api.Here || f.Enters || f.Brings, sets[name] != nil, name)
	}
	for name := range sets {
		assert.Contains(t, api.Functions, name)
	}
	for _, f := range api.Functions {
		if f.Reads != api.Nothing {
			assert.Contains(t, kinds, f.Reads)
		}
	}
}
