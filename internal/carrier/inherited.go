package carrier

import (
	"iter"
	"runtime"
	"strings"
	"sync/atomic"
	"unsafe"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// The way by field: goroutines carry their frames themselves, and a new goroutine may start with
// its creator's.

// In a program built by ambient build, package runtime defines these variables, with values
// (cmd/ambient/internal/overlay, source/runtime.go.txt). The linker prefers a symbol's definition
// with a value over one without (cmd/internal/ld, loader.go, checked with Go 1.25 to 1.27), so
// elsewhere they are zero variables of this package. No code stores to them.
var (
	// builtFor is the release whose runtime was copied. protocol is the version of these variables
	// and types.
	//
	//go:linkname builtFor runtime.ambientVersion
	builtFor string
	//go:linkname protocol runtime.ambientProtocol
	protocol int

	// selfState returns the running goroutine's *state. newproc1 fills it for a goroutine that
	// inherits; gdestroy clears it.
	//
	//go:linkname selfState runtime.ambientSelf
	selfState func() unsafe.Pointer

	// eachState yields the ids of all goroutines that carry a frame, and their states. By the time
	// a frame is loaded from a state, another goroutine may have the state: ownerOf then returns
	// another id.
	//
	//go:linkname eachState runtime.ambientEach
	eachState func(yield func(id uint64, state unsafe.Pointer) bool)
	//go:linkname ownerOf runtime.ambientOwner
	ownerOf func(state unsafe.Pointer) uint64
)

// knownProtocol is the protocol that this file implements.
const knownProtocol = 3

// carried reports whether goroutines carry their frames. The go command silently ignores an overlay
// for another GOROOT. If a release is replaced in its place, the go command builds it with the
// other release's files. In both cases the overlay cannot be relied on.
func carried() bool {
	return builtFor != "" && builtFor == release(runtime.Version()) && protocol == knownProtocol
}

// release returns a version without the suffix about how the release was built: go1.26.8 of
// "go1.26.8 X:jsonv2".
func release(version string) string {
	version, _, _ = strings.Cut(version, " ")
	version, _, _ = strings.Cut(version, "-X:")
	return version
}

// A state is the part of runtime.g that belongs to ambient. The runtime's copy of the type has the
// same layout. Only its own goroutine reads and writes it, except for frame, which all goroutines
// may load; newproc1 fills it before the goroutine runs.
//
// The methods that touch a state are not instrumented for the race detector: the next goroutine on
// the same g has the same state, and the detector does not see that the runtime orders the two.
type state struct {
	// frame is the frame in force. Its store publishes the frame to All.
	frame unsafe.Pointer

	base  *frame.Lender // the creator's scope; nil on a goroutine that inherited nothing
	lent  *frame.Lender // the innermost scope and those around it in the same Run; nil until one has lent
	spare *frame.Frame  // an empty frame that only this goroutine has; nil without one

	borrowed bool  // frame is the creator's, as newproc1 copied it
	serves   uint8 // not 0 on a goroutine that may work for others than its creator by now
	escaped  bool  // others may have the frame of the innermost scope: a snapshot, say
	signals  uint8 // used by the runtime alone
}

// serving is the bit of serves for a goroutine that may work for others: it has received a value
// since it inherited, say. The other bit says that its creator had: the creator's own inherited
// entries are then marked in its frame.
const serving = 1

func self() *state { return (*state)(selfState()) }

// load returns the frame in force. A goroutine that serves others loses its inherited values once
// the scope that it inherited from has ended. It is on the path of Get.
//
//go:norace
func (s *state) load() *frame.Frame {
	if s.serves != 0 && s.frame != nil {
		s.drop()
	}
	return (*frame.Frame)(s.frame)
}

//go:norace
func (s *state) drop() {
	if s.borrowed && s.serves&serving != 0 && s.base.Ended() {
		s.store(nil)
		s.borrowed = false
		return
	}
	f := (*frame.Frame)(s.frame)
	if owned := f.Owned(); owned != f {
		s.store(owned)
	}
}

func (s *state) store(f *frame.Frame) {
	atomic.StorePointer(&s.frame, unsafe.Pointer(f)) //nolint:gosec // the field's type, a pointer as before
}

// own returns the frame in force, which is not borrowed afterwards: what newproc1 passes on in a
// scope of this goroutine's own is lent by that scope. If the frame is borrowed, own first replaces
// it by a frame of this goroutine's own, in which the inherited entries are marked. drop may have
// left nothing of it.
//
//go:norace
func (s *state) own() *frame.Frame {
	f := s.load()
	if !s.borrowed {
		return f
	}
	s.borrowed = false
	if f != nil {
		f = f.From(s.base)
		s.store(f)
	}
	return f
}

// begin puts f in force for a new scope, and returns the lender and the escaped flag of the scope
// around it, for end.
//
//go:norace
func (s *state) begin(f *frame.Frame) (lent *frame.Lender, escaped bool) {
	lent, escaped = s.lent, s.escaped
	s.lent, s.escaped = nil, false
	s.store(f)
	return lent, escaped
}

// end puts previous in force at the end of a scope, and reports whether only this goroutine has the
// scope's frame.
//
//go:norace
func (s *state) end(previous *frame.Frame, lent *frame.Lender, escaped bool) (unshared bool) {
	now := (*frame.Frame)(s.frame)
	s.store(previous)
	unshared = s.lent == nil && !s.escaped
	s.lent.End(now, nil)
	s.lent, s.escaped = lent, escaped
	return unshared
}

// enter puts f in force for a scope without a function, and returns the lender of the scope around
// it, for leave. That lender stays in the list of s.lent: if nobody leaves, it ends with the Run or
// the goroutine.
//
//go:norace
func (s *state) enter(f *frame.Frame) (lent *frame.Lender) {
	lent = s.lent
	if lent != nil {
		s.lent = lent.Inside((*frame.Frame)(s.frame))
	}
	s.escaped = true // gls.Scope has the frame
	s.store(f)
	return lent
}

// leave puts f in force and ends the scopes in the list of s.lent that are inside of lent. It ends
// all of them if lent is not there: lent has ended with an Enter around this one, and a goroutine
// that started since has inherited this one's value from a scope that is not over.
//
//go:norace
func (s *state) leave(f *frame.Frame, lent *frame.Lender) {
	now := (*frame.Frame)(s.frame)
	s.store(f)
	s.lent = s.lent.End(now, lent)
	s.escaped = true
}

//go:norace
func (s *state) escape() { s.escaped = true }

//go:norace
func (s *state) takeSpare() *frame.Frame {
	spare := s.spare
	s.spare = nil
	return spare
}

//go:norace
func (s *state) keepSpare(f *frame.Frame) { s.spare = f }

func frameInherited() *frame.Frame {
	s := self()
	s.escape()
	return s.load()
}

func hereInherited() Cursor {
	s := self()
	return Cursor{state: s, frame: s.own()}
}

func withInherited(c Cursor, b frame.Binding) *frame.Frame {
	spare := c.state.takeSpare()
	f := c.frame.With(b, spare)
	if f != spare {
		c.state.keepSpare(spare)
	}
	return f
}

func copyInherited(c Cursor, n int) *frame.Frame {
	spare := c.state.takeSpare()
	f := c.frame.Copy(n, spare)
	if f != spare {
		c.state.keepSpare(spare)
	}
	return f
}

func runInherited(c Cursor, f *frame.Frame, own bool, fn func()) {
	s := c.state
	lent, escaped := s.begin(f)
	defer func() {
		// A reader that inspects other goroutines increments pins before it loads frames. This
		// goroutine loads pins after the frame is out of force. One of the two sees the other.
		if s.end(c.frame, lent, escaped) && own && !goroutines.Pinned() && f.Empty() {
			s.keepSpare(f)
		}
	}()
	fn()
}

func startInherited(f *frame.Frame, fn func()) {
	s := self()
	s.reset()
	s.begin(f.Outside(goroutine.ID()))
	defer s.end(nil, nil, false)
	fn()
}

// reset drops all that a goroutine, which has just started, has inherited.
//
//go:norace
func (s *state) reset() { s.base, s.borrowed, s.serves = nil, false, 0 }

func enterInherited(c Cursor, f *frame.Frame) *frame.Lender { return c.state.enter(f) }

func leaveInherited(c Cursor, f *frame.Frame, lent *frame.Lender) { c.state.leave(f, lent) }

//go:norace
func endedInherited(storage *frame.Storage) bool {
	s := self()
	return s.base.EndedWith(storage)
}

// inheritsInherited is for the go statements in package gls, whose goroutines start with nothing,
// as those of other modules do, unless ambient is the main module.
func inheritsInherited(f *frame.Frame) bool { return f == nil && self().load() == nil }

func ofInherited(id uint64, look func(*frame.Frame)) {
	for at, f := range allInherited() {
		if at == id {
			look(f)
			return
		}
	}
}

func allInherited() iter.Seq2[uint64, *frame.Frame] {
	return func(yield func(uint64, *frame.Frame) bool) {
		goroutines.Pin()
		defer goroutines.Unpin()
		eachState(func(id uint64, p unsafe.Pointer) bool {
			f := (*frame.Frame)(atomic.LoadPointer(&(*state)(p).frame))
			return f == nil || ownerOf(p) != id || yield(id, f)
		})
	}
}
