package registry_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// No slot is claimed between Pin and Unpin: who looks could take one goroutine's frame for
// another's.
func TestClaimBacksOutOfAPinnedSlot(t *testing.T) {
	m := new(registry.Map)
	const one, other = 5, 5 + registry.Slots
	r := claim(m, one, frameOf(one))
	require.True(t, m.IsOwn(r))
	m.Pin()
	next := claim(m, one+1, frameOf(one+1))
	assert.False(t, m.IsOwn(next))
	assert.Same(t, next, m.Lookup(one+1))
	assert.Same(t, r, m.Lookup(one), "it has its slot still")
	r.Depth, r.Escaped = 1, true
	m.Release(r, nil)
	assert.Nil(t, m.Lookup(one))
	assert.True(t, r.Free() && r.Depth == 0 && !r.Escaped)
	again := claim(m, one, frameOf(one))
	assert.False(t, m.IsOwn(again))
	m.Unpin()
	assert.Same(t, r, claim(m, other, frameOf(other)))

	assert.Same(t, r, m.Lookup(other))
	assert.Same(t, again, m.Lookup(one), "in the table of the same slot")
	assert.Equal(t, uint64(other), idIn(of(m, other)))
	assert.Equal(t, uint64(one), idIn(of(m, one)))
	assert.Equal(t, 3, m.Len())
	for range m.All() {
		x := claim(m, 7, frameOf(7))
		assert.False(t, m.IsOwn(x))
		m.Release(x, nil)
	}
	m.Of(one, func(*frame.Frame) { assert.False(t, m.IsOwn(claim(m, 7, frameOf(7)))) })
	assert.Empty(t, m.Check())
}

// A record of a table cannot pass to another goroutine while somebody looks at its frame.
func TestOthersLookIntoTablesUnderTheLock(t *testing.T) {
	m := new(registry.Map)
	insert(m, 1, frameOf(1))
	for name, look := range map[string]func(){
		"Of": func() { m.Of(1, func(*frame.Frame) {}) },
		"All": func() {
			for range m.All() {
				break
			}
		},
		"AllUnscoped": func() { m.AllUnscoped() },
		"Drop":        func() { m.Drop(registry.Unscoped{ID: 1}) },
	} {
		release := m.Hold(1)
		seen := make(chan struct{})
		go func() {
			defer close(seen)
			look()
		}()
		select {
		case <-seen:
			t.Error(name, "looked without the lock")
		case <-time.After(20 * time.Millisecond):
		}
		release()
		<-seen
	}
}

func TestKeep(t *testing.T) {
	m := new(registry.Map)
	r := claim(m, 1, frameOf(1))
	keep := func() bool {
		f := frameOf(2)
		r.Spare = nil
		m.Keep(r, f)
		assert.Equal(t, r.Spare != nil, f.First().Key == nil, "emptied or left alone")
		assert.True(t, r.Spare == nil || r.Spare == f)
		return r.Spare != nil
	}
	assert.True(t, keep())
	r.Escaped = true
	assert.False(t, keep())
	r.Escaped = false
	m.Pin()
	assert.False(t, keep())
	m.Pin()
	m.Unpin()
	assert.False(t, keep(), "one of two still looks")
	m.Unpin()
	assert.True(t, keep())
	for range m.All() {
		assert.False(t, keep())
	}
	m.Of(1, func(*frame.Frame) { assert.False(t, keep()) })
	assert.True(t, keep())
}

// A goroutine that is taken for dead while it lives finds no record, before the drop is done and
// after it.
func TestDroppedRecordIsNobodys(t *testing.T) {
	m := new(registry.Map)
	f := frameOf(1)
	insert(m, 1, f)
	r := m.Lookup(1)
	require.True(t, r.Swap(f, frame.Nothing()), "the first half of Drop")
	assert.Nil(t, m.Lookup(1))
	assert.Nil(t, of(m, 1))
	assert.Same(t, frame.Nothing(), r.InForce(), "what a Get reads that has the record already")
	require.True(t, m.Drop(registry.Unscoped{ID: 1, Frame: frame.Nothing()}), "the rest of it")
	assert.Zero(t, m.Len())
	for range 100 {
		insert(m, 1, f)
		assert.NotSame(t, r, m.Lookup(1), "its owner may still write to it")
		m.Remove(1)
	}
	assert.Empty(t, m.Check())
}
