package registry

import (
	"iter"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// shards is the number of independently locked parts. Two goroutines that enter their first scope at the same moment
// meet in one with probability 1/64.
const (
	shards     = 64
	shardShift = 64 - 6
)

// hints is the number of goroutines whose records are found without a look at their shard: of those whose ids are equal
// modulo that number, the one that last began a scope or looked itself up for another reason than Get. Ids are handed
// out in turn.
const hints = 1 << 12

// A Map holds the records of all goroutines. Init comes before anything else.
type Map struct {
	shards [shards]shard

	// hints are never nil. Any of them may be outdated: the record may belong to another goroutine by now, or to nobody.
	// Stored by goroutines for themselves, loaded by anybody.
	hints [hints]atomic.Pointer[Record]

	// seats are records without a table, for some of the goroutines that Sit.
	seats [hints]Record

	// watchers counts those who look at frames of other goroutines. Added to by them before and after; an owner that has
	// taken a frame out of force loads it before it empties the frame. All of these are sequentially consistent: either
	// the owner sees a watcher who may have seen the frame, or that one sees that the frame is no longer in force.
	watchers atomic.Int64

	// loose counts the loose records. Added to before an insert and after a remove, loaded by anybody.
	loose atomic.Int64
}

// Init makes m ready to use.
func (m *Map) Init() {
	for i := range m.shards {
		m.shards[i].table.Store(nothing)
	}
	for i := range m.hints {
		m.seats[i].frame.Store(gone)
		m.hints[i].Store(&m.seats[i])
	}
}

// Hint returns a record that belongs to the goroutine with that id if it says so itself, by Is: most do. Otherwise Find
// is to be asked. It is on the path of Get, and inlined there.
func (m *Map) Hint(id uint64) *Record { return m.hints[id%hints].Load() }

// Is reports whether the record belongs to the running goroutine, whose id this is. It may be at rest or evicted.
func (r *Record) Is(id uint64) bool { return r.id.Load() == id }

// Find returns the record of the running goroutine, whose id this is, or nil. It takes no lock. The record may be at rest
// or evicted. Another goroutine's record may pass to a third at any moment: use Of.
func (m *Map) Find(id uint64) *Record {
	if r := m.Hint(id); r.Is(id) {
		return r
	}
	return m.Search(id)
}

// Search is Find where there is no hint, and leaves one: so that a goroutine in a long scope gets its own back which
// another has taken meanwhile. Get does not, where ids are read fast: two that share a hint would write to it in turn.
func (m *Map) Search(id uint64) *Record {
	r := m.Probe(id)
	if r != nil {
		m.hint(id, r)
	}
	return r
}

// Probe is Search without leaving anything. The number of steps is bounded, so that no sequence of writes can keep a
// reader here.
func (m *Map) Probe(id uint64) *Record {
	if r := m.seat(id); r.Is(id) {
		return r
	}
	if s := m.shard(id).table.Load().slotOf(id); s != nil {
		if r := s.record.Load(); r != nil && r.Is(id) {
			return r
		}
	}
	return nil
}

// hint lets the running goroutine find its record at once.
func (m *Map) hint(id uint64, r *Record) {
	if h := &m.hints[id%hints]; h.Load() != r {
		h.Store(r)
	}
}

// Watch begins a look at frames of other goroutines: those that are seen until Unwatch do not change before it.
func (m *Map) Watch() { m.watchers.Add(1) }

// Unwatch ends what Watch began.
func (m *Map) Unwatch() { m.watchers.Add(-1) }

// Watched reports whether somebody looks at frames of other goroutines.
func (m *Map) Watched() bool { return m.watchers.Load() != 0 }

// Of calls look with what any goroutine carries, if it carries anything. The frame is not to be kept.
func (m *Map) Of(id uint64, look func(f *frame.Frame)) {
	m.Watch()
	defer m.Unwatch()
	if f := m.of(id); f != nil {
		look(f)
	}
}

// of is Of inside a watch.
func (m *Map) of(id uint64) *frame.Frame {
	if r := m.seat(id); r.Is(id) {
		return r.Frame()
	}
	return m.shard(id).of(id)
}

// Keep makes a frame the owner's spare that has just been taken out of force, unless somebody else may have it.
func (m *Map) Keep(r *Record, f *frame.Frame) {
	if !r.Lent && m.watchers.Load() == 0 && f.Empty() {
		r.Spare = f
	}
}

// Insert adds a record for the running goroutine, which has none or has found that it was evicted. A loose record is one
// that no scope will remove.
func (m *Map) Insert(id uint64, f *frame.Frame, loose bool) *Record {
	if loose {
		m.loose.Add(1)
	}
	r := m.shard(id).insert(id, f, loose)
	m.hint(id, r)
	return r
}

// Take ends the rest of the running goroutine's record with a frame that is not nil. It is false for one that has been
// evicted: its owner has none then.
func (m *Map) Take(id uint64, r *Record, f *frame.Frame) bool {
	if !r.frame.CompareAndSwap(rest, f) {
		return false
	}
	m.hint(id, r)
	return true
}

// Rest leaves the record of the running goroutine for its next scope, or removes it where many goroutines have one, and
// then is false. It is not loose, and its owner is in its outermost scope.
func (m *Map) Rest(id uint64, r *Record) bool {
	if !m.shard(id).table.Load().restful {
		m.Remove(id)
		return false
	}
	r.Depth = 0
	if r.rests < maxRests {
		r.rests++
	}
	r.frame.Store(rest)
	return true
}

// Remove takes out the record of the running goroutine, if there is one.
func (m *Map) Remove(id uint64) bool { return m.remove(id, nil) }

// Drop takes out the record of a goroutine that has exited, if it still carries what it carried then.
func (m *Map) Drop(l Loose) bool { return m.remove(l.ID, l.Frame) }

func (m *Map) remove(id uint64, dropped *frame.Frame) bool {
	removed, loose := m.shard(id).remove(id, dropped)
	if loose {
		m.loose.Add(-1)
	}
	return removed
}

func (m *Map) shard(id uint64) *shard { return &m.shards[id*spread>>shardShift] }

// Loose returns the number of loose records.
func (m *Map) Loose() int64 { return m.loose.Load() }

// A Loose is a goroutine with a loose record, and what it carries.
type Loose struct {
	ID    uint64
	Frame *frame.Frame
}

// AllLoose returns the goroutines that have loose records and carry something. The frames are to be compared; between
// Watch and Unwatch none of them is another one meanwhile.
func (m *Map) AllLoose() []Loose {
	var all []Loose
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		if s.loose > 0 {
			for at, r := range s.table.Load().entries {
				if f := r.Frame(); r.loose && f != nil {
					all = append(all, Loose{at.key.Load(), f})
				}
			}
		}
		s.mu.Unlock()
	}
	return all
}

