package carrier

import (
	"iter"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/registry"
)

// A Carrier holds the frame in force on each goroutine, nil where there is none. The zero Carrier is ready to use.
//
// This one keeps them in a map by goroutine id, so a new goroutine starts with none.
type Carrier[F any] struct {
	goroutines registry.Map[F]
	sweeper    sweeper
}

// Frame returns the frame in force on the running goroutine. It is the path of Get.
func (c *Carrier[F]) Frame() *F {
	if r := c.goroutines.Find(goroutine.ID()); r != nil {
		return r.Frame()
	}
	return nil
}

// A Place is the running goroutine as a Carrier knows it, looked up once for what a scope needs at its start and at its
// end. It is valid on its own goroutine until the scope in which it was taken ends.
type Place[F any] struct {
	id     uint64
	record *registry.Record[F] // nil when the goroutine carries nothing and has no open scope
}

// Here returns the running goroutine's place.
func (c *Carrier[F]) Here() Place[F] {
	id := goroutine.ID()
	return Place[F]{id, c.goroutines.Find(id)}
}

// Goroutine returns the id of the place's goroutine.
func (p Place[F]) Goroutine() uint64 { return p.id }

// Frame returns the frame in force at the place.
func (p Place[F]) Frame() *F {
	if p.record == nil {
		return nil
	}
	return p.record.Frame()
}

// Begin opens a scope with the frame f. End must follow on the same goroutine, in reverse order of the Begins.
func (c *Carrier[F]) Begin(p Place[F], f *F) {
	switch {
	case p.record != nil:
		p.record.Depth++
		p.record.SetFrame(f)
	case f != nil:
		c.goroutines.Insert(p.id, f, false).Depth++
	}
}

// End closes the scope that Begin opened at p and puts the frame prev back, which was in force at p before.
// A scope opened where there was no record removes whatever record there is now: its own, or the one of an Enter in it.
func (c *Carrier[F]) End(p Place[F], prev *F) {
	if p.record == nil {
		c.goroutines.Remove(p.id)
		return
	}
	p.record.Depth--
	p.record.SetFrame(prev)
}

// Set changes the frame in force at p without opening a scope. Outside of any scope, a nil frame leaves nothing behind
// and another one stays until it is replaced or its goroutine is found to have exited.
func (c *Carrier[F]) Set(p Place[F], f *F) {
	switch {
	case p.record == nil && f != nil:
		c.goroutines.Insert(p.id, f, true)
		c.noteLoose()
	case p.record == nil:
	case f == nil && p.record.Depth == 0:
		c.goroutines.Remove(p.id)
	default:
		p.record.SetFrame(f)
	}
}

// Inherits reports whether a plain go statement here would start a goroutine with the frame f, which is in force or
// captured.
func (c *Carrier[F]) Inherits(f *F) bool { return f == nil }

// Of returns the frame in force on another goroutine, nil when there is none or it is not known.
func (c *Carrier[F]) Of(id uint64) *F {
	f, _ := c.goroutines.Of(id)
	return f
}

// All yields the goroutines that carry a frame. It holds up none of them.
func (c *Carrier[F]) All() iter.Seq2[uint64, *F] {
	return func(yield func(uint64, *F) bool) {
		for id, f := range c.goroutines.All() {
			if f != nil && !yield(id, f) {
				return
			}
		}
	}
}

// Len returns the number of goroutines that carry a frame or have a scope open.
func (c *Carrier[F]) Len() int { return c.goroutines.Len() }
