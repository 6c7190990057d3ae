package carrier

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

// goroutines holds the frame in force on each goroutine, by its id, where goroutines do not carry it themselves. A
// goroutine that is not in it has none, so a new one starts with none.
var goroutines registry.Map

// How this program finds the frame of the running goroutine.
const (
	byID      = iota // in goroutines, by an id that is read from runtime.g
	bySlowID         // in goroutines, by an id that is parsed from the stack's text
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
func Frame() *frame.Frame { return Here().Frame() }

// Value returns the value of a storage in the frame in force on the running goroutine and true, or the storage's default
// and false. It is Frame().Find(s.Key()), flat: the path of Get is this function, and the assembly that reads g.
// It panics for a nil s, in the name of its only caller.
func Value(s *frame.Storage) (any, bool) {
	if s == nil {
		panic("gls.Storage.Get: called on a nil *Storage")
	}
	k := s.Key()
	if k == nil {
		return s.Default(), false
	}
	var f *frame.Frame
	if mode == byID {
		id := goroutine.FastID()
		r, known := goroutines.First(id)
		if !known {
			r = goroutines.Probe(id)
		}
		if r == nil {
			return s.Default(), false
		}
		f = r.Sought()
	} else {
		if mode != inherited {
			return valueOf(s, Frame().Find(k))
		}
		f = load()
	}
	if f == nil {
		return s.Default(), false
	}
	if b := f.First(); b.Key == k {
		return b.Value, true
	}
	return valueOf(s, f.Other(k))
}

func valueOf(s *frame.Storage, b *frame.Binding) (any, bool) {
	if b == nil {
		return s.Default(), false
	}
	return b.Value, true
}

// A Place is the running goroutine, looked up once for what a change of its frame needs. It is valid until the next
// change on its goroutine.
type Place struct {
	id     uint64           // 0 where goroutines carry their frames
	record *registry.Record // nil there, and where there is none; at rest or evicted, perhaps
	frame  *frame.Frame
}

// Here returns the running goroutine's place.
func Here() Place {
	if mode != byID {
		if mode == inherited {
			return Place{frame: load()}
		}
		return hereBySlowID()
	}
	id := goroutine.FastID()
	r, known := goroutines.First(id)
	if !known {
		r = goroutines.Probe(id)
	}
	if r == nil {
		return Place{id: id}
	}
	return Place{id, r, r.Frame()}
}

func hereBySlowID() Place {
	p := Place{id: goroutine.ID()}
	if p.record = goroutines.Find(p.id); p.record != nil {
		p.frame = p.record.Frame()
	}
	return p
}

// Goroutine returns the id of the place's goroutine.
func (p Place) Goroutine() uint64 {
	if p.id == 0 {
		return goroutine.ID()
	}
	return p.id
}

// Frame returns the frame in force at the place.
func (p Place) Frame() *frame.Frame { return p.frame }

// Run calls fn with the frame f in force and puts the one at p back, which is the running goroutine's, by a deferred
// call alone: a panic is not recovered, so its value, its stack and the crash output stay as they are.
func Run(p Place, f *frame.Frame, fn func()) {
	r, previous, id := p.record, p.frame, p.id
	switch {
	case id == 0:
		store(f)
	case r != nil && (r.Depth > 0 || previous != nil):
		r.Depth++
		r.SetFrame(f)
	case f == nil:
		runUnrecorded(id, fn)
		return
	default:
		if r == nil || !r.Take(f) {
			r = goroutines.Insert(id, f, false)
		}
		r.Depth++
	}
	defer func() {
		switch {
		case id == 0:
			store(previous)
		case r.Depth == 1 && previous == nil: // not one that an Enter made: then there was its value
			goroutines.Rest(id, r)
		default:
			r.Depth--
			r.SetFrame(previous)
		}
	}()
	fn()
}

// runUnrecorded is Run where there is no frame before and none in force: a record that is there at the end is that of an
// Enter in fn.
func runUnrecorded(id uint64, fn func()) {
	defer func() {
		if r := goroutines.Find(id); r != nil && r.Held() {
			goroutines.Remove(id)
		}
	}()
	fn()
}

// Start is Run on a goroutine that has just started and exits after fn. The frame is nil only where goroutines carry
// theirs.
func Start(f *frame.Frame, fn func()) {
	if mode == inherited {
		store(f)
		fn()
		return
	}
	id := goroutine.ID()
	goroutines.Insert(id, f, false).Depth++
	defer goroutines.Remove(id)
	fn()
}

// Set changes the frame in force at p without opening a scope. Outside of any scope, a nil frame leaves nothing behind
// and another one stays until it is replaced, or its goroutine exits and, unless goroutines carry their frames, is found
// to have exited.
func Set(p Place, f *frame.Frame) {
	held := p.record != nil && p.record.Held()
	switch {
	case mode == inherited:
		store(f)
	case held && (f != nil || p.record.Depth > 0):
		p.record.SetFrame(f)
	case held:
		goroutines.Remove(p.id)
	case f != nil:
		if p.record != nil { // at rest or evicted: a loose record is one that was inserted as such
			goroutines.Remove(p.id)
		}
		goroutines.Insert(p.id, f, true)
		noteLoose()
	}
}

// Inherits reports whether a plain go statement here would start a goroutine with the frame f.
func Inherits(f *frame.Frame) bool {
	if mode == inherited {
		return f == load()
	}
	return f == nil
}

// Of returns the frame in force on another goroutine, nil when there is none or it is not known. Where goroutines carry
// their frames, it is not known.
func Of(id uint64) *frame.Frame {
	f, _ := goroutines.Of(id)
	return f
}

// All yields the goroutines that carry a frame. It holds up none of them.
func All() iter.Seq2[uint64, *frame.Frame] {
	if mode == inherited {
		return each
	}
	return func(yield func(uint64, *frame.Frame) bool) {
		for id, f := range goroutines.All() {
			if f != nil && !yield(id, f) {
				return
			}
		}
	}
}

// Len returns the number of goroutines that carry a frame or, where there is a record of it, have a scope open.
func Len() int {
	if mode == inherited {
		n := 0
		for range each {
			n++
		}
		return n
	}
	return goroutines.Len()
}
