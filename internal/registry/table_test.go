package registry_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/registry"
)

// One table of four cells, three records at most, all with the same home: the smallest searches
// that can break.
func TestTinyTableKeepsSearches(t *testing.T) {
	ids := registry.Collide(4, 4)
	table := registry.NewTable(4)
	records := make([]*registry.Record, 4)
	for i := range records {
		records[i] = registry.NewRecord(ids[i])
	}
	found := func(want ...int) {
		t.Helper()
		in := map[int]bool{}
		for _, i := range want {
			in[i] = true
		}
		for i, r := range records {
			if in[i] {
				require.Same(t, r, table.Find(ids[i]))
			} else {
				require.Nil(t, table.Find(ids[i]))
			}
		}
	}
	table.Insert(records[0])
	table.Insert(records[1])
	table.Insert(records[2])
	found(0, 1, 2)
	table.Remove(records[0])
	assert.True(t, table.IsTombstone(2), "others lie behind it")
	found(1, 2)
	table.Insert(records[3])
	assert.False(t, table.IsTombstone(2), "used again")
	found(1, 2, 3)
	table.Remove(records[3])
	table.Remove(records[2])
	assert.True(t, table.IsNil(0), "nothing lies behind it")
	found(1)
	table.Remove(records[1])
	for i := range 4 {
		assert.True(t, table.IsNil(i), "the tombstone before the last one goes with it")
	}
	found()
}
