// Package inspect is what gls shows to the packages beside it that test and debug programs. It holds hooks and
// no state of its own; programs outside this module cannot reach it, so nothing lists their values.
package inspect

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Goroutine is one that carries a frame.
type Goroutine struct {
	ID     uint64
	Values []Value
}

// A Value is one storage that is set on a goroutine.
type Value struct {
	Storage string // its name, or its type when it has none
	Type    string // the type of its values
	Value   any
}

// Goroutines returns all goroutines that carry a frame, in no order, without holding any of them up for longer than a
// look at one takes. Package gls sets it before main starts.
var Goroutines func() []Goroutine

// Untyped returns the part of a *gls.Storage[T] that does not depend on T. Package gls sets it before main starts.
var Untyped func(storage any) *frame.Storage

// An Enter is one call of Storage.Enter.
type Enter struct {
	ID        any // comparable, unique in the process
	Goroutine uint64
	Storage   string
}

// How a Scope was left.
type How int

const (
	InOrder    How = iota // the scope's frame was in force
	OutOfOrder            // another Enter, or a scope, came in between
	NotOpen               // left before, or its enclosing scope has ended
	Elsewhere             // on another goroutine
)

// Scopes watches every Enter and Leave of the process while it is not nil. Loaded by Enter and Leave, stored by tests.
var Scopes atomic.Pointer[Watcher]

// A Watcher's functions are called on the goroutine that enters or leaves, before Leave panics if it does. They must not
// change its frame.
type Watcher struct {
	Entered func(Enter)
	Left    func(Enter, How)
}

// Starts sees every function that gls starts on another goroutine while it is not nil: Go, Snapshot.Go, WaitGroup.Go
// and AfterFunc call it where they are called, and start what it returns. Loaded by them, stored by tests.
var Starts atomic.Pointer[func(fn func()) func()]

// Misses sees every Get that finds no value of a storage that has been set before, while it is not nil. Loaded where a
// Get finds nothing, stored by package losses. It is called on the goroutine that reads and must not change its frame.
var Misses atomic.Pointer[func(s *frame.Storage)]

// Keys returns the values of the keys of a request, in no order, and whether value is one: a Context of httpctx.
// A Value's Storage is the name that NewKey was given. Package httpctx sets Keys before main starts; in a program
// without it Keys is nil.
var Keys func(value any) (keys []Value, ok bool)
