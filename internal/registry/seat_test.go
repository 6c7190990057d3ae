package registry_test

import (
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// Goroutines with the same few seats come and go, while others read everybody.
func TestConcurrentSeats(t *testing.T) {
	m := registry.NewMap()
	var stop atomic.Bool
	var owners, readers sync.WaitGroup
	var sat, stood, read atomic.Int64
	rounds := 30_000
	if *long {
		rounds = 3_000_000
	}
	ids := make([]uint64, 24) // two seats for all of them
	for i := range ids {
		ids[i] = uint64(1 + min(i%3, 1) + i<<12)
	}
	for w := range 8 {
		owners.Go(func() {
			mine := ids[3*w : 3*w+3]
			for round := range rounds {
				id := mine[round%3]
				r := m.Sit(id, frameOf(id))
				seat := r != nil
				if seat {
					sat.Add(1)
				} else {
					stood.Add(1)
					r = m.Insert(id, frameOf(id), false)
				}
				if r.Depth != 0 || m.Find(id) != r {
					t.Errorf("goroutine %d has another's record", id)
				}
				r.Depth++
				f := frameOf(id)
				r.SetFrame(f)
				if round%50 == 0 {
					runtime.Gosched()
				}
				if now := m.Find(id); now != r || now.Frame() != f {
					t.Errorf("goroutine %d lost its frame", id)
				}
				if seat {
					m.Rise(r)
				} else {
					m.Remove(id)
				}
				if m.Find(id) != nil {
					t.Errorf("goroutine %d has left and is still there", id)
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for !stop.Load() {
				for _, id := range ids {
					m.Of(id, func(f *frame.Frame) {
						read.Add(1)
						if idIn(f) != id {
							t.Errorf("read %d's frame as that of %d", idIn(f), id)
						}
					})
				}
				for id, f := range m.All() {
					if idIn(f) != id {
						t.Errorf("listed %d's frame as that of %d", idIn(f), id)
					}
				}
				for range 50 {
					runtime.Gosched() // let somebody sit down
				}
			}
		})
	}
	owners.Wait()
	stop.Store(true)
	readers.Wait()
	t.Logf("%d sat, %d stood, read %d times", sat.Load(), stood.Load(), read.Load())
	assert.NotZero(t, sat.Load())
	assert.NotZero(t, stood.Load())
	assert.Zero(t, m.Len())
	assert.Empty(t, m.Check())
}

// Nobody sits down while somebody watches, who could take one's frame for another's.
func TestSeatsInAWatch(t *testing.T) {
	m := registry.NewMap()
	const one, other = 5, 5 + 1<<12
	r := m.Sit(one, frameOf(one))
	require.NotNil(t, r)
	assert.Nil(t, m.Sit(other, frameOf(other)), "taken")
	m.Watch()
	assert.Nil(t, m.Sit(one+1, frameOf(one+1)))
	assert.Nil(t, m.Find(one+1))
	assert.Equal(t, 1, m.Len())
	assert.Same(t, r, m.Find(one), "it has its seat still")
	r.Depth, r.Lent = 1, true
	m.Rise(r)
	assert.Nil(t, m.Find(one))
	assert.Nil(t, m.Sit(one, frameOf(one)))
	assert.True(t, r.Is(0) && r.Frame() == nil && r.Depth == 0 && !r.Lent)
	m.Unwatch()
	assert.Same(t, r, m.Sit(other, frameOf(other)))

	stands := m.Insert(one, frameOf(one), false)
	assert.Same(t, stands, m.Hint(other))
	assert.Same(t, r, m.Probe(other), "without a hint")
	assert.Same(t, r, m.Find(other))
	assert.Same(t, stands, m.Find(one), "which takes the hint back")
	assert.Equal(t, uint64(other), idIn(of(m, other)))
	assert.Equal(t, uint64(one), idIn(of(m, one)))
	assert.Equal(t, 2, m.Len())
	m.Rise(r)
	assert.Same(t, stands, m.Hint(other))
	assert.Same(t, r, m.Sit(other, frameOf(other)))
	assert.Same(t, r, m.Hint(other))
	for range m.All() {
		assert.Nil(t, m.Sit(7, frameOf(7)))
	}
	m.Of(one, func(*frame.Frame) { assert.Nil(t, m.Sit(7, frameOf(7))) })
	assert.NotNil(t, m.Sit(7, frameOf(7)))
}
