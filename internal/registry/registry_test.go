package registry_test

import (
	"maps"
	"math/rand/v2"
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

func TestAgainstModel(t *testing.T) {
	for name, ids := range map[string][]uint64{
		"consecutive": sequence(1, 1, 300),
		"strided":     sequence(64, 64, 300),
		"one slot":    registry.OfOneSlot(300),
		"colliding":   registry.Collide(60, 128),
		"two":         {1, 2},
		"huge ids":    sequence(1<<62, 1<<40, 300),
	} {
		t.Run(name, func(t *testing.T) {
			seed := rand.Uint64()
			t.Logf("seed %d", seed)
			rng := rand.New(rand.NewPCG(seed, 0))
			m := new(registry.Map)
			want := map[uint64]*frame.Frame{}
			scoped, unscoped := map[uint64]*registry.Record{}, map[uint64]bool{}
			own := 0
			check := func() {
				require.Empty(t, m.Check())
				require.Equal(t, len(want), m.Len())
				require.Equal(t, int64(len(unscoped)), m.Unscoped())
				for _, id := range ids {
					require.Same(t, want[id], of(m, id))
					if r := m.Lookup(id); want[id] == nil {
						require.Nil(t, r)
					} else {
						require.Same(t, want[id], r.Frame())
						require.True(t, r.Is(id))
					}
				}
				listed := map[uint64]*frame.Frame{}
				for _, u := range m.AllUnscoped() {
					require.Nil(t, listed[u.ID])
					require.Same(t, want[u.ID], u.Frame)
					listed[u.ID] = u.Frame
				}
				require.Len(t, listed, len(unscoped))
			}
			for step := range 8_000 {
				id := ids[rng.IntN(len(ids))]
				// Long phases in which most steps insert, then most remove: tables grow and shrink.
				insert := rng.IntN(100) < []int{80, 20}[step/2000%2]
				f, in := want[id]
				next := frameOf(id)
				switch {
				case insert && in:
					r := m.Lookup(id)
					require.False(t, r.Swap(next, next))
					if step%2 == 0 {
						require.True(t, r.Swap(f, next))
					} else {
						r.SetFrame(next)
					}
					want[id] = next
				case insert && rng.IntN(4) == 0:
					m.Insert(id, next, goroutine.Handle{})
					want[id], unscoped[id] = next, true
				case insert:
					r := m.Claim(id)
					require.Zero(t, r.Depth)
					require.False(t, r.Escaped)
					require.Nil(t, r.Frame())
					require.Nil(t, of(m, id), "not before SetFrame")
					r.SetFrame(next)
					r.Depth, r.Escaped = 1, step%3 == 0
					want[id], scoped[id] = next, r
					if m.IsOwn(r) {
						own++
					}
				case scoped[id] != nil:
					r := scoped[id]
					require.False(t, m.Drop(registry.Unscoped{ID: id, Frame: f}), "it ends with its scope")
					var kept *frame.Frame
					if step%2 == 0 {
						kept = f
					}
					escaped := r.Escaped
					m.Release(r, kept)
					if kept != nil {
						require.Equal(t, escaped, idInAny(f) == id, "emptied unless somebody has it")
					}
					delete(want, id)
					delete(scoped, id)
				case in && rng.IntN(2) == 0:
					require.False(t, m.Drop(registry.Unscoped{ID: id, Frame: next}), "it has another frame")
					require.True(t, m.Drop(registry.Unscoped{ID: id, Frame: f}))
					delete(want, id)
					delete(unscoped, id)
				default:
					if rng.IntN(2) == 0 {
						require.False(t, m.Drop(registry.Unscoped{ID: id, Frame: next}))
					}
					m.Remove(id)
					delete(want, id)
					delete(unscoped, id)
				}
				if step%80 == 0 {
					check()
				}
			}
			check()
			require.Equal(t, want, maps.Collect(m.All()))
			assert.Positive(t, own)
			for id, r := range scoped {
				m.Release(r, nil)
				delete(want, id)
			}
			for id := range unscoped {
				m.Remove(id)
				delete(want, id)
			}
			clear(unscoped)
			check()
			cells, _ := m.Cells()
			assert.LessOrEqual(t, cells, 4*len(ids))
		})
	}
}

// idInAny is idIn, 0 of an empty frame.
func idInAny(f *frame.Frame) uint64 {
	if b := f.Find(owner.Key()); b != nil {
		return b.Value.(uint64)
	}
	return 0
}

// Goroutines of the same few slots come and go, each looking for itself all the time, while others
// look at everybody: an owner always sees itself, the others see its own values or nothing.
func TestConcurrentOwnersAndReaders(t *testing.T) {
	rounds := 500
	if *long {
		rounds = 100_000
	}
	for name, ids := range map[string][]uint64{
		"spread":     sequence(1, 1, 64),
		"two slots":  append(registry.OfOneSlot(32), sequence(8, registry.Slots, 32)...),
		"one slot":   registry.OfOneSlot(64),
		"colliding":  registry.Collide(64, 128),
		"few of one": registry.OfOneSlot(16),
	} {
		t.Run(name, func(t *testing.T) {
			m := new(registry.Map)
			var stop atomic.Bool
			var owners, readers sync.WaitGroup
			var own, overflow, read atomic.Int64
			for w := range 8 {
				owners.Go(func() {
					rng := rand.New(rand.NewPCG(uint64(w), 0))
					for round := range rounds {
						id := ids[w+8*rng.IntN(len(ids)/8)]
						if m.Lookup(id) != nil {
							t.Errorf("goroutine %d is there before it came", id)
						}
						f := frameOf(id)
						scoped := rng.IntN(4) > 0
						if scoped {
							if r := claim(m, id, f); m.IsOwn(r) {
								own.Add(1)
							} else {
								overflow.Add(1)
							}
						} else {
							insert(m, id, f)
						}
						r := m.Lookup(id)
						for range rng.IntN(3) {
							f = frameOf(id)
							r.SetFrame(f)
							if round%50 == 0 {
								runtime.Gosched()
							}
							if now := m.Lookup(id); now != r || now.Frame() != f {
								t.Errorf("goroutine %d lost its record or its frame", id)
							}
						}
						switch {
						case scoped && rng.IntN(2) == 0:
							m.Release(r, f)
						case scoped:
							m.Release(r, nil)
						case rng.IntN(2) == 0:
							m.Remove(id)
						default:
							if !m.Drop(registry.Unscoped{ID: id, Frame: f}) {
								t.Errorf("goroutine %d was not dropped", id)
							}
						}
					}
				})
			}
			for range 2 {
				readers.Go(func() {
					see := func(id uint64, f *frame.Frame) {
						read.Add(1)
						if idIn(f) != id {
							t.Errorf("read %d's frame as that of %d", idIn(f), id)
						}
						runtime.Gosched()
						if idIn(f) != id {
							t.Errorf("%d's frame has changed", id)
						}
					}
					for own.Load() == 0 {
						runtime.Gosched() // nobody claims a slot that is pinned
					}
					for !stop.Load() {
						for _, id := range ids[:4] {
							m.Of(id, func(f *frame.Frame) { see(id, f) })
						}
						for id, f := range m.All() {
							see(id, f)
						}
						m.Pin()
						for _, u := range m.AllUnscoped() {
							see(u.ID, u.Frame)
						}
						m.Unpin()
						for range 50 {
							runtime.Gosched() // let somebody claim a slot
						}
					}
				})
			}
			owners.Wait()
			stop.Store(true)
			readers.Wait()
			t.Logf("%d claimed a slot, %d did not, %d looks at others", own.Load(), overflow.Load(), read.Load())
			assert.Positive(t, own.Load())
			assert.Zero(t, m.Len())
			assert.Empty(t, m.Check())
		})
	}
}

// Outermost scopes one after the other are what a server does all day: no allocation, no growing
// table.
func TestScopesAllocateNothing(t *testing.T) {
	m := new(registry.Map)
	var none *frame.Frame
	b := frame.Binding{Key: frame.MakeKey[uint64](&owner)}
	scope := func(id uint64) {
		r := m.Claim(id)
		f := none.With(b, r.Spare)
		r.Spare = nil
		r.SetFrame(f)
		m.Release(r, f)
	}
	for name, id := range map[string]func(i uint64) uint64{
		"new goroutines, slots free":  func(i uint64) uint64 { return 1<<30 + i },
		"new goroutines, slots taken": func(i uint64) uint64 { return registry.Slots + 1 + i%registry.Slots },
		"one goroutine":               func(uint64) uint64 { return 5 },
	} {
		t.Run(name, func(t *testing.T) {
			var taken []*registry.Record
			if name == "new goroutines, slots taken" {
				for id := range uint64(registry.Slots) {
					taken = append(taken, claim(m, id+1, frame.Nothing()))
				}
			}
			i := uint64(0)
			for range 10_000 {
				i++
				scope(id(i))
			}
			assert.Zero(t, testing.AllocsPerRun(1000, func() {
				i++
				scope(id(i))
			}))
			for _, r := range taken {
				m.Release(r, nil)
			}
			assert.Empty(t, m.Check())
		})
	}
	assert.Zero(t, testing.AllocsPerRun(1000, func() {
		insert(m, 5, frame.Nothing())
		m.Remove(5)
	}))
}

func TestMemoryIsGivenBack(t *testing.T) {
	ever, peak := 200_000, 50_000
	if *long {
		ever, peak = 10_000_000, 1_000_000
	}
	m := new(registry.Map)
	f := new(frame.Frame)
	before := heap()

	var wg sync.WaitGroup
	var next atomic.Uint64
	for range 8 {
		wg.Go(func() {
			for range ever / 8 {
				m.Release(claim(m, next.Add(1), f), nil)
			}
		})
	}
	wg.Wait()
	assert.LessOrEqual(t, heap()-before, int64(2<<20), "after %d came and went", ever)

	base := next.Load()
	records := make([]*registry.Record, peak)
	withRecords := heap()
	for i := range records {
		records[i] = claim(m, base+uint64(i)+1, f)
	}
	each := float64(heap()-withRecords) / float64(peak)
	t.Logf("%d live records: %.1f bytes each", peak, each)
	assert.LessOrEqual(t, each, 60.0)
	for _, r := range records {
		m.Release(r, nil)
	}
	records = nil
	assert.LessOrEqual(t, heap()-before, int64(2<<20), "after %d live at once", peak)
	assert.Empty(t, m.Check())
	runtime.KeepAlive(m)
}

// The ids that goroutines have are neither evenly spread nor random; a search among a great many of
// them stays short.
func TestSearchesAreShortForRealIDs(t *testing.T) {
	m := new(registry.Map)
	var wg sync.WaitGroup
	const n = 50_000
	release := make(chan struct{})
	ready := make(chan struct{}, n)
	f := new(frame.Frame)
	for range n {
		wg.Go(func() {
			r := claim(m, goroutine.ID(), f)
			ready <- struct{}{}
			<-release
			m.Release(r, nil)
		})
	}
	for range n {
		<-ready
	}
	steps := m.Steps()
	t.Logf("%.2f cells looked at for each of %d goroutines", steps, n)
	assert.Less(t, steps, 2.0)
	close(release)
	wg.Wait()
}
