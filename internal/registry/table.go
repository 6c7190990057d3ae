package registry

import "sync/atomic"

// tombstone marks a slot whose entry was removed while entries behind it may still be reached through it. It is no
// goroutine's id: ids start at 1 and grow by one.
const tombstone = ^uint64(0)

// A slot is one open-addressed cell. Writers hold shard.mu; readers hold nothing.
type slot struct {
	// key is 0 (nothing here, a probe may stop), tombstone, or a goroutine id.
	//
	//	0, tombstone -> id        insert, after record was stored
	//	id -> tombstone           remove, the next slot is in use
	//	id, tombstone -> 0        remove, the next slot is 0: no chain leads through this one
	//
	// A chain never breaks under a reader: while an id stands in slot j, no slot between its home and j is 0. Such a
	// slot could turn 0 only if its neighbour were 0, and so on up to j, which is not.
	key atomic.Uint64

	// record is stored before key and loaded after it: whoever meets its id meets its record. It is left as it is when
	// the key goes, so a foreign reader checks Record.id.
	record atomic.Pointer[Record]
}

// A table is never resized: its shard publishes another one. Readers of the old one still find themselves in it,
// because only a goroutine itself inserts its id, and removes it while it lives.
type table struct {
	slots []slot // a power of two, at least one of them 0
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

// insert adds an id that is not in the table and reports whether a tombstone was used up. shard.mu is held.
func (t *table) insert(id uint64, r *Record) (reused bool) {
	i := t.home(id)
	for {
		s := &t.slots[i]
		if key := s.key.Load(); key == 0 || key == tombstone {
			s.record.Store(r)
			s.key.Store(id)
			return key == tombstone
		}
		i = (i + 1) & (len(t.slots) - 1)
	}
}

// remove takes an id out and returns its record, nil when it is not there, and by how many the tombstones changed.
// shard.mu is held.
func (t *table) remove(id uint64) (r *Record, tombstones int) {
	mask := len(t.slots) - 1
	i := t.home(id)
	for {
		switch t.slots[i].key.Load() {
		case id:
			r = t.slots[i].record.Load()
			if t.slots[(i+1)&mask].key.Load() != 0 {
				t.slots[i].key.Store(tombstone)
				return r, 1
			}
			t.slots[i].key.Store(0)
			for { // the tombstones before it lead nowhere now
				i = (i - 1) & mask
				if t.slots[i].key.Load() != tombstone {
					return r, tombstones
				}
				t.slots[i].key.Store(0)
				tombstones--
			}
		case 0:
			return nil, 0
		}
		i = (i + 1) & mask
	}
}
