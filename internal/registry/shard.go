package registry

import (
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

const (
	minSlots = 8

	// restfulSlots is the size up to which a table may hold records at rest: 208 of them, 13,312 in all shards, about
	// half a megabyte with their slots. Beyond it they are looked for in two sizes more, for owners who saw the table
	// smaller than it is by now.
	restfulSlots = 256
)

// A shard is one part of the map. table is alone on its cache lines: every reader loads it, and mu and the counters
// change with each insert.
type shard struct {
	// table is nothing until the first insert and after the last remove of a table that had grown. Stored under mu,
	// loaded by anybody; its store publishes the slots.
	table atomic.Pointer[table]
	_     [120]byte

	mu         sync.Mutex
	live       int // entries, at rest or not; guarded by mu
	tombstones int // guarded by mu
	loose      int // entries that no scope removes; guarded by mu
	_          [96]byte
}

func (s *shard) insert(id uint64, f *frame.Frame, loose bool) *Record {
	s.mu.Lock()
	t := s.table.Load()
	if 16*(s.live+s.tombstones+1) > 13*len(t.slots) {
		s.reserve()
		t = s.table.Load()
	}
	at, tombstoned := t.claim(id)
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

// reserve makes room for one more entry once 13/16 of the slots are in use: the table doubles then, so that at least
// 13/32 are, and a record with its share of the table takes at most 16 + 16/(13/32) < 56 bytes. s.mu is held.
func (s *shard) reserve() {
	size := len(s.table.Load().slots)
	s.evict()
	if 16*(s.live+1) > 10*size {
		size = max(minSlots, 2*size)
	} // otherwise a sixth of it are tombstones: same size, without them
	s.resize(size)
}

// evict takes what is at rest out of a table that is as large as one may be that holds such. A new table must follow,
// in which its slots are free: here, the owner may be between its loads of key and record, and must meet its own.
// s.mu is held.
func (s *shard) evict() {
	t := s.table.Load()
	if size := len(t.slots); size < restfulSlots || size > 4*restfulSlots {
		return
	}
	for at, r := range t.entries {
		if r.evict() {
			at.key.Store(tombstone)
			s.live--
		}
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
	if len(t.slots) > minSlots && 8*s.live <= len(t.slots) {
		s.shrink()
	}
	s.mu.Unlock()
	return true, loose
}

// shrink gives memory back, called once seven slots of eight are empty. s.mu is held.
func (s *shard) shrink() {
	if s.live == 0 {
		s.table.Store(nothing)
		s.tombstones = 0
		return
	}
	s.evict()
	s.resize(len(s.table.Load().slots) / 2)
}

// resize publishes a table of another size with the same entries and no tombstones. s.mu is held.
func (s *shard) resize(size int) {
	next := newTable(size)
	for old, r := range s.table.Load().entries {
		key := old.key.Load()
		at, _ := next.claim(key)
		at.record.Store(r)
		at.key.Store(key)
	}
	s.tombstones = 0
	s.table.Store(next)
}
