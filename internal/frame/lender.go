package frame

import (
	"slices"
	"sync/atomic"
)

// A Lender is a scope from which goroutines inherited a frame, in a build with inheritance. The
// heirs hold it to learn of the scope's end. The runtime's copy of the type
// (cmd/ambient/internal/overlay, source/runtime.go.txt, ambientScope) has the same layout.
type Lender struct {
	// ended is 0 until the scope has ended. The scope's goroutine stores it; the heirs load it.
	ended atomic.Uint32

	// mark is nil until an heir opens a scope of its own. Stored once, from nil.
	mark atomic.Pointer[Enter]

	// keys holds the keys of the values that were set in the scope; nil until the scope has ended.
	// Stored before ended.
	keys *[]*Key
}

// End marks the scope as ended. f is the last frame that was in force in it. The scope's goroutine
// calls End, once. A nil Lender has lent nothing.
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

// marked returns the Enter that marks the entries inherited from l. It belongs to no goroutine.
func (l *Lender) marked() *Enter {
	if mark := l.mark.Load(); mark != nil {
		return mark
	}
	l.mark.CompareAndSwap(nil, &Enter{lender: l})
	return l.mark.Load()
}

// From returns a frame with the same entries, marked as inherited from l. Entries that were
// inherited before keep their mark.
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

// Owned returns the frame without the entries that were inherited from scopes which have ended: f
// itself if there are none, nil if there are no others.
func (f *Frame) Owned() *Frame {
	owned := f
	for e := range f.entries {
		if e.Entered != nil && e.Entered.lender != nil && e.Entered.lender.Ended() {
			owned = owned.Without(e.Key)
		}
	}
	return owned
}
