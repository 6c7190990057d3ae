package registry

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// slots is the number of slots. Ids are handed out in turn, so while fewer goroutines are in scopes
// at one time, rarely two of them share a slot. A slot takes a cache line.
const slots = 1 << 12

// A Map holds the records of all goroutines. The zero Map is empty.
type Map struct {
	slots [slots]Slot

	// pins counts the goroutines that inspect others right now. See inspect.go.
	pins atomic.Int64

	// unscoped counts the unscoped records. Changed after an insert and after a remove.
	unscoped atomic.Int64
}

// Slot returns the slot for an id. It is on the path of Get.
func (m *Map) Slot(id uint64) *Slot { return &m.slots[id%slots] }

// Own returns the record of the slot for an id that is claimed without the lock. It is on the path
// of Get.
func (m *Map) Own(id uint64) *Record { return &m.slots[id%slots].own }

// Lookup returns the record of the running goroutine, whose id is id, or nil if it has none or the
// sweeper is dropping it right now. It takes no lock.
func (m *Map) Lookup(id uint64) *Record {
	s := m.Slot(id)
	if s.own.Is(id) {
		return &s.own
	}
	if r := s.Overflow(id); r != nil && (r.Depth > 0 || r.Frame() != nil) {
		return r
	}
	return nil
}

// Claim gives the running goroutine, which has no record, one for the length of a scope: the slot's
// own, or a record in the slot's table if another goroutine has the slot's own or pins is not 0.
// The owner calls SetFrame first and Release last.
func (m *Map) Claim(id uint64) *Record {
	s := m.Slot(id)
	if s.own.id.CompareAndSwap(0, id) {
		if m.pins.Load() == 0 { // after id, see inspect.go
			return &s.own
		}
		s.own.id.Store(0)
	}
	s.mu.Lock()
	r := s.insert(id, nil)
	s.mu.Unlock()
	return r
}

// Release gives back the record of Claim. The frame own is the frame in force if its owner made it,
// otherwise nil.
func (m *Map) Release(r *Record, own *frame.Frame) {
	id := r.id.Load()
	r.frame.Store(nil) // before id: a frame that is loaded after an id is that goroutine's or nil
	m.Keep(r, own)
	r.Depth, r.Escaped = 0, false
	s := m.Slot(id)
	if r == &s.own {
		r.id.Store(0)
		return
	}
	s.mu.Lock()
	s.remove(id)
	s.mu.Unlock()
}

// Keep makes own the owner's spare, unless another goroutine may have it. Its owner has made own
// and has just taken it out of force. Keep does nothing for nil.
func (m *Map) Keep(r *Record, own *frame.Frame) {
	if own != nil && !r.Escaped && m.pins.Load() == 0 && own.Empty() { // pins after frame, see inspect.go
		r.Spare = own
	}
}
