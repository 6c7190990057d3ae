package carrier

import (
	"iter"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
	"github.com/ambient-go/ambient/internal/registry"
)

// This file is the API. Each operation asks for the mode once and calls its counterpart in
// explicit.go or inherited.go.

// How this program finds the frame of the running goroutine.
const (
	unsettled = iota // not decided: nothing has been set since the program started
	byID             // in a registry, by an id that is read from runtime.g
	bySlowID         // in a registry, by an id that is parsed from the stack's text
	inherited        // in a field of runtime.g, which a new goroutine gets from its creator
)

// mode is one of these ways. It is inherited before main starts, or settled once, before the first
// record of a goroutine is made. Every operation loads it.
var mode atomic.Uint32

func init() {
	if carried() {
		mode.Store(inherited)
	}
}

// settle decides how ids are read. The check takes a few goroutines and a tenth of a millisecond. A
// program that imports this package and sets nothing does not pay for it.
func settle() {
	switch {
	case mode.Load() != unsettled:
	case goroutine.Fast():
		mode.Store(byID)
	default:
		mode.Store(bySlowID)
	}
}

// Inherited reports whether a plain go statement starts a goroutine with its creator's frame.
func Inherited() bool { return mode.Load() == inherited }

// Frame returns the frame in force on the running goroutine, nil where nothing is set.
func Frame() *frame.Frame {
	switch mode.Load() {
	case unsettled:
		return nil
	case inherited:
		return frameInherited()
	}
	return frameExplicit(goroutines.Lookup(goroutine.ID()))
}

// Value returns the value of a storage in the frame in force on the running goroutine and true, or
// the storage's default and false. It panics for a nil s, in the name of its only caller.
//
// It is Find of the storage's key in that frame, flat: where that binding is the frame's first, Get
// is this function and the assembly that reads g. The mark nosplit saves the check of the stack:
// Get takes 0.66 of context.Value instead of 0.74 (the mean of eight layouts of the program,
// -ldflags=-randlayout). The linker grants nosplit functions 792 bytes of stack. Without
// optimization each inlined call takes some of them, so what is rare stands in functions of its
// own, and make flags links such programs. One kind does not link: -gcflags=all=-N together with
// -covermode=atomic and a -coverpkg that includes this package. With "-N -l" it does.
//
// The conditions are nested because the compiler turns && around these into a flag and one more
// jump.
//
//go:nosplit
func Value(s *frame.Storage) (any, bool) {
	if s != nil {
		if s.Used() {
			m := mode.Load()
			if m == byID {
				id := goroutine.FastID()
				r := goroutines.Own(id)
				if r.Is(id) {
					f := r.InForce()
					if b := f.First(); s.Has(b.Key) {
						return b.Value, true
					}
					return valueIn(s, f)
				}
				return valueInTable(s, id)
			}
			if m == inherited {
				if f := self().load(); f != nil {
					if b := f.First(); s.Has(b.Key) {
						return b.Value, true
					}
					return valueIn(s, f)
				}
			}
		}
	}
	return valueElse(s)
}

// valueIn is Value for the frame f, which is not nil.
//
//go:noinline
func valueIn(s *frame.Storage, f *frame.Frame) (any, bool) {
	if k := s.Key(); k != nil {
		if b := f.Find(k); b != nil {
			return b.Value, true
		}
	}
	return missed(s)
}

// valueInTable is Value on the goroutine with that id, which does not have its slot's own record.
//
//go:noinline
func valueInTable(s *frame.Storage, id uint64) (any, bool) {
	if t := goroutines.Slot(id).Others(); t != nil {
		if r := t.Find(id); r != nil {
			f := r.InForce()
			if b := f.First(); s.Has(b.Key) {
				return b.Value, true
			}
			return valueIn(s, f)
		}
	}
	return missed(s)
}

// valueElse is Value where nothing is set, where ids are read slowly, and for a nil s.
//
//go:noinline
func valueElse(s *frame.Storage) (any, bool) {
	if s == nil {
		panic("gls.Storage.Get: called on a nil *Storage")
	}
	if s.Used() && mode.Load() == bySlowID {
		return valueIn(s, orNothing(hereExplicit().frame))
	}
	return missed(s)
}

// missed is the end of a Get that finds nothing. A watcher of misses sees it.
func missed(s *frame.Storage) (any, bool) {
	if w := inspect.Misses.Load(); w != nil {
		(*w)(s)
	}
	return s.Default(), false
}

// A Cursor is the running goroutine, looked up once for what a change of its frame needs. It is
// valid until the next change on its goroutine.
type Cursor struct {
	id     uint64           // 0 where goroutines carry their frames, and from Open
	record *registry.Record // nil where there is none
	state  *state           // nil where goroutines do not carry their frames
	frame  *frame.Frame
}

// Here returns the running goroutine's cursor, for Enter and Leave.
func Here() Cursor {
	if mode.Load() == inherited {
		return hereInherited()
	}
	return hereExplicit()
}

