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
		f = r.Frame()
	} else {
		if mode != inherited {
			return valueOf(s, Frame().Find(k))
		}
		f = load()
	}
	if f == nil {
		return s.Default(), false
	}
	if e := f.First(); e.Key == k {
		return e.Value, true
	}
	return valueOf(s, f.Other(k))
}

func valueOf(s *frame.Storage, e *frame.Entry) (any, bool) {
	if e == nil {
		return s.Default(), false
	}
	return e.Value, true
}

// A Place is the running goroutine, looked up once for what a scope needs at its start and at its end. It is valid on
// its own goroutine until the scope in which it was taken ends.
type Place struct {
	id     uint64           // 0 where goroutines carry their frames
	record *registry.Record // nil there, and when the goroutine carries nothing and has no open scope
}

// Here returns the running goroutine's place.
func Here() Place {
	if mode != byID {
		return hereOtherwise()
	}
	id := goroutine.FastID()
	r, known := goroutines.First(id)
	if !known {
		r = goroutines.Probe(id)
	}
	return Place{id, r}
}

func hereOtherwise() Place {
	if mode == inherited {
		return Place{}
	}
	id := goroutine.ID()
	return Place{id, goroutines.Find(id)}
}

// Goroutine returns the id of the place's goroutine.
func (p Place) Goroutine() uint64 {
	if p.id == 0 {
		return goroutine.ID()
	}
	return p.id
}

// Frame returns the frame in force at the place.
func (p Place) Frame() *frame.Frame {
	if p.record != nil {
		return p.record.Frame()
	}
	return p.unrecorded()
}

// unrecorded is not inlined, so that Frame is.
//
//go:noinline
func (p Place) unrecorded() *frame.Frame {
	if mode == inherited {
		return load()
	}
	return nil
}

// Begin opens a scope with the frame f. End must follow on the same goroutine, in reverse order of the Begins.
func Begin(p Place, f *frame.Frame) {
	switch {
	case p.record != nil:
		p.record.Depth++
		p.record.SetFrame(f)
	case mode == inherited:
		store(f)
	case f != nil:
		goroutines.Insert(p.id, f, false).Depth++
	}
}

// End closes the scope that Begin opened at p and puts the frame previous back, which was in force at p before.
// A scope opened where there was no record removes whatever record there is now: its own, or that of an Enter in it.
func End(p Place, previous *frame.Frame) {
	switch {
	case p.record != nil:
		p.record.Depth--
		p.record.SetFrame(previous)
	case mode == inherited:
		store(previous)
	default:
		goroutines.Remove(p.id)
	}
}

// Set changes the frame in force at p without opening a scope. Outside of any scope, a nil frame leaves nothing behind
// and another one stays until it is replaced, or its goroutine exits and, unless goroutines carry their frames, is found
// to have exited.
func Set(p Place, f *frame.Frame) {
	switch {
	case mode == inherited:
		store(f)
	case p.record == nil && f == nil:
	case p.record == nil:
		goroutines.Insert(p.id, f, true)
		noteLoose()
	case f == nil && p.record.Depth == 0:
		goroutines.Remove(p.id)
	default:
		p.record.SetFrame(f)
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
