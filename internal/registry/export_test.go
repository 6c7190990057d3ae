package registry

// Table gives tests one table without the shard around it, small and with colliding ids if they like.
type Table = table

var (
	NewTable  = newTable
	Tombstone = tombstone
)

// Collide returns n ids of one shard whose probes begin at the same slot in a table of that size.
func Collide(n, size int) []uint64 {
	t, ids := newTable(size), make([]uint64, 0, n)
	for id := uint64(1); len(ids) < n; id++ {
		if id*spread>>shardShift == 7 && t.home(id) == size-2 { // chains wrap around the end
			ids = append(ids, id)
		}
	}
	return ids
}

// OfOneShard returns n ids of one shard, in the order in which goroutines would get them.
func OfOneShard(n int) []uint64 {
	ids := make([]uint64, 0, n)
	for id := uint64(1); len(ids) < n; id++ {
		if id*spread>>shardShift == 7 {
			ids = append(ids, id)
		}
	}
	return ids
}

// MaxResting is how many records at rest there may be in a shard, all of which had scopes open at one moment.
const MaxResting = 13 * restfulSlots / 16

// NewMap returns a map ready to use.
func NewMap() *Map {
	m := new(Map)
	m.Init()
	return m
}

// Resting is the number of records at rest.
func (m *Map) Resting() (n int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		for _, r := range s.table.Load().entries {
			if r.frame.Load() == rest {
				n++
			}
		}
		s.mu.Unlock()
	}
	return n
}

// Evict is what a shard that runs full does to a record.
func (r *Record) Evict() bool { return r.evict() }

// EvictAll is what happens to a shard that runs full.
func (m *Map) EvictAll(id uint64) {
	s := m.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if t := s.table.Load(); t != nothing {
		s.evictAll()
		s.resize(len(t.slots))
	}
}

// LetRest ends a shard's time in which no record comes to rest.
func (m *Map) LetRest() {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		if s.restless > 0 {
			s.restless = 0
			s.resize(len(s.table.Load().slots))
		}
		s.mu.Unlock()
	}
}

// PutInPlaceOf puts another goroutine's record where id's is.
func (m *Map) PutInPlaceOf(id uint64, r *Record) { m.shard(id).table.Load().slotOf(id).record.Store(r) }

// Hold keeps the goroutine's shard locked until release is called.
func (m *Map) Hold(id uint64) (release func()) {
	m.shard(id).mu.Lock()
	return m.shard(id).mu.Unlock
}

// Slots is the number of slots in all tables and how many of them are tombstones.
func (m *Map) Slots() (slots, tombstones int) {
	for i := range m.shards {
		s := &m.shards[i]
		s.mu.Lock()
		if t := s.table.Load(); t != nothing {
			slots += len(t.slots)
		}
		tombstones += s.tombstones
		s.mu.Unlock()
	}
	return
}

// Check verifies what the comments in table.go and shard.go promise.
func (m *Map) Check() string {
	for i := range m.seats {
		r := &m.seats[i]
		if r.Is(0) && (r.frame.Load() != gone || r.Depth != 0 || r.Lent || r.loose) {
			return "a free seat that holds something"
		}
	}
	for i := range m.shards {
		if msg := m.shards[i].check(); msg != "" {
			return msg
		}
	}
	return ""
}

func (s *shard) check() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	if t == nothing {
		if s.live != 0 || s.tombstones != 0 || s.loose != 0 {
			return "counters without a table"
		}
		return ""
	}
	var live, tombs, loose, empty int
	records := map[*Record]bool{}
	for i := range t.slots {
		key, r := t.slots[i].key.Load(), t.slots[i].record.Load()
		if r != nil && records[r] {
			return "one record in two slots"
		}
		records[r] = true
		if key == 0 || key == tombstone {
			if key == 0 {
				empty++
			} else {
				tombs++
			}
			if r != nil && (r.frame.Load() != gone || r.id.Load() != 0 || r.Spare != nil ||
				r.Depth != 0 || r.rests != 0 || r.loose) {
				return "a record of nobody that holds something"
			}
			continue
		}
		live++
		if r == nil {
			return "a key without a record"
		}
		if r.id.Load() != key {
			return "a record with another's id"
		}
		if r.loose {
			loose++
		}
		if r.frame.Load() == rest && (r.Depth != 0 || r.loose || len(t.slots) > restfulSlots) {
			return "at rest where it should not be"
		}
		if t.slotOf(key) != &t.slots[i] {
			return "an entry that its probe does not reach"
		}
	}
	switch {
	case live != s.live || tombs != s.tombstones || loose != s.loose:
		return "counters differ from the table"
	case empty == 0:
		return "no empty slot"
	case 16*(live+tombs) > 13*len(t.slots), live+tombs > s.full:
		return "too full"
	case len(t.slots) > restfulSlots && 16*live <= len(t.slots):
		return "not given back"
	}
	return ""
}

// Steps is the number of slots that a probe looks at, on average over all entries.
func (m *Map) Steps() float64 {
	steps, entries := 0, 0
	for i := range m.shards {
		t := m.shards[i].table.Load()
		for j := range t.slots {
			if key := t.slots[j].key.Load(); key != 0 && key != tombstone {
				steps += (j-t.home(key))&(len(t.slots)-1) + 1
				entries++
			}
		}
	}
	return float64(steps) / float64(entries)
}

func FindIn(t *Table, id uint64) *Record {
	if s := t.slotOf(id); s != nil {
		return s.record.Load()
	}
	return nil
}

func InsertIn(t *Table, id uint64, r *Record) {
	s, _ := t.claim(id)
	s.record.Store(r)
	s.key.Store(id)
}

func RemoveIn(t *Table, id uint64) { t.remove(id) }
func KeyIn(t *Table, i int) uint64 { return t.slots[i].key.Load() }
