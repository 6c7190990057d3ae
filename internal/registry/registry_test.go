package registry_test

import (
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

var long = flag.Bool("long", os.Getenv("AMBIENT_LONG") != "", "run the long forms of the stress tests")

func TestAgainstModel(t *testing.T) {
	universes := map[string][]uint64{
		"consecutive": sequence(1, 1, 300),
		"strided":     sequence(64, 64, 300),
		"one hint":    sequence(7, 1<<12, 300), // that of whoever came last
		"colliding":   registry.Collide(60, 128),
		"two":         {1, 2},
		"huge ids":    sequence(1<<62, 1<<40, 300),
		"one shard":   registry.OfOneShard(80), // more than may be at rest
	}
	for name, ids := range universes {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			m := registry.NewMap()
			want := map[uint64]*frame.Frame{}
			resting := map[uint64]*registry.Record{}
			sitting, seated, sat := map[uint64]*registry.Record{}, frameOf(0), 0
			evicted := 0
			for step := range 20_000 {
				id := ids[rng.IntN(len(ids))]
				// Long phases in which most steps insert, then most remove: tables grow and shrink.
				insert := rng.IntN(100) < []int{80, 20}[step/2000%2]
				f, in := want[id]
				switch {
				case insert && resting[id] != nil:
					v := new(frame.Frame)
					want[id] = v
					r := m.Find(id)
					if r == nil || !m.Take(id, r, v) {
						evicted++
						require.False(t, m.Take(id, resting[id], v), "an evicted record is nobody's for ever")
						r = m.Insert(id, v, false)
						require.NotSame(t, resting[id], r)
					} else {
						require.Same(t, resting[id], r)
					}
					delete(resting, id)
					r.Depth = 1
					require.Same(t, v, r.Frame())
					require.True(t, r.Held())
				case insert && !in && rng.IntN(3) == 0 && m.Sit(id, seated) != nil:
					r := m.Find(id)
					want[id] = new(frame.Frame)
					r.SetFrame(want[id])
					require.Zero(t, r.Depth)
					require.False(t, r.Lent)
					r.Depth, r.Lent = 1, true
					sitting[id] = r
				case in && sitting[id] != nil && !insert:
					require.Same(t, sitting[id], m.Find(id))
					m.Rise(sitting[id])
					delete(want, id)
					delete(sitting, id)
				case insert && !in:
					v := new(frame.Frame)
					want[id] = v
					loose := rng.IntN(4) == 0
					r := m.Insert(id, v, loose)
					require.Same(t, v, r.Frame())
					require.Zero(t, r.Depth)
					if !loose {
						r.Depth = 1
					}
				case insert:
					v := new(frame.Frame)
					want[id] = v
					m.Find(id).SetFrame(v)
				case in && m.Find(id).Depth == 1 && rng.IntN(3) > 0:
					r := m.Find(id)
					require.Same(t, f, r.Frame())
					m.Rest(id, r)
					delete(want, id)
					if now := m.Find(id); now != nil {
						require.Same(t, r, now)
						require.False(t, r.Held())
						require.Nil(t, r.Frame())
						resting[id] = r
					}
				case in:
					require.Same(t, f, m.Find(id).Frame())
					require.True(t, m.Remove(id))
					delete(want, id)
				case resting[id] != nil:
					require.Equal(t, m.Find(id) != nil, m.Remove(id))
					require.Nil(t, m.Find(id))
					delete(resting, id)
				default:
					require.Nil(t, m.Find(id))
					require.False(t, m.Remove(id))
				}
				if step%100 == 0 {
					m.LetRest()
				}
				if rng.IntN(20) == 0 {
					m.EvictAll(id)
				}
				sat = max(sat, len(sitting))
				if step%50 == 0 {
					require.Empty(t, m.Check(), "step %d", step)
					require.Equal(t, len(want), m.Len())
					for _, id := range ids {
						require.Same(t, want[id], of(m, id))
					}
				}
			}
			require.Equal(t, want, maps.Collect(m.All()))
			assert.Positive(t, evicted)
			assert.Positive(t, sat)
			for _, r := range sitting {
				m.Rise(r)
			}
			for id := range want {
				m.Remove(id)
			}
			for id := range resting {
				m.Remove(id)
			}
			for _, id := range ids { // a shard gives its table back with its last record
				m.Insert(id, new(frame.Frame), false)
				m.Remove(id)
			}
			slots, tombstones := m.Slots()
			assert.LessOrEqual(t, slots, 64*8)
			assert.Zero(t, tombstones)
			assert.Empty(t, m.Check())
		})
	}
}

