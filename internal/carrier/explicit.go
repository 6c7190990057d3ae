package carrier

import (
	"iter"

	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

// The way by id: a registry holds the frame in force on each goroutine that has one.

// goroutines is the registry. A new goroutine is not in it and so starts with nothing set.
var goroutines registry.Map

func hereExplicit() Cursor {
	id := goroutine.ID()
	r := goroutines.Lookup(id)
	if r == nil {
		return Cursor{id: id}
	}
	return Cursor{id: id, record: r, frame: r.Frame()}
}

// openExplicit returns the running goroutine's record, and claims one if it has none. A record that
// was just claimed has no frame in force, not even frame.Nothing.
func openExplicit() *registry.Record {
	id := goroutine.ID()
	if r := goroutines.Lookup(id); r != nil {
		return r
	}
	settle()
	return goroutines.Claim(id)
}

func frameExplicit(r *registry.Record) *frame.Frame {
	if r == nil {
		return nil
	}
	r.Escaped = true
	return r.Frame()
}

// spare takes the spare out of the goroutine's record. It is nil if there is none.
func spare(r *registry.Record) *frame.Frame {
	f := r.Spare
	r.Spare = nil
	return f
}

// runExplicit opens a scope in r with the frame f, which is not nil, and closes it after fn. own is
// f if only this goroutine has f, otherwise nil.
func runExplicit(r *registry.Record, f, own *frame.Frame, fn func()) {
	// Put f in force. A record with an open scope, or that was just claimed, is this goroutine's
	// until it releases it. The sweeper may drop an unscoped record if it takes this goroutine for
	// dead, so changing one is a compare-and-swap.
	before, escaped := r.InForce(), r.Escaped
	switch {
	case before == nil || r.Depth > 0:
		r.SetFrame(f)
	case before == frame.Nothing() || !r.Swap(before, f): // dropped since openExplicit
		runExplicit(openExplicit(), f, own, fn)
		return
	}
	r.Depth++
	if own != nil {
		r.Escaped = false // Frame sets it if the frame escapes
	}
	defer func() {
		switch {
		case before == nil: // the outermost scope
			goroutines.Release(r, own)
		case r.Is(0): // dropped meanwhile: the frame in force was set inside this scope
			goroutines.Remove(goroutine.ID())
		default:
			r.Depth--
			r.SetFrame(before)
			if own != nil {
				goroutines.Keep(r, own) // after own is out of force
				r.Escaped = escaped
			}
		}
	}()
	fn()
}

func startExplicit(f *frame.Frame, fn func()) {
	settle()
	r := goroutines.Claim(goroutine.ID())
	r.SetFrame(orNothing(f))
	r.Depth = 1
	defer goroutines.Release(r, nil)
	fn()
}

func setExplicit(c Cursor, f *frame.Frame) {
	r := c.record
	switch {
	case r != nil && r.Depth > 0:
		r.SetFrame(orNothing(f))
	case f == nil:
		goroutines.Remove(c.id)
	case r == nil || !r.Swap(c.frame, f): // dropped since the goroutine looked
		settle()
		goroutines.Insert(c.id, f, goroutine.Self(c.id))
		noteUnscoped()
	}
}

// orNothing returns f as a record holds it.
func orNothing(f *frame.Frame) *frame.Frame {
	if f == nil {
		return frame.Nothing()
	}
	return f
}

func inheritsExplicit(f *frame.Frame) bool { return f == nil }

func ofExplicit(id uint64, look func(f *frame.Frame)) { goroutines.Of(id, look) }

func allExplicit() iter.Seq2[uint64, *frame.Frame] { return goroutines.All() }
