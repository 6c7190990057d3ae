package goroutine_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/goroutine"
)

func TestFind(t *testing.T) {
	ids, release := make(chan uint64), make(chan struct{})
	defer close(release)
	var last uint64
	for range 100 {
		go func() {
			ids <- goroutine.ID()
			<-release
		}()
		last = <-ids
	}
	all := goroutine.Traces()
	for _, id := range []uint64{last, goroutine.ID()} {
		trace, found, cut := goroutine.Find(id, 1<<20)
		assert.True(t, found)
		assert.False(t, cut)
		assert.Equal(t, all[id].ID, trace.ID)
		assert.Equal(t, all[id].Origin, trace.Origin)
		assert.NotEmpty(t, trace.Frames())
	}
	_, found, cut := goroutine.Find(1<<60, 1<<20)
	assert.False(t, found)
	assert.False(t, cut, "the whole text was read")
	_, found, cut = goroutine.Find(last, 2000)
	assert.False(t, found)
	assert.True(t, cut, "it may be in what was not read")
	for most := 2000; most < 12_000; most += 7 { // a text that ends within the goroutine's own is not taken for its end
		if trace, found, _ := goroutine.Find(last, most); found {
			assert.Equal(t, all[last].Origin, trace.Origin)
		}
	}
}