var owner frame.Storage

// frameOf returns a frame that tells whose it is.
func frameOf(id uint64) *frame.Frame {
	return (*frame.Frame)(nil).With(frame.Binding{Key: frame.MakeKey[uint64](&owner), Value: id}, nil)
}

// of returns what a goroutine carries.
func of(m *registry.Map, id uint64) (f *frame.Frame) {
	m.Of(id, func(seen *frame.Frame) { f = seen })
	return f
}

func idIn(f *frame.Frame) uint64 { return f.Find(owner.Key()).Value.(uint64) }

func sequence(from, step uint64, n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = from + uint64(i)*step
	}
	return ids
}

// One table of four slots, three entries at most, all with the same home: the smallest chains that can break.
func TestTinyTableKeepsChains(t *testing.T) {
	ids := registry.Collide(4, 4)
	table := registry.NewTable(4)
	records := map[uint64]*registry.Record{}
	find := func(id uint64) *registry.Record { return registry.FindIn(table, id) }
	insert := func(id uint64) {
		records[id] = new(registry.Record)
		registry.InsertIn(table, id, records[id])
	}
	insert(ids[0])
	insert(ids[1])
	insert(ids[2])
	for _, id := range ids[:3] {
		require.Same(t, records[id], find(id))
	}
	registry.RemoveIn(table, ids[0])
	assert.Equal(t, registry.Tombstone, registry.KeyIn(table, 2), "others lie behind it")
	require.Same(t, records[ids[2]], find(ids[2]))
	registry.RemoveIn(table, ids[2])
	assert.Equal(t, uint64(0), registry.KeyIn(table, 0), "nothing lies behind it")
	require.Same(t, records[ids[1]], find(ids[1]))
	registry.RemoveIn(table, ids[1])
	for i := range 4 {
		assert.Equal(t, uint64(0), registry.KeyIn(table, i), "the tombstone before the last one goes with it")
	}
	assert.Nil(t, find(ids[3]))
}

