package registry

import (
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

const (
	minSlots = 8

	// maxFree bounds the records that a shard keeps for reuse. It serves programs that open and close outermost scopes
	// in turn, a server's connections for one; bursts beyond it allocate.
	maxFree = 32
)

// A shard is one part of the map. table is alone on its cache lines: every reader loads it, and mu and the counters
// change with each insert.
type shard struct {
	// table is nothing until the first insert and after the last remove of a table that had grown. Stored under mu,
	// loaded by anybody; its store publishes the slots.
	table atomic.Pointer[table]
	_     [120]byte

	mu         sync.Mutex
	live       int       // entries; guarded by mu
	tombstones int       // guarded by mu
	loose      int       // entries that no scope removes; guarded by mu
	free       []*Record // at most maxFree, ids 0, frames nil; guarded by mu
	_          [72]byte
}

func (s *shard) insert(id uint64, f *frame.Frame, loose bool) *Record {
	s.mu.Lock()
	r := s.record()
	r.frame.Store(f)
	r.id.Store(id)
	r.loose = loose
	s.reserve()
	if s.table.Load().insert(id, r) {
		s.tombstones--
	}
	s.live++
	if loose {
		s.loose++
	}
	s.mu.Unlock()
	return r
}

// record takes a free record or makes one. s.mu is held.
func (s *shard) record() *Record {
	if n := len(s.free); n > 0 {
		r := s.free[n-1]
		s.free = s.free[:n-1]
		return r
	}
	return new(Record)
}

// reserve makes room for one more entry. At most 13/16 of the slots are in use: the table doubles then, so that at
// least 13/32 are, and a record with its share of the table takes at most 24 + 16/(13/32) < 64 bytes. s.mu is held.
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

func (s *shard) remove(id uint64) (removed, loose bool) {
	s.mu.Lock()
	t := s.table.Load()
	r, tombstones := t.remove(id)
	if r == nil {
		s.mu.Unlock()
		return false, false
	}
	s.tombstones += tombstones
	s.live--
	loose = r.loose
	if loose {
		s.loose--
	}
	s.release(r)
	s.shrink(len(t.slots))
	s.mu.Unlock()
	return true, loose
}

// release drops what r holds and keeps it for reuse. s.mu is held.
func (s *shard) release(r *Record) {
	r.id.Store(0)
	r.frame.Store(nil)
	r.Depth = 0
	if len(s.free) < maxFree {
		s.free = append(s.free, r)
	}
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
			next.insert(key, slots[i].record.Load())
		}
	}
	s.tombstones = 0
	s.table.Store(next)
}
