package registry

import (
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// An Unscoped is a record that no scope ends.
type Unscoped struct {
	ID    uint64
	Owner goroutine.Handle
	Frame *frame.Frame // in force when AllUnscoped returned this; nil in a slot's list

	record *Record
	next   *Unscoped
}

// Insert gives the running goroutine, which has no record, one that no scope ends: an unscoped
// record. The owner calls Remove, or exits, and the sweeper calls Drop.
func (m *Map) Insert(id uint64, f *frame.Frame, owner goroutine.Handle) {
	u := unscopedPool.Get().(*Unscoped)
	s := m.Slot(id)
	s.mu.Lock()
	*u = Unscoped{ID: id, Owner: owner, record: s.insert(id, f), next: s.unscoped}
	s.unscoped = u
	s.mu.Unlock()
	m.unscoped.Add(1)
}

// Remove takes out the record that Insert made for the running goroutine, if it was not dropped.
func (m *Map) Remove(id uint64) {
	s := m.Slot(id)
	s.mu.Lock()
	unscoped := s.remove(id)
	s.mu.Unlock()
	if unscoped {
		m.unscoped.Add(-1)
	}
}

// Unscoped returns the number of unscoped records.
func (m *Map) Unscoped() int64 { return m.unscoped.Load() }

// AllUnscoped returns the unscoped records of goroutines that have a frame. The caller may only
// compare the frames. Between Pin and Unpin no frame's address is used for another frame.
func (m *Map) AllUnscoped() (all []Unscoped) {
	for i := range m.slots {
		s := &m.slots[i]
		if s.table.Load() == nil {
			continue
		}
		s.mu.Lock()
		for u := s.unscoped; u != nil; u = u.next {
			if f := u.record.Frame(); f != nil {
				all = append(all, Unscoped{ID: u.ID, Owner: u.Owner, Frame: f})
			}
		}
		s.mu.Unlock()
	}
	return all
}

// Drop removes the unscoped record of a goroutine that has exited, if it still has the frame
// u.Frame. The record is not used again: nothing orders the owner's last write of Depth before the
// next owner's first.
func (m *Map) Drop(u Unscoped) bool {
	s := m.Slot(u.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	for l := s.unscoped; l != nil; l = l.next {
		if l.ID == u.ID && l.record.Swap(u.Frame, frame.Nothing()) {
			s.take(l.record)
			m.unscoped.Add(-1)
			return true
		}
	}
	return false
}
