// Package inspect is the access that gls gives to the packages of this module that test and debug
// programs. It holds hooks and no state of its own. Programs outside this module cannot import it,
// so nothing lists their values.
package inspect

import (
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/frame"
)

// A Goroutine is a goroutine that carries a frame.
type Goroutine struct {
	ID     uint64
	Values []Value
}

// A Value is one storage that is set on a goroutine.
type Value struct {
	Storage string // the storage's name, or its type if it has none
	Type    string // the type of the storage's values
	Value   any
}

// Goroutines returns all goroutines that carry a frame, in no order. It holds up none of them for
// longer than a look at one takes. Package gls sets it before main starts.
var Goroutines func() []Goroutine

// Untyped returns the part of a *gls.Storage[T] that does not depend on T. Package gls sets it
// before main starts.
var Untyped func(storage any) *frame.Storage

// An Enter is one call of Storage.Enter.
type Enter struct {
	ID        any // comparable, unique in the process
	Goroutine uint64
	Storage   string
}

// A How says how a Scope was left.
type How int

const (
	InOrder    How = iota // the scope's frame was in force
	OutOfOrder            // another Enter, or a scope, came in between
	NotOpen               // left before, or its enclosing scope has ended
	Elsewhere             // on another goroutine
)

// Scopes watches every Enter and Leave of the process while it is not nil. Enter and Leave load it;
// package glstest stores it.
var Scopes atomic.Pointer[Watcher]

// A Watcher's functions are called on the goroutine that enters or leaves, before Leave panics if
// it does. They must not change the goroutine's frame.
type Watcher struct {
	Entered func(Enter)
	Left    func(Enter, How)
}

// Starts wraps every function that gls starts on another goroutine while it is not nil: Go,
// Snapshot.Go, WaitGroup.Go and AfterFunc call it at the call and start its result. They load it;
// packages glstest and glsdebug store it.
var Starts atomic.Pointer[func(fn func()) func()]

// Misses is called by every Get that finds no value of a storage that has been set before, while it
// is not nil. A Get that finds nothing loads it; package losses stores it. It is called on the
// goroutine that reads and must not change that goroutine's frame.
var Misses atomic.Pointer[func(s *frame.Storage)]

// Keys returns the values of the keys of a request, in no order, and whether value is a request: a
// Context of httpctx. A Value's Storage is the name that NewKey was given. Package httpctx sets
// Keys before main starts; in a program without it Keys is nil.
var Keys func(value any) (keys []Value, ok bool)
