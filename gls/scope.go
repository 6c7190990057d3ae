package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A Scope is the stretch of code from an Enter to its Leave. It is a value of a few words, and
// copies of it are the same scope. Leaving the zero Scope does nothing.
type Scope struct {
	goroutine uint64
	key       *frame.Key
	entered   *frame.Enter
	previous  *frame.Frame // in force before Enter
	next      *frame.Frame // in force right after it
	lent      *frame.Lender
}

// Enter sets the storage until Scope.Leave, or until the enclosing Run, Exit, Snapshot.Run or
// function started by Go ends. The value is state of the goroutine, not of the function that calls
// Enter: without Leave, the caller of that function sees it too. On a goroutine with no enclosing
// scope it stays for as long as the goroutine runs. Prefer Run, or
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

// Leave puts back the value that the storage had at Enter, whatever was entered on it since and not
// left. It does nothing if the scope has been left, directly or by leaving a scope around it, or if
// the enclosing Run, Exit, Snapshot.Run or function started by Go has ended. It never brings back a
// value that has been left. A Leave inside a Run or Exit that began after Enter lasts until that
// Run returns, which puts back the whole frame from before.
//
// On a goroutine other than the one that called Enter it panics and changes nothing. If more than
// 64 scopes of one storage are entered and not left on a goroutine, the oldest may be forgotten,
// and Leave does nothing for them.
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
