package registry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// A hint is another's as often as not. Two goroutines have the same one, and one of them has the record that the other
// had before.
func TestHintsOfOthers(t *testing.T) {
	m := registry.NewMap()
	one := registry.Collide(1, 8)[0]
	same, next := one+1<<12, uint64(0)
	for _, id := range registry.Collide(100, 8) { // its probe begins in the same slot
		if id%(1<<12) != one%(1<<12) {
			next = id
			break
		}
	}
	r := m.Insert(one, frameOf(one), false)
	assert.Nil(t, m.Find(same))
	other := m.Insert(same, frameOf(same), false)
	assert.Same(t, other, m.Hint(one))
	assert.Same(t, r, m.Probe(one))
	assert.Same(t, other, m.Hint(one), "Get leaves hints alone")
	assert.Same(t, r, m.Find(one))
	assert.Same(t, r, m.Hint(one), "others take theirs back")
	assert.Same(t, other, m.Find(same))
	m.Remove(same)
	assert.Same(t, r, m.Find(one))
	assert.Nil(t, m.Find(same))

	m.Remove(one)
	assert.Nil(t, m.Find(one))
	m.Insert(one, frameOf(one), false)
	m.Remove(one)
	require.Same(t, r, m.Insert(next, frameOf(next), false), "the record has a new owner")
	assert.Nil(t, m.Find(one))
	assert.Same(t, r, m.Hint(next))

	r.Depth = 1
	require.True(t, m.Rest(next, r))
	require.NotSame(t, r, m.Insert(next+1<<12, frameOf(1), false))
	assert.NotSame(t, r, m.Hint(next))
	assert.True(t, m.Take(next, r, frameOf(next)))
	assert.Same(t, r, m.Hint(next), "whoever began a scope last")
}

// The runtime's own goroutines may be taken for dead while they look for their record: then another's is in its place,
// between a look at the slot's key and one at its record.
func TestRecordsOfOthersInOnesPlace(t *testing.T) {
	m := registry.NewMap()
	const one, other, far = 1, 2, 1 + 1<<12
	m.Insert(one, frameOf(one), true)
	m.Insert(far, frameOf(far), false) // has the hint
	m.PutInPlaceOf(one, m.Insert(other, frameOf(other), false))
	assert.Nil(t, m.Probe(one))
	assert.Nil(t, m.Find(one))
}

// A record cannot pass to another goroutine while somebody looks at what its owner carries.
func TestOthersLookUnderTheLock(t *testing.T) {
	m := registry.NewMap()
	m.Insert(1, frameOf(1), false)
	for _, look := range []func(){
		func() { m.Of(1, func(*frame.Frame) {}) },
		func() {
			for range m.All() {
				break
			}
		},
	} {
		release := m.Hold(1)
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			look()
		}()
		select {
		case <-seen:
			t.Error("looked without the lock")
		case <-time.After(20 * time.Millisecond):
		}
		release()
		<-seen
	}
}

func TestKeep(t *testing.T) {
	m := registry.NewMap()
	r := m.Insert(1, frameOf(1), false)
	keep := func() bool {
		f := frameOf(2)
		r.Spare = nil
		m.Keep(r, f)
		assert.Equal(t, r.Spare != nil, f.First().Key == nil, "emptied or left alone")
		assert.True(t, r.Spare == nil || r.Spare == f)
		return r.Spare != nil
	}
	assert.True(t, keep())
	r.Lent = true
	assert.False(t, keep())
	r.Lent = false
	m.Watch()
	assert.False(t, keep())
	m.Watch()
	m.Unwatch()
	assert.False(t, keep(), "one of two still looks")
	m.Unwatch()
	assert.True(t, keep())
	for range m.All() {
		assert.False(t, keep())
	}
	m.Of(1, func(*frame.Frame) { assert.False(t, keep()) })
	assert.True(t, keep())
}
