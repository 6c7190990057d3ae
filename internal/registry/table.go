package registry

import "sync/atomic"

// A Table is an open-addressed array of records. Writers hold the slot's lock; owners read without
// it. A slot replaces its table when that runs full or empty. An owner that searches the old table
// still finds its record there: the old table does not change any more.
type Table struct {
	// cells has a power of two elements, at least one of them nil. A search begins at an id's home
	// and ends at nil.
	//
	//	nil, tombstone -> record    insert, after the record's id and frame
	//	record -> tombstone         remove, where the next cell is not nil
	//	record, tombstone -> nil    remove, where the next cell is nil: no search leads past this cell
	//
	// A search never breaks under a reader: while a record is in cell j, no cell between its home
	// and j becomes nil. A cell becomes nil only if its neighbor is nil, and so on up to j, which
	// is not nil.
	cells []atomic.Pointer[Record]
	mask  uint64 // len(cells) - 1
}

// tombstone stands for a record that was removed where a search may lead through its cell. No
// goroutine has its id.
var tombstone Record

const minCells = 4

// newTable returns a table for n records: from a quarter to half full, unless it is small.
func newTable(n int) *Table {
	size := minCells
	for size < 2*n {
		size *= 2
	}
	return &Table{make([]atomic.Pointer[Record], size), uint64(size) - 1}
}

// full is the number of cells that may be in use before the table is replaced. Then at least 3/8 of
// the cells of a growing table hold records, and a record with its share of the table takes at most
// 32 + 8/(3/8) < 54 bytes.
func (t *Table) full() int { return len(t.cells) / 4 * 3 }

// home returns the cell where the search for an id begins, before it is cut to the table's size:
// Fibonacci hashing (Knuth, TAOCP 6.4). The ids of one slot are spaced evenly; so are their homes,
// which keeps searches shorter than random placement would.
func home(id uint64) uint64 { return id * 0x9E3779B97F4A7C15 >> 32 }

// Find returns the record with an id, or nil. It is on the path of Get.
func (t *Table) Find(id uint64) *Record {
	cells, mask := t.cells, t.mask
	for i := home(id); ; i++ {
		r := cells[i&mask].Load()
		if r == nil {
			return nil
		}
		if r.Is(id) {
			return r
		}
	}
}

// insert puts a record that is not in the table into the first cell without one, and reports
// whether that cell was nil.
func (t *Table) insert(r *Record) (wasNil bool) {
	for i := home(r.id.Load()); ; i++ {
		c := &t.cells[i&t.mask]
		if in := c.Load(); in == nil || in == &tombstone {
			c.Store(r)
			return in == nil
		}
	}
}

// remove takes a record that is in the table out of it and returns how many cells became nil.
func (t *Table) remove(r *Record) (freed int32) {
	i := home(r.id.Load())
	for t.cells[i&t.mask].Load() != r {
		i++
	}
	t.cells[i&t.mask].Store(&tombstone)
	if t.cells[(i+1)&t.mask].Load() != nil {
		return 0
	}
	for ; t.cells[i&t.mask].Load() == &tombstone; i-- { // tombstones before a nil lead nowhere
		t.cells[i&t.mask].Store(nil)
		freed++
	}
	return freed
}

// records yields the records of a table, which may be nil. Without the slot's lock, records that
// are inserted or removed meanwhile may be among them.
func (t *Table) records(yield func(*Record) bool) {
	if t == nil {
		return
	}
	for i := range t.cells {
		if r := t.cells[i].Load(); r != nil && r != &tombstone && !yield(r) {
			return
		}
	}
}
