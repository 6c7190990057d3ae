package frame

import "sync"

// An Enter is one call of Storage.Enter, identified by its address, and the head of the list of those beneath it: of
// the same storage, on the same goroutine, in the same scope, not left yet. The list is what tells a scope around the
// one in force from one that has been left. Lists are shared by frames, children's too, but only their own goroutine
// follows them.
type Enter struct {
	goroutine uint64 // immutable
	outer     *Enter // cut to nil by trim; read and written on goroutine alone
	depth     int    // at least the number of those beneath it; immutable

	// lender is nil but in the mark of a Lender, which is no call of Enter and has no other field; immutable.
	lender *Lender
}

// maxEnters is how many unfinished Enters of one storage a goroutine remembers at least. A program that enters for
// each job of a long-lived worker and never leaves would collect them without end.
const maxEnters = 64

// NewEnter returns the head of a list whose rest is outer, if that is this goroutine's.
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

// trim cuts the list after maxEnters Enters and returns that number.
func (e *Enter) trim() int {
	for range maxEnters - 1 {
		e = e.outer
	}
	e.outer = nil
	return maxEnters
}

// Includes reports whether target is in the list. It stops where another goroutine's list begins: that one may be cut
// right now.
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

// A block holds the next few Enters with no other beneath them, so that such an Enter allocates its frame and, one time
// in sixteen, a block. What keeps an Enter keeps its block of 520 bytes, and no value. Enters with others beneath them
// are allocated one by one: in a block, those that have been left would keep the blocks that they refer to, without end.
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

// Outside returns the frame as the goroutine sees it that runs a snapshot: with the same values, and none of its own
// scopes open, which belong to where the snapshot was taken.
func (f *Frame) Outside(goroutine uint64) *Frame {
	if f == nil || f.more == nil {
		return f // no Enter bound anything in it
	}
	for e := range f.entries {
		if e.Entered != nil && e.Entered.goroutine == goroutine {
			next := newFrame(1+len(f.others()), nil)
			for e := range f.entries {
				next.Put(Entry{Binding: e.Binding})
			}
			return next
		}
	}
	return f
}