// All yields each goroutine that carries something, and its frame, which is not to be kept. It holds up none of them for
// longer than a look at one takes: a goroutine that comes or goes meanwhile may be missing or be there, and one that
// stays is yielded once or more.
func (m *Map) All() iter.Seq2[uint64, *frame.Frame] {
	return func(yield func(uint64, *frame.Frame) bool) {
		m.Watch()
		defer m.Unwatch()
		for i := range m.seats {
			r := &m.seats[i]
			id := r.id.Load() // before the frame, see seat.go
			if f := r.Frame(); id != 0 && f != nil && !yield(id, f) {
				return
			}
		}
		for i := range m.shards {
			s := &m.shards[i]
			t := s.table.Load()
			for j := range t.slots {
				id := t.slots[j].key.Load()
				if id == 0 || id == tombstone {
					continue
				}
				if f := s.of(id); f != nil && !yield(id, f) {
					return
				}
			}
		}
	}
}

// Len returns the number of records that are not at rest.
func (m *Map) Len() int {
	n := 0
	for i := range m.seats {
		if !m.seats[i].Is(0) {
			n++
		}
	}
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for _, r := range s.table.Load().entries {
			if r.frame.Load() != rest {
				n++
			}
		}
		s.mu.Unlock()
	}
	return n
}
