package registry

import "github.com/ambient-go/ambient/internal/frame"

// A goroutine that is started with a frame, runs one function and exits adds a record and removes it, and nothing else:
// two turns at its shard's lock. Most of them take a seat instead, a record that has a fixed place and no table around
// it, and is claimed by one compare and swap. Whoever finds the seat with its number taken adds a record as others do.
//
// Who looks at other goroutines has to see an id and a frame that belong together, though seats change hands without a
// lock. So nobody sits down while somebody watches: a claim counts only if there was no watcher after it. In a watch,
// whoever has a seat has had it since before; when that one leaves, the frame is gone before the id is, and no frame
// comes after it: a frame that is read after an id is that goroutine's, or gone. All of these operations are sequentially
// consistent.

// Sit gives the running goroutine, which has no record, a seat and a frame that is not nil. It is nil where the seat is
// taken: Insert a record then.
func (m *Map) Sit(id uint64, f *frame.Frame) *Record {
	r := m.seat(id)
	if !r.id.CompareAndSwap(0, id) {
		return nil
	}
	if m.watchers.Load() != 0 {
		r.id.Store(0)
		return nil
	}
	r.frame.Store(f)
	m.hint(id, r)
	return r
}

// Rise frees the seat of the running goroutine. Its Spare stays for the next one there.
func (m *Map) Rise(r *Record) {
	r.Depth, r.Lent = 0, false
	r.frame.Store(gone)
	r.id.Store(0)
}

func (m *Map) seat(id uint64) *Record { return &m.seats[id%hints] }
