package registry

import (
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

const (
	minSlots = 8

	// restfulSlots is the size up to which records may come to rest in a table. Such a table is kept at most a quarter
	// full unless more than half of that have scopes open, which is 32 records at rest and 2,048 in all shards. Denser
	// ones were in the way of others: a new goroutine's slot was taken, so that its Get took half as long again, and
	// goroutines that came and went left tombstones. Records are evicted from tables up to four times as large, where
	// they get when an owner saw the table smaller than it is by now.
	restfulSlots = 128

	// restless is for how many inserts no record comes to rest in a shard after most of those at rest were evicted
	// without having been taken up: their goroutines have exited, or there are too many. An evicted record costs an
	// allocation, about twice what is saved each time that one is taken up.
	restless = 32 * restfulSlots
)

// A shard is one part of the map. table is alone on its cache lines: readers without a hint load it, and mu and the
// counters change with each insert.
type shard struct {
	// table is nothing until the first insert and again when a remove empties a table that had grown. Stored under mu,
	// loaded by anybody; its store publishes the slots.
	table atomic.Pointer[table]
	_     [120]byte

	mu         sync.Mutex
	live       int // entries, at rest or not; guarded by mu
	tombstones int // guarded by mu
	loose      int // entries that no scope removes; guarded by mu
	full       int // entries and tombstones with which the table is replaced before the next insert; guarded by mu
	restless   int // inserts until records may come to rest again; guarded by mu
	_          [80]byte
}

func (s *shard) insert(id uint64, f *frame.Frame, loose bool) *Record {
	s.mu.Lock()
	t := s.table.Load()
	if s.live+s.tombstones >= s.full {
		s.reserve()
		t = s.table.Load()
	}
	at, tombstoned := t.claim(id)
	r := at.record.Load()
	if r == nil {
		r = newRecord()
		at.record.Store(r)
	}
	r.frame.Store(f)
	r.id.Store(id)
	r.loose = loose
	at.key.Store(id)
	s.live++
	if tombstoned {
		s.tombstones--
	}
	if loose {
		s.loose++
	}
	if s.restless > 0 {
		if s.restless--; s.restless == 0 {
			s.resize(len(t.slots))
		}
	}
	s.mu.Unlock()
	return r
}

// of is Map.Of. The lock keeps the record that goroutine's.
func (s *shard) of(id uint64) *frame.Frame {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at := s.table.Load().slotOf(id); at != nil {
		return at.record.Load().Frame()
	}
	return nil
}

// reserve makes room for one more entry once s.full slots are in use. A large table doubles unless a sixth of it is free
// then, so that at least 10/32 are entries, and a record with its share of the table takes at most 32 + 16/(10/32) < 84
// bytes. s.mu is held.
func (s *shard) reserve() {
	size := len(s.table.Load().slots)
	s.evict()
	if size < restfulSlots || 16*(s.live+1) > 10*size {
		size = max(minSlots, 2*size)
	} // otherwise the same size, without tombstones and what was evicted
	s.resize(size)
}

// evict takes what is at rest out of a table of the size at which that is due, or a bit more. A new table must follow.
// s.mu is held.
func (s *shard) evict() {
	if size := len(s.table.Load().slots); size < restfulSlots || size > 4*restfulSlots {
		return
	}
	if evicted, rests := s.evictAll(); rests < 3*evicted { // each was taken up once less
		s.restless = restless
	}
}

// evictAll takes out what is at rest and returns how many records that are, and how often they have come to rest. The
// slots are free in the new table that must follow, and not in this one: here, the owner may be between its loads of key
// and record, and must meet its own. s.mu is held.
func (s *shard) evictAll() (evicted, rests int) {
	for at, r := range s.table.Load().entries {
		if r.evict() {
			at.key.Store(tombstone)
			s.live--
			evicted++
			rests += int(r.rests)
		}
	}
	return evicted, rests
}

// remove takes out the record of id, if there is one. With a frame, its owner is dead and it is taken out if that is
// what it carries. Then the record is not used again: nothing orders the owner's last write of Depth before the next
// owner's first.
func (s *shard) remove(id uint64, dropped *frame.Frame) (removed, loose bool) {
	s.mu.Lock()
	t := s.table.Load()
	if dropped != nil {
		if at := t.slotOf(id); at == nil || !at.record.Load().frame.CompareAndSwap(dropped, gone) {
			s.mu.Unlock()
			return false, false
		}
	}
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
	r.frame.Store(gone)
	r.id.Store(0)
	if dropped != nil {
		at.record.Store(nil)
	} else {
		r.Spare, r.Depth, r.rests, r.loose = nil, 0, 0, false
	}
	if len(t.slots) > minSlots && 16*s.live <= len(t.slots) {
		s.shrink()
	}
	s.mu.Unlock()
	return true, loose
}

// shrink gives memory back, called once fifteen slots of sixteen hold no entry. s.mu is held.
func (s *shard) shrink() {
	if s.live == 0 {
		s.table.Store(nothing)
		s.tombstones, s.full = 0, 0
		return
	}
	s.evict()
	s.resize(len(s.table.Load().slots) / 2)
}

// resize publishes a table of another size with the same entries, no tombstones, and for its free slots the records that
// are nobody's. s.mu is held.
func (s *shard) resize(size int) {
	t, next := s.table.Load(), newTable(size)
	next.restful = size <= restfulSlots && s.restless == 0
	for old, r := range t.entries {
		key := old.key.Load()
		at, _ := next.claim(key)
		at.record.Store(r)
		at.key.Store(key)
	}
	for i := range min(size, len(t.slots)) {
		r, free := t.free(i), &next.slots[i].record
		if r != nil && free.Load() == nil {
			free.Store(r)
		}
	}
	s.tombstones = 0
	s.full = 13 * size / 16
	if next.restful {
		s.full = min(s.full, max(size/4, 2*s.live))
	}
	s.table.Store(next)
}
