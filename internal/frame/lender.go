package frame

import (
	"slices"
	"sync/atomic"
)

// A Lender is a scope from which goroutines inherited a frame, in a build with inheritance, as they know it. The
// runtime's copy of the type (cmd/ambient/internal/overlay, source/runtime.go.txt, ambientScope) has the same layout.
type Lender struct {
	// ended is 0 until the scope has ended. Stored by its goroutine, loaded by those that inherited.
	ended atomic.Uint32

	// mark is nil until a goroutine that inherited opens a scope of its own. From nil once.
	mark atomic.Pointer[Enter]

	// keys are those of the values that were set in the scope; nil until it has ended. Stored before ended.
	keys *[]*Key
}

// End says that the scope has ended in which f was in force at last. Its goroutine calls it, once. A nil Lender has lent
// nothing.
func (l *Lender) End(f *Frame) {
	if l == nil {
		return
	}
	var keys []*Key
	for e := range f.entries {
		keys = append(keys, e.Key)
	}
	l.keys = &keys
	l.ended.Store(1)
}

// EndedWith reports whether the scope has ended and the storage was set in it.
func (l *Lender) EndedWith(s *Storage) bool {
	return l != nil && l.Ended() && slices.ContainsFunc(*l.keys, func(k *Key) bool { return k.Storage == s })
}

// Ended reports whether the scope has ended.
func (l *Lender) Ended() bool { return l.ended.Load() != 0 }

// marked returns the Enter that stands in an entry for what was inherited from l: one of no goroutine.
func (l *Lender) marked() *Enter {
	if mark := l.mark.Load(); mark != nil {
		return mark
	}
	l.mark.CompareAndSwap(nil, &Enter{lender: l})
	return l.mark.Load()
}

// From returns a frame with the same entries, which say that they were inherited from l. Those that were inherited
// before say so still.
func (f *Frame) From(l *Lender) *Frame {
	if f == nil {
		return nil
	}
	mark := l.marked()
	next := newFrame(1+len(f.others()), nil)
	for e := range f.entries {
		if e.Entered == nil || e.Entered.lender == nil {
			e.Entered = mark
		}
		next.Put(e)
	}
	return next
}

// Owned returns the frame without the entries that were inherited from scopes which have ended: f itself if there are
// none, nil if there are no others.
func (f *Frame) Owned() *Frame {
	owned := f
	for e := range f.entries {
		if e.Entered != nil && e.Entered.lender != nil && e.Entered.lender.Ended() {
			owned = owned.Without(e.Key)
		}
	}
	return owned
}
