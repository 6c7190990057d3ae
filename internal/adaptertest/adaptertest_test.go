package adaptertest_test

import (
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

// failures is a testing.TB that counts.
type failures struct {
	testing.TB
	n int
}

func (f *failures) Helper()               {}
func (f *failures) Errorf(string, ...any) { f.n++ }

func TestTallyFailsForEachFault(t *testing.T) {
	for name, c := range map[string]struct {
		read func(*adaptertest.Tally)
		want int
	}{
		"own":            {func(*adaptertest.Tally) {}, 0},
		"lost":           {func(y *adaptertest.Tally) { y.During("here", "1", "", false) }, 1},
		"another's":      {func(y *adaptertest.Tally) { y.During("here", "1", "2", true) }, 1},
		"another's late": {func(y *adaptertest.Tally) { y.After("here", "1", "2", true) }, 1},
	} {
		t.Run(name, func(t *testing.T) {
			var tally adaptertest.Tally
			adaptertest.Each(10, func(i int) {
				tally.During("here", strconv.Itoa(i), strconv.Itoa(i), true)
				tally.After("here", strconv.Itoa(i), "", false)
			})
			c.read(&tally)
			f := &failures{TB: t}
			tally.Verify(f, 10, 10)
			assert.Equal(t, c.want, f.n)
		})
	}
	f := &failures{TB: t}
	new(adaptertest.Tally).Verify(f, 1, 1)
	assert.Equal(t, 2, f.n, "a tally of too few reads must not pass")
}
