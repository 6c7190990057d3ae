package registry

import (
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Slot holds the records of all goroutines whose ids are equal modulo the number of slots.
type Slot struct {
	own Record // the record of one of these goroutines, claimed without the lock

	// table holds the other records. It is nil until the first insert. Stored under mu, loaded
	// without it; its store publishes the cells.
	table atomic.Pointer[Table]

	mu       sync.Mutex
	live     int32     // records in table; guarded by mu
	used     int32     // cells that are not nil; guarded by mu
	unscoped *Unscoped // list of the unscoped records in table; guarded by mu
}

// The pools hold records removed from tables and elements removed from unscoped lists.
var (
	pool         = sync.Pool{New: func() any { return new(Record) }}
	unscopedPool = sync.Pool{New: func() any { return new(Unscoped) }}
)

// Others returns the table, nil before the first insert. It is on the path of Get.
func (s *Slot) Others() *Table { return s.table.Load() }

// Overflow returns the record in the table with an id, or nil. Its goroutine calls it without the
// lock, others with it. A Get asks Others and Find by itself: the compiler inlines each of them,
// and not both in one function.
func (s *Slot) Overflow(id uint64) *Record {
	if t := s.table.Load(); t != nil {
		return t.Find(id)
	}
	return nil
}

// insert adds a record to the table. If f is nil, other goroutines see no frame in it. mu is held.
func (s *Slot) insert(id uint64, f *frame.Frame) *Record {
	r := pool.Get().(*Record)
	r.frame.Store(f)
	r.id.Store(id)
	t := s.table.Load()
	if t == nil || int(s.used) >= t.full() {
		t = s.resize()
	}
	if t.insert(r) {
		s.used++
	}
	s.live++
	return r
}

// remove takes out the record of the running goroutine, whose id this is, if there is one, and
// reports whether it was unscoped. mu is held.
func (s *Slot) remove(id uint64) (unscoped bool) {
	r := s.Overflow(id)
	if r == nil {
		return false
	}
	r.frame.Store(nil)
	unscoped = s.take(r)
	r.Depth, r.Escaped = 0, false
	pool.Put(r)
	return unscoped
}

// take takes r out of the table and reports whether it was unscoped. mu is held.
func (s *Slot) take(r *Record) (unscoped bool) {
	t := s.table.Load()
	s.used -= t.remove(r)
	s.live--
	r.id.Store(0)
	if len(t.cells) > minCells && 8*int(s.live) < len(t.cells) {
		s.resize()
	}
	for at := &s.unscoped; *at != nil; at = &(*at).next {
		if u := *at; u.record == r {
			*at = u.next
			*u = Unscoped{}
			unscopedPool.Put(u)
			return true
		}
	}
	return false
}

// resize publishes a table with the same records, room for more and no tombstones, and returns it.
// mu is held.
func (s *Slot) resize() *Table {
	next := newTable(int(s.live) + 1)
	for r := range s.table.Load().records {
		next.insert(r)
	}
	s.used = s.live
	s.table.Store(next)
	return next
}
