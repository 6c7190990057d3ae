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
// and false. It is Find of the storage's key in that frame, flat: the path of Get is this function, and the assembly that
// reads g. It panics for a nil s, in the name of its only caller.
//
//go:nosplit
func Value(s *frame.Storage) (any, bool) {
	if s == nil {
		panic("gls.Storage.Get: called on a nil *Storage")
	}
	if !s.Used() {
		return s.Default(), false
	}
	if mode != byID {
		if mode != inherited {
			return valueIn(s, hereElsewhere().frame)
		}
		f := load()
		if f == nil {
			return s.Default(), false
		}
		if b := f.First(); s.Has(b.Key) {
			return b.Value, true
		}
		return valueIn(s, f)
	}
	id := goroutine.FastID()
	r := goroutines.Hint(id)
	if !r.Is(id) {
		if r = goroutines.Probe(id); r == nil {
			return s.Default(), false
		}
	}
	if b := r.Sought().First(); s.Has(b.Key) {
		return b.Value, true
	}
	if k := s.Key(); k != nil {
		if b := r.Sought().Other(k); b != nil {
			return b.Value, true
		}
	}
	return s.Default(), false
}

// valueIn returns the storage's value in a frame, or its default.
func valueIn(s *frame.Storage, f *frame.Frame) (any, bool) {
	if k := s.Key(); k != nil {
		if b := f.Find(k); b != nil {
			return b.Value, true
		}
	}
	return s.Default(), false
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
		return hereElsewhere()
	}
	id := goroutine.FastID()
	r := goroutines.Hint(id)
	if !r.Is(id) {
		if r = goroutines.Search(id); r == nil {
			return Place{id: id}
		}
	}
	return Place{id, r, r.Frame()}
}

// hereElsewhere is Here where goroutines carry their frames, or have no fast id.
func hereElsewhere() Place {
	if mode == inherited {
		return Place{frame: load()}
	}
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

// Frame returns the frame in force at the place, to keep for as long as one likes.
func (p Place) Frame() *frame.Frame {
	if p.record != nil {
		p.record.Lent = true
	}
	return p.frame
}

// With returns the frame in force at the place with b in it, for RunOwn.
func (p Place) With(b frame.Binding) *frame.Frame {
	return p.own(p.frame.With(b, p.spare()))
}

// Copy returns a copy of the frame in force at the place with room for n more entries, for RunOwn.
func (p Place) Copy(n int) *frame.Frame {
	return p.own(p.frame.Copy(n, p.spare()))
}

func (p Place) spare() *frame.Frame {
	if p.record == nil {
		return nil
	}
	return p.record.Spare
}

func (p Place) own(f *frame.Frame) *frame.Frame {
	if p.record != nil && p.record.Spare == f {
		p.record.Spare = nil
	}
	return f
}

// Run calls fn with the frame f in force and puts the one at p back, which is the running goroutine's, by a deferred
// call alone: a panic is not recovered, so its value, its stack and the crash output stay as they are.
func Run(p Place, f *frame.Frame, fn func()) { run(p, f, false, fn) }

// RunOwn is Run with a frame from p.With or p.Copy, which nobody else has. It is used again after fn if nobody got it
// meanwhile: by Frame, or as one who looks at other goroutines.
func RunOwn(p Place, f *frame.Frame, fn func()) { run(p, f, true, fn) }

func run(p Place, f *frame.Frame, own bool, fn func()) {
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
		if r == nil || !goroutines.Take(id, r, f) {
			r = goroutines.Insert(id, f, false)
		}
		r.Depth++
	}
	lent := false
	if own && r != nil {
		lent, r.Lent = r.Lent, false
	}
	defer func() {
		switch {
		case id == 0:
			store(previous)
			return
		case !r.Is(id): // the sweeper took this goroutine for dead: what there is by now was set inside
			goroutines.Remove(id)
			return
		case r.Depth == 1 && previous == nil: // not one that an Enter made: then there was its value
			if !goroutines.Rest(id, r) {
				return
			}
		default:
			r.Depth--
			r.SetFrame(previous)
		}
		if own {
			goroutines.Keep(r, f)
			r.Lent = lent
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
	if r := goroutines.Sit(id, f); r != nil {
		r.Depth++
		defer goroutines.Rise(r)
	} else {
		goroutines.Insert(id, f, false).Depth++
		defer goroutines.Remove(id)
	}
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

// Of calls look with the frame in force on another goroutine, unless there is none or it is not known. Where goroutines
// carry their frames, it is not known. The frame is not to be kept.
func Of(id uint64, look func(f *frame.Frame)) { goroutines.Of(id, look) }

// All yields the goroutines that carry a frame, and the frame, which is not to be kept. It holds up none of them for
// longer than a look at one takes.
func All() iter.Seq2[uint64, *frame.Frame] {
	if mode == inherited {
		return each
	}
	return goroutines.All()
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
