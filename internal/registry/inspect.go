package registry

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
)

// Who looks at other goroutines has to see an id and a frame that belong together, and a frame that
// does not change, though slots change hands and frames are used again without a lock. pins sees to
// both. All loads and stores of pins, id and frame are sequentially consistent, so one of two
// operations in the following pairs sees the other:
//
//	Pin:      pins + 1, then load id, then frame
//	Claim:    id = own, then load pins; if it is not 0, id = 0 and the slot is not used
//	Keep:     frame = another or nil, then load pins; if it is not 0, the old frame is not used again
//
// A goroutine whose id is loaded from a slot after Pin had claimed the slot before it: a later
// claim would have seen pins and stored no frame. When this goroutine releases the slot, it stores
// nil in frame before 0 in id, and no other frame comes after. So a frame that is loaded after an
// id is that goroutine's, or nil. And if an owner did not see pins, its frame was out of force
// before Pin, where nobody finds it any more.
//
// In a table, the slot's lock keeps a record with its owner. model explores all orders of these
// steps.

// Pin begins a look at frames of other goroutines: those that are seen until Unpin do not change
// before it.
func (m *Map) Pin() { m.pins.Add(1) }

// Unpin ends what Pin began.
func (m *Map) Unpin() { m.pins.Add(-1) }

// Pinned reports whether somebody looks at frames of other goroutines right now.
func (m *Map) Pinned() bool { return m.pins.Load() != 0 }

// Of calls look with the frame of any goroutine, if it has one. The frame is not to be kept.
func (m *Map) Of(id uint64, look func(f *frame.Frame)) {
	m.Pin()
	defer m.Unpin()
	if f := m.of(id); f != nil {
		look(f)
	}
}

// of is Of between Pin and Unpin.
func (m *Map) of(id uint64) *frame.Frame {
	s := m.Slot(id)
	if s.own.Is(id) {
		return s.own.Frame()
	}
	s.mu.Lock() // a record in the table stays with its owner
	defer s.mu.Unlock()
	if r := s.Overflow(id); r != nil {
		return r.Frame()
	}
	return nil
}

// All yields each goroutine that has a frame, and the frame, which is not to be kept. It holds up
// none of them for longer than a look at one takes: a goroutine that comes or goes meanwhile may be
// missing or be there, and one that stays is yielded once or more.
func (m *Map) All() iter.Seq2[uint64, *frame.Frame] {
	return func(yield func(uint64, *frame.Frame) bool) {
		m.Pin()
		defer m.Unpin()
		for i := range m.slots {
			s := &m.slots[i]
			id := s.own.id.Load() // before frame
			if f := s.own.Frame(); id != 0 && f != nil && !yield(id, f) {
				return
			}
			for r := range s.table.Load().records {
				id := r.id.Load()
				if f := m.of(id); id != 0 && f != nil && !yield(id, f) {
					return
				}
			}
		}
	}
}
