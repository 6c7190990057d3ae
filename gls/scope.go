package gls

import (
	"sync"

	"github.com/ambient-go/ambient/internal/inspect"
)

// A Scope is the stretch of code from an Enter to its Leave. It is a value of a few words; copies of it are the same
// scope. Leaving the zero Scope does nothing.
type Scope struct {
	goroutine uint64
	key       *key
	entered   *entered
	previous  *frame // in force before Enter
	frame     *frame // in force right after it
}

// Enter sets the storage until the Scope is left, or until the enclosing Run, Exit, Snapshot.Run or function started by
// Go ends. It is state of the goroutine, not of the function that calls it: without Leave, the caller sees the value
// too. On a goroutine with no enclosing scope that is for as long as the goroutine runs. Prefer Run, or
//
//	defer storage.Enter(value).Leave()
func (s *Storage[T]) Enter(value T) Scope {
	if s == nil {
		panicNil("Enter")
	}
	return enter(s.ensure(), value)
}

func enter(k *key, value any) Scope {
	here := ambient.Here()
	previous := here.Frame()
	by := newEntered(here.Goroutine(), previous.of(k).entered)
	next := previous.with(entry{key: k, value: value, entered: by})
	ambient.Set(here, next)
	scope := Scope{here.Goroutine(), k, by, previous, next}
	if w := inspect.Scopes.Load(); w != nil {
		w.Entered(scope.report())
	}
	return scope
}

// Leave puts back what the storage was at Enter, whatever was entered on it since and not left. It is a no-op for a
// scope that has been left, directly or by leaving one around it, and after the enclosing Run, Exit, Snapshot.Run or
// function started by Go has ended. It never brings back a value that has been left. Inside a Run or Exit that began
// after Enter it holds until that returns, which puts back the whole frame from before.
//
// It panics on a goroutine other than the one that entered, and changes nothing then. Of more than 64 scopes of one
// storage that are entered and not left on a goroutine, the oldest may be forgotten: Leave is a no-op for them.
func (s Scope) Leave() {
	if s.key == nil {
		return
	}
	here := ambient.Here()
	if here.Goroutine() != s.goroutine {
		s.watch(inspect.Elsewhere)
		panic("gls.Scope.Leave: called on another goroutine")
	}
	now := here.Frame()
	switch {
	case now == s.frame:
		s.watch(inspect.InOrder)
		ambient.Set(here, s.previous)
	case now.of(s.key).entered.includes(s.entered):
		s.watch(inspect.OutOfOrder)
		if before := s.previous.of(s.key); before.key != nil {
			ambient.Set(here, now.with(before))
		} else {
			ambient.Set(here, now.without(s.key))
		}
	default:
		s.watch(inspect.NotOpen)
	}
}

func (s Scope) watch(how inspect.How) {
	if w := inspect.Scopes.Load(); w != nil {
		w.Left(s.report(), how)
	}
}

func (s Scope) report() inspect.Enter {
	return inspect.Enter{ID: s.entered, Goroutine: s.goroutine, Storage: s.key.String()}
}

// entered is one call of Enter, identified by its address, and the head of the list of those beneath it: of the same
// storage, on the same goroutine, in the same scope, not left yet. The list is what tells a scope around the one in
// force from one that has been left. Lists are shared by frames, children's too, but only their own goroutine follows
// them.
type entered struct {
	goroutine uint64   // immutable
	outer     *entered // cut to nil by trim; read and written on goroutine alone
	depth     int      // no less than the length of the list; immutable
}

// maxEntered is how many unfinished Enters of one storage a goroutine remembers at least. A program that enters for
// each job of a long-lived worker and never leaves would collect them without end.
const maxEntered = 64

// newEntered returns the head of a list whose rest is outer, if that is this goroutine's.
func newEntered(goroutine uint64, outer *entered) *entered {
	e := nextEntered()
	e.goroutine = goroutine
	if outer != nil && outer.goroutine == goroutine {
		e.outer = outer
		e.depth = outer.depth + 1
		if e.depth >= 2*maxEntered {
			e.depth = outer.trim()
		}
	}
	return e
}

// trim cuts the list after maxEntered Enters and returns that number.
func (e *entered) trim() int {
	for range maxEntered - 1 {
		e = e.outer
	}
	e.outer = nil
	return maxEntered
}

// includes reports whether target is in the list. It stops where another goroutine's list begins: that one may be cut
// right now.
func (e *entered) includes(target *entered) bool {
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

// A block holds the next few Enters, so that Enter allocates its frame and, one time in sixteen, a block. What keeps an
// Enter keeps its block of 384 bytes, and no value.
type block struct {
	entered [16]entered
	used    int
}

var blocks sync.Pool // of *block with at least one Enter unused

func nextEntered() *entered {
	b, _ := blocks.Get().(*block)
	if b == nil {
		b = new(block)
	}
	e := &b.entered[b.used]
	b.used++
	if b.used < len(b.entered) {
		blocks.Put(b)
	}
	return e
}

// outside returns the frame as the goroutine sees it that runs a snapshot: with the same values, and none of its own
// scopes open, which belong to where the snapshot was taken.
func (f *frame) outside(goroutine uint64) *frame {
	if f == nil {
		return nil
	}
	for i := range f.entries {
		if e := f.entries[i].entered; e != nil && e.goroutine == goroutine {
			next := newFrame(len(f.entries))
			copy(next.entries, f.entries)
			for j := range next.entries {
				next.entries[j].entered = nil
			}
			return next
		}
	}
	return f
}