// Owners come and go, each reading itself all the time, while others read everybody: an owner always sees itself, a
// foreign reader sees the owner's own values or nothing.
func TestConcurrentOwnersAndReaders(t *testing.T) {
	for name, ids := range map[string][]uint64{
		"spread":    sequence(1, 1, 64),
		"colliding": registry.Collide(64, 128),
	} {
		t.Run(name, func(t *testing.T) {
			m := registry.NewMap()
			var stop atomic.Bool
			var owners, readers sync.WaitGroup
			rounds := 300
			if *long {
				rounds = 30_000
			}
			for w := range 8 {
				owners.Go(func() {
					for round := range rounds {
						for i := w; i < len(ids); i += 8 {
							id := ids[i]
							r := m.Insert(id, frameOf(id), round%2 == 0)
							for range 3 {
								if m.Find(id) != r {
									t.Errorf("goroutine %d lost its record", id)
								}
								r.SetFrame(frameOf(id))
							}
							if (round+i)%3 == 0 {
								continue // stays until the next line's turn
							}
							m.Remove(id)
						}
						for i := w; i < len(ids); i += 8 {
							m.Remove(ids[i])
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
						m.AllLoose()
					}
				})
			}
			owners.Wait()
			stop.Store(true)
			readers.Wait()
			assert.Zero(t, m.Len())
			assert.Empty(t, m.Check())
		})
	}
}

func TestLooseAreCountedUntilRemoved(t *testing.T) {
	m := registry.NewMap()
	ids := registry.Collide(4, 8)
	f := []*frame.Frame{frameOf(0), frameOf(1), frameOf(2), frameOf(3)}
	m.Insert(ids[1], f[1], false)
	dead := m.Insert(ids[2], f[2], true)
	last := m.Insert(ids[3], f[3], true)
	assert.ElementsMatch(t, []registry.Loose{{ID: ids[2], Frame: f[2]}, {ID: ids[3], Frame: f[3]}}, m.AllLoose())
	assert.False(t, m.Drop(registry.Loose{ID: ids[2], Frame: f[0]}), "it carries something else")
	assert.False(t, m.Drop(registry.Loose{ID: ids[0], Frame: f[0]}))
	assert.True(t, m.Drop(registry.Loose{ID: ids[2], Frame: f[2]}))
	assert.Nil(t, m.Find(ids[2]))
	assert.NotSame(t, dead, m.Insert(ids[0], f[0], false), "nobody knows what the dead owner last wrote to its record")
	m.Remove(ids[0])
	assert.Equal(t, []registry.Loose{{ID: ids[3], Frame: f[3]}}, m.AllLoose())
	assert.Equal(t, int64(1), m.Loose())
	last.SetFrame(nil)
	assert.Empty(t, m.AllLoose(), "one that carries nothing is inside a scope")
	m.Remove(ids[3])
	m.Insert(ids[0], f[0], true)
	m.Remove(ids[0])
	m.Insert(ids[0], f[0], false)
	assert.Empty(t, m.AllLoose(), "a recycled record is not loose")
}

// Outermost scopes one after the other are what a server does all day: no allocation, no growing table.
func TestChurnAllocatesNothing(t *testing.T) {
	m := registry.NewMap()
	f := new(frame.Frame)
	id := uint64(0)
	for range 10_000 {
		id++
		m.Insert(id, f, false)
		m.Remove(id)
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		id++
		m.Insert(id, f, false)
		m.Remove(id)
	}))
	slots, tombstones := m.Slots()
	assert.Equal(t, 64*8, slots)
	assert.Zero(t, tombstones)
}

func TestMemoryIsGivenBack(t *testing.T) {
	ever, peak := 200_000, 50_000
	if *long {
		ever, peak = 10_000_000, 1_000_000
	}
	m := registry.NewMap()
	f := new(frame.Frame)
	before := heap()

	var wg sync.WaitGroup
	var next atomic.Uint64
	for range 8 {
		wg.Go(func() {
			for range ever / 8 {
				id := next.Add(1)
				m.Insert(id, f, false)
				m.Remove(id)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, heap()-before, int64(2<<20), "after %d came and went", ever)

	base := next.Load()
	for i := range peak {
		m.Insert(base+uint64(i)+1, f, false)
	}
	each := float64(heap()-before) / float64(peak)
	t.Logf("%d live records: %.1f bytes each", peak, each)
	assert.LessOrEqual(t, each, 60.0)
	for i := range peak {
		m.Remove(base + uint64(i) + 1)
	}
	assert.LessOrEqual(t, heap()-before, int64(2<<20), "after %d live at once", peak)
	assert.Empty(t, m.Check())
	runtime.KeepAlive(m)
}

func heap() int64 {
	runtime.GC()
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// The ids that goroutines have are neither evenly spread nor random; a probe among a great many of them stays short.
func TestProbesAreShortForRealIDs(t *testing.T) {
	m := registry.NewMap()
	var wg sync.WaitGroup
	const n = 20_000
	release := make(chan struct{})
	ready := make(chan struct{}, n)
	f := new(frame.Frame)
	for range n {
		wg.Go(func() {
			m.Insert(goroutine.ID(), f, false)
			ready <- struct{}{}
			<-release
		})
	}
	for range n {
		<-ready
	}
	steps := m.Steps()
	t.Logf("%.2f slots looked at for each of %d goroutines", steps, n)
	assert.Less(t, steps, 4.0)
	close(release)
	wg.Wait()
}
