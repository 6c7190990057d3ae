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

// A Map holds the records of all goroutines. Init comes before anything else.
type Map struct {
	shards [shards]shard

	// loose counts the loose records. Added to before an insert and after a remove, loaded by anybody.
	loose atomic.Int64
}

// Init makes m ready to use.
func (m *Map) Init() {
	for i := range m.shards {
		m.shards[i].table.Store(nothing)
	}
}

// Find returns the record of the running goroutine, whose id this is, or nil. It takes no lock and writes nothing. The
// record may be at rest or evicted. Another goroutine's record may pass to a third at any moment: use Of.
func (m *Map) Find(id uint64) *Record {
	if r, known := m.First(id); known {
		return r
	}
	return m.Probe(id)
}

// First is Find where the slot at which the probe begins says it all, as most do, and small enough to be inlined in the
// path of Get. Otherwise it is not known, and Probe is to be asked.
func (m *Map) First(id uint64) (r *Record, known bool) {
	hash := id * spread
	slots := m.shards[hash>>shardShift].table.Load().slots
	s := &slots[int(hash>>homeShift)&(len(slots)-1)]
	key := s.key.Load()
	if key == id {
		return s.record.Load(), true
	}
	return nil, key == 0
}

// Probe is Find, not inlined. The number of steps is bounded, so that no sequence of writes can keep a reader here.
func (m *Map) Probe(id uint64) *Record {
	if s := m.shard(id).table.Load().slotOf(id); s != nil {
		return s.record.Load()
	}
	return nil
}

// Of returns what any goroutine carries and whether it has a record that is not at rest; one that is being evicted from
// its rest may count as one in which nothing is set. It takes no lock.
func (m *Map) Of(id uint64) (f *frame.Frame, ok bool) {
	s := m.shard(id)
	for {
		if f, ok, current := s.of(s.table.Load(), id); current {
			return f, ok
		}
	}
}

// Insert adds a record for the running goroutine, which has none or has found that it was evicted. A loose record is one
// that no scope will remove.
func (m *Map) Insert(id uint64, f *frame.Frame, loose bool) *Record {
	if loose {
		m.loose.Add(1)
	}
	return m.shard(id).insert(id, f, loose)
}

// Rest leaves the record of the running goroutine for its next scope, or removes it where many goroutines have one. It
// is not loose, and its owner is in its outermost scope.
func (m *Map) Rest(id uint64, r *Record) {
	if !m.shard(id).table.Load().restful {
		m.Remove(id)
		return
	}
	r.Depth = 0
	if r.rests < maxRests {
		r.rests++
	}
	r.frame.Store(&rest)
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

// AllLoose returns the goroutines that have loose records and carry something.
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

// All yields each goroutine that has a record and what it carries, nil included. It takes no lock: a goroutine that
// comes or goes meanwhile may be missing or be there, and one that stays is yielded once or more.
func (m *Map) All() iter.Seq2[uint64, *frame.Frame] {
	return func(yield func(uint64, *frame.Frame) bool) {
		for i := range m.shards {
			t := m.shards[i].table.Load()
			for j := range t.slots {
				id := t.slots[j].key.Load()
				if id == 0 || id == tombstone {
					continue
				}
				if f, ok := m.Of(id); ok && !yield(id, f) {
					return
				}
			}
		}
	}
}

// Len returns the number of records that are not at rest.
func (m *Map) Len() int {
	n := 0
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for _, r := range s.table.Load().entries {
			if r.frame.Load() != &rest {
				n++
			}
		}
		s.mu.Unlock()
	}
	return n
}
