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

	// keys holds the keys of the values that were set in the scope; nil until the scope has ended,
	// and if it ended with its goroutine. Stored before ended.
	keys *[]*Key

	// outer is the scope around an Enter's, if that is in the same Run and has lent too. Only the
	// scope's goroutine reads and writes it.
	outer *Lender
}

// Inside returns a Lender for an Enter in the scope l. Of more than maxEnters scopes the outermost
// ends: otherwise a goroutine that enters, starts another one and never leaves would collect them
// without end. f is the frame in force.
func (l *Lender) Inside(f *Frame) *Lender {
	innermost := &Lender{outer: l}
	for range maxEnters - 1 {
		if l.outer == nil {
			return innermost
		}
		l = l.outer
	}
	l.outer = l.outer.End(f, nil)
	return innermost
}

// End marks the scope as ended, and the scopes around it up to until, which stays as it is. It
// returns until, or nil if until is not around l: then all have ended. f is the last frame that was
// in force. The scope's goroutine calls End, once. A nil Lender has lent nothing.
func (l *Lender) End(f *Frame, until *Lender) *Lender {
	if l == nil || l == until {
		return l
	}
	var keys []*Key
	for e := range f.entries {
		keys = append(keys, e.Key)
	}
	for l != nil && l != until {
		outer := l.outer
		l.keys, l.outer = &keys, nil
		l.ended.Store(1)
		l = outer
	}
	return l
}

// EndedWith reports whether the scope has ended and the storage is known to have been set in it.
func (l *Lender) EndedWith(s *Storage) bool {
	return l != nil && l.Ended() && l.keys != nil &&
		slices.ContainsFunc(*l.keys, func(k *Key) bool { return k.Storage == s })
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
