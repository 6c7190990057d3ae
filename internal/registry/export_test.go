package registry

// Slots is the number of slots.
const Slots = slots

// OfOneSlot returns n ids of one slot, in the order in which goroutines would get them.
func OfOneSlot(n int) []uint64 {
	ids := make([]uint64, n)
	for i := range ids {
		ids[i] = 7 + uint64(i)*slots
	}
	return ids
}

// Collide returns n ids of one slot whose searches begin in the last cell but one of a table of
// that size: they wrap around the end. One id in size is such a one.
func Collide(n, size int) []uint64 {
	t, ids := newTable(size/2), make([]uint64, 0, n)
	for id := uint64(7); len(ids) < n; id += slots {
		if home(id)&t.mask == t.mask-1 {
			ids = append(ids, id)
		}
	}
	return ids
}

// NewTable returns a table of that size.
func NewTable(size int) *Table { return newTable(size / 2) }

// NewRecord returns a record that is in no table.
func NewRecord(id uint64) *Record {
	r := new(Record)
	r.id.Store(id)
	return r
}

func (t *Table) Insert(r *Record)        { t.insert(r) }
func (t *Table) Remove(r *Record)        { t.remove(r) }
func (t *Table) IsTombstone(i int) bool  { return t.cells[i].Load() == &tombstone }
func (t *Table) IsNil(i int) bool        { return t.cells[i].Load() == nil }
func (m *Map) IsOwn(r *Record) bool      { return r == &m.Slot(r.id.Load()).own }
func (r *Record) Free() bool             { return r.id.Load() == 0 && r.frame.Load() == nil }
func (m *Map) Hold(id uint64) (r func()) { m.Slot(id).mu.Lock(); return m.Slot(id).mu.Unlock }

// Len returns the number of records.
func (m *Map) Len() (n int) {
	for i := range m.slots {
		s := &m.slots[i]
		if !s.own.Is(0) {
			n++
		}
		s.mu.Lock()
		n += int(s.live)
		s.mu.Unlock()
	}
	return n
}

// Cells returns the number of cells in all tables, and how many of them are tombstones.
func (m *Map) Cells() (cells, tombstones int) {
	for i := range m.slots {
		s := &m.slots[i]
		s.mu.Lock()
		if t := s.table.Load(); t != nil {
			cells += len(t.cells)
			tombstones += int(s.used - s.live)
		}
		s.mu.Unlock()
	}
	return cells, tombstones
}

// Steps returns the number of cells that a search looks at, on average over all records.
func (m *Map) Steps() float64 {
	steps, records := 0, 0
	for i := range m.slots {
		t := m.slots[i].table.Load()
		for r := range t.records {
			for i := home(r.id.Load()); t.cells[i&t.mask].Load() != r; i++ {
				steps++
			}
			records++
		}
	}
	return 1 + float64(steps)/float64(max(1, records))
}

// Check verifies what comments promise of a map that nobody changes.
func (m *Map) Check() string {
	unscoped := 0
	for i := range m.slots {
		s := &m.slots[i]
		if r := &s.own; r.Is(0) && (r.frame.Load() != nil || r.Depth != 0 || r.Escaped) {
			return "a free record that holds something"
		}
		if msg := s.check(uint64(i)); msg != "" {
			return msg
		}
		for u := s.unscoped; u != nil; u = u.next {
			unscoped++
		}
	}
	if unscoped != int(m.unscoped.Load()) {
		return "the number of unscoped records differs from the lists"
	}
	return ""
}

func (s *Slot) check(index uint64) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	t := s.table.Load()
	if t == nil {
		if s.live != 0 || s.used != 0 || s.unscoped != nil {
			return "counters without a table"
		}
		return ""
	}
	var live, used int
	seen := map[*Record]bool{&s.own: true}
	for i := range t.cells {
		r := t.cells[i].Load()
		if r == nil {
			continue
		}
		used++
		if r == &tombstone {
			continue
		}
		live++
		id := r.id.Load()
		switch {
		case seen[r]:
			return "one record in two places"
		case id == 0 || id%slots != index:
			return "a record of another slot"
		case t.Find(id) != r:
			return "a record that its search does not reach"
		}
		seen[r] = true
	}
	for u := s.unscoped; u != nil; u = u.next {
		if !seen[u.record] || u.record == &s.own || !u.record.Is(u.ID) {
			return "an unscoped record that is not in the table"
		}
	}
	switch {
	case live != int(s.live) || used != int(s.used):
		return "counters differ from the table"
	case used > t.full() || t.full() >= len(t.cells):
		return "too full"
	case len(t.cells) > minCells && 8*live < len(t.cells):
		return "not given back"
	case tombstone.id.Load() != 0 || tombstone.frame.Load() != nil:
		return "a tombstone that holds something"
	}
	return ""
}
