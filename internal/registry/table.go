package registry

import "sync/atomic"

// tombstone marks a slot whose entry was removed while entries behind it may still be reached through it. It is no
// goroutine's id: ids start at 1 and grow by one.
const tombstone = ^uint64(0)

// A slot is one open-addressed cell. Writers hold shard.mu; readers hold nothing.
type slot struct {
	// key is 0 (nothing here, a probe may stop), tombstone, or a goroutine id.
	//
	//	0, tombstone -> id        insert, after record was filled
	//	id -> tombstone           remove, the next slot is in use; or evict
	//	id, tombstone -> 0        remove, the next slot is 0: no chain leads through this one
	//
	// A chain never breaks under a reader: while an id stands in slot j, no slot between its home and j is 0. Such a
	// slot could turn 0 only if its neighbour were 0, and so on up to j, which is not.
	key atomic.Uint64

	// record is nil until the slot is first used, and again after its owner was found dead. Otherwise it is the record
	// of whoever's id is in key, and of nobody while none is. It is stored, and filled, before key. An owner that meets
	// its id still asks the record whose it is: the sweeper may take a living goroutine for dead, one of the runtime's
	// own, and the slot may pass to another between the two loads. Foreign readers hold shard.mu.
	record atomic.Pointer[Record]
}

// A table is never resized: its shard publishes another one. Owners in the old one still find themselves in it, or find
// that they have been evicted or taken for dead.
type table struct {
	slots   []slot // a power of two, at least one of them 0
	restful bool   // whether records may come to rest in it; immutable
}

func newTable(size int) *table {
	return &table{slots: make([]slot, size)}
}

// nothing is the table of a shard without entries. None is ever inserted into it.
var nothing = newTable(1)

// spread turns an id into a hash whose high bits are good: Fibonacci hashing (Knuth, TAOCP 6.4). Ids are handed out in
// runs of 16 to each P; a run lands evenly spaced, which keeps probes shorter than random placement would. The topmost
// bits choose the shard, those from homeShift on the slot where the probe begins.
const (
	spread    = 0x9E3779B97F4A7C15
	homeShift = 24
)

func (t *table) home(id uint64) int { return int(id*spread>>homeShift) & (len(t.slots) - 1) }

// slotOf returns the slot that holds an id, or nil. Anybody may call it.
func (t *table) slotOf(id uint64) *slot {
	i := t.home(id)
	for range t.slots {
		switch s := &t.slots[i]; s.key.Load() {
		case id:
			return s
		case 0:
			return nil
		}
		i = t.next(i)
	}
	return nil
}

// claim finds the slot for an id that is not in the table and reports whether a tombstone lies there. shard.mu is held.
func (t *table) claim(id uint64) (s *slot, tombstoned bool) {
	for i := t.home(id); ; i = t.next(i) {
		s := &t.slots[i]
		if key := s.key.Load(); key == 0 || key == tombstone {
			return s, key == tombstone
		}
	}
}

// remove takes an id out and returns its slot, nil when it is not there, and by how many the tombstones changed.
// shard.mu is held.
func (t *table) remove(id uint64) (s *slot, tombstones int) {
	for i := t.home(id); ; i = t.next(i) {
		s := &t.slots[i]
		switch s.key.Load() {
		case id:
			if t.slots[t.next(i)].key.Load() != 0 {
				s.key.Store(tombstone)
				return s, 1
			}
			s.key.Store(0)
			return s, -t.clear(i)
		case 0:
			return nil, 0
		}
	}
}

// clear turns the tombstones right before slot i, which is 0 now, into 0 as well, and returns their number: they lead
// nowhere.
func (t *table) clear(i int) (n int) {
	for {
		i = (i - 1) & (len(t.slots) - 1)
		if t.slots[i].key.Load() != tombstone {
			return n
		}
		t.slots[i].key.Store(0)
		n++
	}
}

// entries yields the slots that hold an id, and their records. shard.mu is held.
func (t *table) entries(yield func(*slot, *Record) bool) {
	for i := range t.slots {
		s := &t.slots[i]
		if key := s.key.Load(); key != 0 && key != tombstone && !yield(s, s.record.Load()) {
			return
		}
	}
}

// free returns the record of slot i if it is nobody's and may be used again, as one that was evicted may not: those have
// been at rest. shard.mu is held.
func (t *table) free(i int) *Record {
	s := &t.slots[i]
	if key := s.key.Load(); key != 0 && key != tombstone {
		return nil
	}
	if r := s.record.Load(); r != nil && r.rests == 0 {
		return r
	}
	return nil
}

func (t *table) next(i int) int { return (i + 1) & (len(t.slots) - 1) }
