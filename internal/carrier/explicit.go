package carrier

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

// The way by id: the frame in force on a goroutine stands in a registry, and a new goroutine is not in it.

// goroutines holds the frame in force on each goroutine. A goroutine that is not in it has none, so a new one starts
// with none.
var goroutines registry.Map

func hereExplicit() Cursor {
	id := goroutine.ID()
	r := goroutines.Hint(id)
	if !r.Is(id) {
		if r = goroutines.Search(id); r == nil {
			return Cursor{id: id}
		}
	}
	return Cursor{id: id, record: r, frame: r.Frame()}
}

func frameExplicit(c Cursor) *frame.Frame {
	if c.record != nil {
		c.record.Lent = true
	}
	return c.frame
}

func withExplicit(c Cursor, b frame.Binding) *frame.Frame { return own(c, c.frame.With(b, spare(c))) }

func copyExplicit(c Cursor, n int) *frame.Frame { return own(c, c.frame.Copy(n, spare(c))) }

// spare returns the frame that the goroutine has to use again, nil without one.
func spare(c Cursor) *frame.Frame {
	if c.record == nil {
		return nil
	}
	return c.record.Spare
}

// own returns f, which is no spare any more.
func own(c Cursor, f *frame.Frame) *frame.Frame {
	if c.record != nil && c.record.Spare == f {
		c.record.Spare = nil
	}
	return f
}

func runExplicit(c Cursor, f *frame.Frame, own bool, fn func()) {
	r, previous, id := c.record, c.frame, c.id
	switch {
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
	if own {
		lent, r.Lent = r.Lent, false
	}
	defer func() {
		switch {
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

func startExplicit(f *frame.Frame, fn func()) {
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

func setExplicit(c Cursor, f *frame.Frame) {
	held := c.record != nil && c.record.Held()
	switch {
	case held && (f != nil || c.record.Depth > 0):
		c.record.SetFrame(f)
	case held:
		goroutines.Remove(c.id)
	case f != nil:
		if c.record != nil { // at rest or evicted: a loose record is one that was inserted as such
			goroutines.Remove(c.id)
		}
		goroutines.Insert(c.id, f, true)
		noteLoose()
	}
}

func inheritsExplicit(f *frame.Frame) bool { return f == nil }

func ofExplicit(id uint64, look func(f *frame.Frame)) { goroutines.Of(id, look) }

func allExplicit() iter.Seq2[uint64, *frame.Frame] { return goroutines.All() }

func lenExplicit() int { return goroutines.Len() }
