package carrier

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
	"github.com/ambient-go/ambient/internal/registry"
)

// This file is the API. Each operation asks for the mode once and goes on in explicit.go or inherited.go, which have
// one function each for it.

// How this program finds the frame of the running goroutine.
const (
	byID      = iota // in a registry, by an id that is read from runtime.g
	bySlowID         // in a registry, by an id that is parsed from the stack's text
	inherited        // in a field of runtime.g, which a new goroutine gets from its creator
)

// mode is one of them. It is set once, before main, and only read afterwards.
var mode uint8 = byID

func init() {
	goroutines.Init()
	switch {
	case carried():
		mode = inherited
	case !goroutine.Fast():
		mode = bySlowID
	}
}

// Inherited reports whether a plain go statement starts a goroutine with its creator's frame.
func Inherited() bool { return mode == inherited }

// Frame returns the frame in force on the running goroutine, nil where nothing is set.
func Frame() *frame.Frame {
	if mode == inherited {
		return frameInherited()
	}
	return frameExplicit(hereExplicit())
}

// Value returns the value of a storage in the frame in force on the running goroutine and true, or the storage's default
// and false. It is Find of the storage's key in that frame, flat: the path of Get is this function, and the assembly that
// reads g. It panics for a nil s, in the name of its only caller.
func Value(s *frame.Storage) (any, bool) {
	if s == nil {
		panic("gls.Storage.Get: called on a nil *Storage")
	}
	if !s.Used() {
		return s.Default(), false
	}
	var f *frame.Frame
	switch mode {
	case byID:
		id := goroutine.FastID()
		r := goroutines.Hint(id)
		if !r.Is(id) {
			if r = goroutines.Probe(id); r == nil {
				return missed(s)
			}
		}
		f = r.Sought()
	case inherited:
		f = self().load()
	default:
		f = hereExplicit().frame
	}
	if f == nil {
		return missed(s)
	}
	if b := f.First(); s.Has(b.Key) {
		return b.Value, true
	}
	if k := s.Key(); k != nil {
		if b := f.Other(k); b != nil {
			return b.Value, true
		}
	}
	return missed(s)
}

// missed is the end of a Get that finds nothing. It lets who watches see that.
func missed(s *frame.Storage) (any, bool) {
	if w := inspect.Misses.Load(); w != nil {
		(*w)(s)
	}
	return s.Default(), false
}

// A Cursor is the running goroutine, looked up once for what a change of its frame needs. It is valid until the next
// change on its goroutine.
type Cursor struct {
	id     uint64           // 0 where goroutines carry their frames
	record *registry.Record // nil there, and where there is none; at rest or evicted, perhaps
	state  *state           // nil where goroutines do not carry their frames
	frame  *frame.Frame
}

// Here returns the running goroutine's cursor.
func Here() Cursor {
	if mode == inherited {
		return hereInherited()
	}
	return hereExplicit()
}

// Goroutine returns the id of the cursor's goroutine.
func (c Cursor) Goroutine() uint64 {
	if c.id == 0 {
		return goroutine.ID()
	}
	return c.id
}

// Frame returns the frame in force at the cursor, to keep for as long as one likes.
func (c Cursor) Frame() *frame.Frame {
	if mode == inherited {
		c.state.escape()
		return c.frame
	}
	return frameExplicit(c)
}

// With returns the frame in force at the cursor with b in it, for RunOwn.
func (c Cursor) With(b frame.Binding) *frame.Frame {
	if mode == inherited {
		return withInherited(c, b)
	}
	return withExplicit(c, b)
}

// WithIn returns the frame f with b in it, for RunOwn at the cursor.
func (c Cursor) WithIn(f *frame.Frame, b frame.Binding) *frame.Frame {
	c.frame = f
	return c.With(b)
}

// Copy returns a copy of the frame in force at the cursor with room for n more entries, for RunOwn.
func (c Cursor) Copy(n int) *frame.Frame {
	if mode == inherited {
		return copyInherited(c, n)
	}
	return copyExplicit(c, n)
}

// Run calls fn with the frame f in force and puts the one at c back, which is the running goroutine's, by a deferred
// call alone: a panic is not recovered, so its value, its stack and the crash output stay as they are.
func Run(c Cursor, f *frame.Frame, fn func()) {
	if mode == inherited {
		runInherited(c, f, false, fn)
		return
	}
	runExplicit(c, f, false, fn)
}

// RunOwn is Run with a frame from c.With or c.Copy, which nobody else has. It is used again after fn if nobody got it
// meanwhile: by Frame, or as one who looks at other goroutines.
func RunOwn(c Cursor, f *frame.Frame, fn func()) {
	if mode == inherited {
		runInherited(c, f, true, fn)
		return
	}
	runExplicit(c, f, true, fn)
}

// Start is Run on a goroutine that has just started and exits after fn. The frame is nil only where goroutines carry
// theirs.
func Start(f *frame.Frame, fn func()) {
	if mode == inherited {
		startInherited(f, fn)
		return
	}
	startExplicit(f, fn)
}

// Enter puts the frame f in force at c without a function to run, until Leave. Outside of any scope, it stays until it is
// replaced, or its goroutine exits and, unless goroutines carry their frames, is found to have exited. What it returns
// is for Leave.
func Enter(c Cursor, f *frame.Frame) *frame.Lender {
	if mode == inherited {
		return enterInherited(c, f)
	}
	setExplicit(c, f)
	return nil
}

// Leave puts the frame f in force at c again. Outside of any scope, a nil frame leaves nothing behind.
func Leave(c Cursor, f *frame.Frame, lent *frame.Lender) {
	if mode == inherited {
		leaveInherited(c, f, lent)
		return
	}
	setExplicit(c, f)
}

// Inherits reports whether a plain go statement here would start a goroutine with the frame f.
func Inherits(f *frame.Frame) bool {
	if mode == inherited {
		return inheritsInherited(f)
	}
	return inheritsExplicit(f)
}

// Ended reports whether the running goroutine inherited the storage's value from a scope that has ended since.
func Ended(s *frame.Storage) bool { return mode == inherited && endedInherited(s) }

// Of calls look with the frame in force on another goroutine, unless there is none. The frame is not to be kept.
func Of(id uint64, look func(f *frame.Frame)) {
	if mode == inherited {
		ofInherited(id, look)
		return
	}
	ofExplicit(id, look)
}

// All yields the goroutines that carry a frame, and the frame, which is not to be kept. It holds up none of them for
// longer than a look at one takes.
func All() iter.Seq2[uint64, *frame.Frame] {
	if mode == inherited {
		return allInherited()
	}
	return allExplicit()
}

// Len returns the number of goroutines that carry a frame or, where there is a record of it, have a scope open.
func Len() int {
	if mode == inherited {
		return lenInherited()
	}
	return lenExplicit()
}
