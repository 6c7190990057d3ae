package registry

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
)

// A reader that inspects other goroutines must see an id and a frame that belong together, and a
// frame that does not change, though slots change hands and frames are used again without a lock.
// The counter pins ensures both. All loads and stores of pins, id and frame are sequentially
// consistent, so one of two operations in the following pairs sees the other:
//
//	Pin:      pins + 1, then load id, then frame
//	Claim:    id = own, then load pins; if it is not 0, id = 0 and the slot is not used
//	Keep:     frame = another or nil, then load pins; if it is not 0, the old frame is not used again
//
// If a reader loads an id from a slot after Pin, that goroutine had claimed the slot before Pin: a
// later claim would have seen pins and stored no frame. When this goroutine releases the slot, it
// stores nil in frame before 0 in id, and no other frame comes after. So a frame that is loaded
// after an id is that goroutine's, or nil. And if an owner did not see pins, its frame was out of
// force before Pin, so no reader finds it any more.
//
// In a table, the slot's lock keeps a record with its owner. Package model explores all orders of
// these steps.

// Pin begins an inspection of other goroutines. Frames that are loaded before Unpin do not change
// before it.
func (m *Map) Pin() { m.pins.Add(1) }

// Unpin ends the inspection.
func (m *Map) Unpin() { m.pins.Add(-1) }

// Pinned reports whether a goroutine inspects others right now.
func (m *Map) Pinned() bool { return m.pins.Load() != 0 }

// Of calls look with the frame of any goroutine, if it has one. look must not keep the frame.
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

// All yields each goroutine that has a frame, and the frame, which the caller must not keep. It
// holds up none of them for longer than a look at one takes. A goroutine that comes or goes
// meanwhile may be missing or be there. A goroutine that stays is yielded once or more.
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
