package registry_test

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/registry"
)

// Owners take their records up and leave them at rest while so many do in one shard that records are evicted all the
// time: none ever sees, or is seen with, another's frame, and whoever is at rest carries nothing.
func TestConcurrentRestAndEviction(t *testing.T) {
	ids := registry.OfOneShard(8 * 60)
	m := registry.NewMap()
	var stop atomic.Bool
	var owners, readers sync.WaitGroup
	var taken, evicted atomic.Int64
	rounds := 60
	if *long {
		rounds = 20_000
	}
	for w := range 8 {
		owners.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(w), 0))
			mine := ids[w*60 : (w+1)*60]
			rested := map[uint64]bool{}
			scope := func(id uint64) {
				f := frameOf(id)
				r := m.Find(id)
				if rng.IntN(4) == 0 {
					runtime.Gosched() // between the look and what follows from it
				}
				switch {
				case r == nil:
					if rested[id] {
						evicted.Add(1)
					}
					r = m.Insert(id, f, false)
				case r.Frame() != nil || r.Held():
					t.Errorf("goroutine %d carries something at rest", id)
				case m.Take(id, r, f):
					taken.Add(1)
				default:
					evicted.Add(1)
					r = m.Insert(id, f, false)
				}
				r.Depth++
				for range rng.IntN(3) {
					if now := m.Find(id); now != r || now.Frame() != f {
						t.Errorf("goroutine %d lost its record or its frame", id)
					}
					f = frameOf(id)
					r.SetFrame(f)
				}
				if r.Depth != 1 {
					t.Errorf("goroutine %d has %d scopes", id, r.Depth)
				}
				if rested[id] = rng.IntN(20) > 0; rested[id] {
					m.Rest(id, r)
				} else {
					m.Remove(id)
				}
			}
			for range rounds {
				for range 200 {
					scope(mine[rng.IntN(5)]) // connections
					if rng.IntN(4) == 0 {
						scope(mine[rng.IntN(len(mine))])
					}
				}
				for _, id := range mine[:30] { // some take a long rest, so that the others fit for a while
					m.Remove(id)
					rested[id] = false
				}
			}
		})
	}
	for range 2 {
		readers.Go(func() {
			for !stop.Load() {
				for _, id := range ids {
					m.Of(id, func(f *frame.Frame) {
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
				m.Len()
			}
		})
	}
	owners.Wait()
	stop.Store(true)
	readers.Wait()
	t.Logf("%d times taken up, %d times evicted", taken.Load(), evicted.Load())
	assert.NotZero(t, taken.Load())
	assert.NotZero(t, evicted.Load())
	assert.Zero(t, m.Len(), "what is at rest is not there")
	assert.LessOrEqual(t, m.Resting(), registry.MaxResting)
	assert.Empty(t, m.Check())
}

// A goroutine that has run a scope and exits leaves its record at rest: there is a bound on those.
func TestRecordsAtRestAreFew(t *testing.T) {
	n := uint64(100_000)
	if *long {
		n = 10_000_000
	}
	m := registry.NewMap()
	f := new(frame.Frame)
	before := heap()
	most := 0
	for id := range n {
		r := m.Insert(id+1, f, false)
		r.Depth++
		m.Rest(id+1, r)
		if id%5000 == 0 {
			most = max(most, m.Resting())
		}
	}
	assert.Zero(t, m.Len())
	assert.Positive(t, most)
	assert.LessOrEqual(t, most, 64*registry.MaxResting)
	assert.LessOrEqual(t, m.Resting(), 64*registry.MaxResting)
	assert.LessOrEqual(t, heap()-before, int64(1<<20), "%d at rest", m.Resting())
	assert.Empty(t, m.Check())

	// Where many goroutines are at work, what comes to rest goes at once.
	m = registry.NewMap()
	const held = 64 * 300
	for id := n; id < n+held; id++ {
		m.Insert(id+1, f, false)
	}
	r := m.Insert(n+held+1, f, false)
	r.Depth++
	m.Rest(n+held+1, r)
	assert.Zero(t, m.Resting())
	assert.Nil(t, m.Find(n+held+1))
	for id := n; id < n+held; id++ {
		m.Remove(id + 1)
	}
	assert.Zero(t, m.Len())
	runtime.KeepAlive(m)
}

// Records are evicted without having been taken up where goroutines run one scope and exit, or where too many take turns:
// then none comes to rest for a while, and none is allocated for each of them. Where they are taken up, they go on.
func TestShardIsRestlessWhereRestDoesNotPay(t *testing.T) {
	ids := registry.OfOneShard(50_000)
	f := new(frame.Frame)
	scope := func(m *registry.Map, id uint64) {
		r := m.Find(id)
		if r == nil || !m.Take(id, r, f) {
			r = m.Insert(id, f, false)
		}
		r.Depth++
		m.Rest(id, r)
	}
	records := func(fn func()) int { // that were allocated, and a table now and then
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		fn()
		runtime.ReadMemStats(&after)
		return int(after.Mallocs - before.Mallocs)
	}

	once := registry.NewMap()
	assert.Less(t, records(func() {
		for _, id := range ids {
			scope(once, id)
		}
	}), len(ids)/5, "each once")
	assert.Empty(t, once.Check())
	tries := 0
	for ; once.Resting() == 0 && tries < 10_000; tries++ {
		scope(once, ids[tries])
	}
	assert.Less(t, tries, 10_000, "it is tried again")

	turns := registry.NewMap()
	assert.Less(t, records(func() {
		for i := range 50_000 {
			scope(turns, ids[i%(2*registry.MaxResting)])
		}
	}), 50_000/5, "twice as many as there is room for, in turn")
	assert.Empty(t, turns.Check())

	both, at := registry.NewMap(), 0
	connections := ids[:10]
	assert.Less(t, records(func() {
		for i := range 50_000 {
			scope(both, connections[i%10])
			if i%5 == 0 {
				at++
				scope(both, ids[10+at])
			}
		}
	}), 10_000+50_000/4, "one for each that exits, and one more for each connection at each eviction")
	resting := 0
	for _, id := range connections {
		scope(both, id)
		if both.Find(id) != nil {
			resting++
		}
	}
	assert.Equal(t, 10, resting, "connections come to rest beside those that exit")
	assert.Empty(t, both.Check())
}

// Those that come and go beside records at rest leave tombstones; the tables that follow take over the records of nobody.
func TestChurnBesideRecordsAtRestAllocatesTablesAlone(t *testing.T) {
	ids := registry.OfOneShard(100_000)
	m := registry.NewMap()
	f := new(frame.Frame)
	for _, id := range ids[:9] {
		r := m.Insert(id, f, false)
		r.Depth++
		m.Rest(id, r)
	}
	churn := func(ids []uint64) {
		for _, id := range ids {
			m.Insert(id, f, false)
			m.Remove(id)
		}
	}
	churn(ids[30:10_000])
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	churn(ids[10_000:])
	runtime.ReadMemStats(&after)
	assert.Less(t, after.Mallocs-before.Mallocs, uint64(90_000/5))
	assert.Empty(t, m.Check())
}

// A record that was evicted between its owner's look and its owner's next scope is nobody's from then on, and its
// owner's old look finds nothing in it.
func TestEvictedRecordIsNeverUsedAgain(t *testing.T) {
	ids := registry.OfOneShard(4 * registry.MaxResting)
	m := registry.NewMap()
	old := m.Insert(ids[0], frameOf(ids[0]), false)
	old.Depth++
	m.Rest(ids[0], old)
	for _, id := range ids[1:] {
		r := m.Insert(id, frameOf(id), false)
		require.NotSame(t, old, r)
		r.Depth++
		m.Rest(id, r)
	}
	require.Nil(t, m.Find(ids[0]))
	assert.False(t, old.Held())
	assert.True(t, old.Sought().IsNothing())
	assert.False(t, m.Take(ids[0], old, frameOf(ids[0])))
	assert.True(t, old.Sought().IsNothing())
	f := frameOf(ids[0])
	assert.NotSame(t, old, m.Insert(ids[0], f, false))
	assert.Same(t, f, of(m, ids[0]))
}

// The owner takes a record up in the very moment in which it is evicted: one of them gets it.
func TestTakenUpOrEvicted(t *testing.T) {
	m := registry.NewMap()
	var turn atomic.Int64
	var record atomic.Pointer[registry.Record]
	var evicted atomic.Bool
	var evictor sync.WaitGroup
	const rounds = 100_000
	evictor.Go(func() {
		for round := int64(1); round <= rounds; round++ {
			for turn.Load() != 2*round {
				runtime.Gosched()
			}
			evicted.Store(record.Load().Evict())
			turn.Store(2*round + 1)
		}
	})
	f, takes := frameOf(1), 0
	for round := int64(1); round <= rounds; round++ {
		r := m.Insert(1, f, false)
		r.Depth++
		m.Rest(1, r)
		record.Store(r)
		turn.Store(2 * round)
		for range round % 512 {
			r.Held() // some time
		}
		taken := m.Take(1, r, f)
		for turn.Load() != 2*round+1 {
			runtime.Gosched()
		}
		if taken == evicted.Load() {
			t.Fatalf("taken up: %v, evicted: %v", taken, evicted.Load())
		}
		if taken {
			takes++
			assert.Same(t, f, r.Frame())
		} else {
			assert.Nil(t, r.Frame())
		}
		m.Remove(1)
	}
	evictor.Wait()
	t.Logf("%d of %d taken up", takes, rounds)
}

// A connection's goroutine runs one scope for each request.
func TestScopesOneAfterTheOtherAllocateNothing(t *testing.T) {
	m := registry.NewMap()
	f := new(frame.Frame)
	r := m.Insert(1, f, false)
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		r.Depth++
		m.Rest(1, r)
		assert.True(t, m.Take(1, r, f))
	}))
}
