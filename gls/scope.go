package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A Scope is the stretch of code from an Enter to its Leave. It is a value of a few words; copies of it are the same
// scope. Leaving the zero Scope does nothing.
type Scope struct {
	goroutine uint64
	key       *frame.Key
	entered   *frame.Enter
	previous  *frame.Frame // in force before Enter
	next      *frame.Frame // in force right after it
	lent      *frame.Lender
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
	return enter(s.bound(), value)
}

func enter(k *frame.Key, value any) Scope {
	here := carrier.Here()
	previous := here.Frame()
	by := frame.NewEnter(here.Goroutine(), previous.Of(k).Entered)
	next := previous.WithEntry(frame.Entry{Binding: frame.Binding{Key: k, Value: value}, Entered: by})
	lent := carrier.Enter(here, next)
	scope := Scope{here.Goroutine(), k, by, previous, next, lent}
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
	here := carrier.Here()
	if here.Goroutine() != s.goroutine {
		s.watch(inspect.Elsewhere)
		panic("gls.Scope.Leave: called on another goroutine")
	}
	now := here.Frame()
	switch {
	case now == s.next:
		s.watch(inspect.InOrder)
		carrier.Leave(here, s.previous, s.lent)
	case now.Of(s.key).Entered.Includes(s.entered):
		s.watch(inspect.OutOfOrder)
		if before := s.previous.Of(s.key); before.Key != nil {
			carrier.Leave(here, now.WithEntry(before), s.lent)
		} else {
			carrier.Leave(here, now.Without(s.key), s.lent)
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
