package frame

import "sync"

// An Enter is one call of Storage.Enter, identified by its address. It heads the list of the Enters
// beneath it that have not been left: of the same storage, on the same goroutine, in the same
// scope. Leave searches this list to tell an open scope from one that has been left. Frames share
// lists, and so do goroutines that share a frame, but only the list's own goroutine follows it.
type Enter struct {
	goroutine uint64 // immutable
	outer     *Enter // cut to nil by trim; read and written on goroutine alone
	depth     int    // at least the number of Enters beneath it; immutable

	// lender is set only in the mark of a Lender, which is no call of Enter and has no other field;
	// immutable.
	lender *Lender
}

// maxEnters is the number of unfinished Enters of one storage that a goroutine remembers at least.
// A program that enters for each job of a long-lived worker and never leaves would collect them
// without end.
const maxEnters = 64

// NewEnter returns an Enter on top of the list outer, or alone if outer is another goroutine's.
func NewEnter(goroutine uint64, outer *Enter) *Enter {
	if outer == nil || outer.goroutine != goroutine {
		e := nextEnter()
		e.goroutine = goroutine
		return e
	}
	e := &Enter{goroutine: goroutine, outer: outer, depth: outer.depth + 1}
	if e.depth >= 2*maxEnters {
		e.depth = e.trim()
	}
	return e
}

// trim cuts the list to its first maxEnters Enters and returns that number.
func (e *Enter) trim() int {
	for range maxEnters - 1 {
		e = e.outer
	}
	e.outer = nil
	return maxEnters
}

// Includes reports whether target is in the list. It does not follow another goroutine's list,
// which that goroutine may cut right now.
func (e *Enter) Includes(target *Enter) bool {
	for ; e != nil; e = e.outer {
		if e == target {
			return true
		}
		if e.goroutine != target.goroutine {
			return false
		}
	}
	return false
}

// A block holds the next sixteen Enters that have none beneath them, so that such an Enter
// allocates a block one time in sixteen. A reference to an Enter keeps its block of 520 bytes
// alive, and no value. Enters that have others beneath them are allocated one by one: in blocks,
// Enters that have been left would keep the blocks of the Enters beneath them alive, without end.
type block struct {
	enters [16]Enter
	used   int
}

var blocks sync.Pool // of *block with at least one Enter unused

func nextEnter() *Enter {
	b, _ := blocks.Get().(*block)
	if b == nil {
		b = new(block)
	}
	e := &b.enters[b.used]
	b.used++
	if b.used < len(b.enters) {
		blocks.Put(b)
	}
	return e
}

// Outside returns the frame for a goroutine that runs a snapshot of f: with the same values, and
// without the goroutine's own Enters and the marks of Lenders. Those Enters are open where the
// snapshot was taken, not where it runs; and what was captured stays when the scope ends that it
// was inherited from.
func (f *Frame) Outside(goroutine uint64) *Frame {
	if f == nil || f.more == nil {
		return f // no Enter bound anything in it
	}
	for e := range f.entries {
		if e.Entered != nil && (e.Entered.goroutine == goroutine || e.Entered.lender != nil) {
			next := newFrame(1+len(f.others()), nil)
			for e := range f.entries {
				next.Put(Entry{Binding: e.Binding})
			}
			return next
		}
	}
	return f
}
