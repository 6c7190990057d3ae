package registry

import (
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

const minSlots = 8

// A shard is one part of the map. table is alone on its cache lines: every reader loads it, and mu and the counters
// change with each insert.
type shard struct {
	// table is nothing until the first insert and after the last remove of a table that had grown. Stored under mu,
	// loaded by anybody; its store publishes the slots.
	table atomic.Pointer[table]
	_     [120]byte

	mu         sync.Mutex
	live       int // entries; guarded by mu
	tombstones int // guarded by mu
	loose      int // entries that no scope removes; guarded by mu
	_          [96]byte
}

func (s *shard) insert(id uint64, f *frame.Frame, loose bool) *Record {
	s.mu.Lock()
	s.reserve()
	at, tombstoned := s.table.Load().claim(id)
	r := at.record.Load()
	if r == nil {
		r = new(Record)
		at.record.Store(r)
	}
	r.frame.Store(f)
	r.loose = loose
	at.key.Store(id)
	s.live++
	if tombstoned {
		s.tombstones--
	}
	if loose {
		s.loose++
	}
	s.mu.Unlock()
	return r
}

// reserve makes room for one more entry. At most 13/16 of the slots are in use: the table doubles then, so that at
// least 13/32 are, and a record with its share of the table takes at most 16 + 16/(13/32) < 56 bytes. s.mu is held.
func (s *shard) reserve() {
	t := s.table.Load()
	switch {
	case 16*(s.live+s.tombstones+1) <= 13*len(t.slots):
	case 16*(s.live+1) > 10*len(t.slots):
		s.resize(max(minSlots, 2*len(t.slots)))
	default: // a sixth of it are tombstones: same size, without them
		s.resize(len(t.slots))
	}
}

// remove takes out the record of id, if there is one. Where its owner is dead, the record is not used again: nothing
// orders the owner's last write of Depth before the next owner's first.
func (s *shard) remove(id uint64, dead bool) (removed, loose bool) {
	s.mu.Lock()
	t := s.table.Load()
	at, tombstones := t.remove(id)
	if at == nil {
		s.mu.Unlock()
		return false, false
	}
	s.tombstones += tombstones
	s.live--
	r := at.record.Load()
	loose = r.loose
	if loose {
		s.loose--
	}
	r.frame.Store(nil)
	if dead {
		at.record.Store(nil)
	} else {
		r.Depth, r.loose = 0, false
	}
	s.shrink(len(t.slots))
	s.mu.Unlock()
	return true, loose
}

// shrink gives memory back once seven slots of eight are empty. s.mu is held.
func (s *shard) shrink(size int) {
	switch {
	case size <= minSlots || 8*s.live > size:
	case s.live == 0:
		s.table.Store(nothing)
		s.tombstones = 0
	default:
		s.resize(size / 2)
	}
}

// resize publishes a table of another size with the same entries and no tombstones. s.mu is held.
func (s *shard) resize(size int) {
	next := newTable(size)
	slots := s.table.Load().slots
	for i := range slots {
		if key := slots[i].key.Load(); key != 0 && key != tombstone {
			at, _ := next.claim(key)
			at.record.Store(slots[i].record.Load())
			at.key.Store(key)
		}
	}
	s.tombstones = 0
	s.table.Store(next)
}