// Open returns the running goroutine's cursor for one Run or RunOwn, which must follow.
func Open() Cursor {
	if mode.Load() == inherited {
		return hereInherited()
	}
	r := openExplicit()
	return Cursor{record: r, frame: r.Frame()}
}

// Goroutine returns the id of the cursor's goroutine.
func (c Cursor) Goroutine() uint64 {
	if c.id == 0 {
		return goroutine.ID()
	}
	return c.id
}

// Frame returns the frame in force at the cursor. The caller may keep it.
func (c Cursor) Frame() *frame.Frame {
	if mode.Load() == inherited {
		c.state.escape()
		return c.frame
	}
	return frameExplicit(c.record)
}

// WithIn returns the frame f with b in it, for RunOwn at a cursor of Open.
func (c Cursor) WithIn(f *frame.Frame, b frame.Binding) *frame.Frame {
	if mode.Load() == inherited {
		c.frame = f
		return withInherited(c, b)
	}
	return f.With(b, spare(c.record))
}

// Copy returns a copy of the frame in force at a cursor of Open with room for n more entries, for
// RunOwn.
func (c Cursor) Copy(n int) *frame.Frame {
	if mode.Load() == inherited {
		return copyInherited(c, n)
	}
	return c.frame.Copy(n, spare(c.record))
}

// RunWith calls fn with b in the frame in force. A deferred call puts the frame from before back. A
// panic is not recovered, so its value, its stack and the crash output stay as they are.
func RunWith(b frame.Binding, fn func()) {
	if mode.Load() == inherited {
		c := hereInherited()
		runInherited(c, withInherited(c, b), true, fn)
		return
	}
	r := openExplicit()
	f := r.Frame().With(b, spare(r))
	runExplicit(r, f, f, fn)
}

// Run is RunWith with the frame f in force instead of the frame at c, a cursor of Open.
func Run(c Cursor, f *frame.Frame, fn func()) {
	if mode.Load() == inherited {
		runInherited(c, f, false, fn)
		return
	}
	runExplicit(c.record, orNothing(f), nil, fn)
}

// RunOwn is Run with a frame from c.Copy or c.WithIn, which only this goroutine has. The goroutine
// uses the frame again after fn, unless Frame handed it out or another goroutine inspected frames
// meanwhile. So does RunWith.
func RunOwn(c Cursor, f *frame.Frame, fn func()) {
	if mode.Load() == inherited {
		runInherited(c, f, true, fn)
		return
	}
	runExplicit(c.record, f, f, fn)
}

// StartName is Start's name in the text of a stack.
const StartName = "github.com/ambient-go/ambient/internal/carrier.Start"

// Start is Run on a goroutine that has just started and exits after fn. The frame f is nil only
// where goroutines carry their frames. The stack shows at, the program counter of the call that
// asked for the goroutine, as the first argument: goroutine.Trace.Caller reads it there.
func Start(at uintptr, f *frame.Frame, fn func()) {
	if mode.Load() == inherited {
		startInherited(f, fn)
	} else {
		startExplicit(f, fn)
	}
	show(at)
}

// show keeps at alive during the call before it, so that the stack's text shows at.
//
//go:noinline
func show(at uintptr) { _ = at }

// Enter puts the frame f in force at c, a cursor of Here, without a function to run, until Leave.
// Outside of any scope, f stays in force until it is replaced or its goroutine exits; where
// goroutines do not carry their frames, the sweeper drops it then. Pass the result to Leave.
func Enter(c Cursor, f *frame.Frame) *frame.Lender {
	if mode.Load() == inherited {
		return enterInherited(c, f)
	}
	setExplicit(c, f)
	return nil
}

// Leave puts the frame f in force at c, a cursor of Here, again. Outside of any scope, a nil frame
// leaves nothing behind.
func Leave(c Cursor, f *frame.Frame, lent *frame.Lender) {
	if mode.Load() == inherited {
		leaveInherited(c, f, lent)
		return
	}
	setExplicit(c, f)
}

// Inherits reports whether a plain go statement here would start a goroutine with the frame f.
func Inherits(f *frame.Frame) bool {
	if mode.Load() == inherited {
		return inheritsInherited(f)
	}
	return inheritsExplicit(f)
}

// Ended reports whether the running goroutine inherited the storage's value from a scope that has
// ended since.
func Ended(s *frame.Storage) bool { return mode.Load() == inherited && endedInherited(s) }

// Of calls look with the frame in force on another goroutine, if there is one. look must not keep
// the frame.
func Of(id uint64, look func(f *frame.Frame)) {
	if mode.Load() == inherited {
		ofInherited(id, look)
		return
	}
	ofExplicit(id, look)
}

// All yields the goroutines that carry a frame, and the frame, which the caller must not keep. No
// goroutine waits for longer than a look at it takes.
func All() iter.Seq2[uint64, *frame.Frame] {
	if mode.Load() == inherited {
		return allInherited()
	}
	return allExplicit()
}

// Len returns the number of goroutines that carry a frame.
func Len() int {
	n := 0
	for range All() {
		n++
	}
	return n
}
