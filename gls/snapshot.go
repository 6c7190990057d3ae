package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A Snapshot is the frame that was in force where Capture was called: the values of all storages, and that the others
// are not set. It is immutable, can be used any number of times and on any number of goroutines at once, and keeps its
// values alive. The zero Snapshot is the empty frame. Snapshots are comparable; equal ones show the same values.
type Snapshot struct {
	frame *frame.Frame
}

// Capture returns a snapshot of the frame in force. It copies one pointer and allocates nothing.
func Capture() Snapshot { return Snapshot{carrier.Frame()} }

// With returns a snapshot with these set as well; s does not change. The later of two bindings of one storage wins.
// Without bindings it is s. It panics if one is the zero Binding.
func (s Snapshot) With(bindings ...Binding) Snapshot {
	for i := range bindings {
		if bindings[i].key == nil {
			panic("gls.Snapshot.With: zero Binding")
		}
	}
	if len(bindings) == 0 {
		return s
	}
	next := s.frame.Copy(len(bindings), nil)
	for i := range bindings {
		b := &bindings[i]
		next.Bind(frame.Binding{Key: b.key.Storage.Key(), Value: b.value})
	}
	return Snapshot{next}
}

// Run calls fn with the snapshot's frame in force instead of the caller's. It ends as Storage.Run does: an Enter inside
// fn is not seen by the next Run.
func (s Snapshot) Run(fn func()) {
	if fn == nil {
		panic("gls.Snapshot.Run: nil function")
	}
	here := carrier.Open()
	carrier.Run(here, s.frame.Outside(here.Goroutine()), fn)
}

// Go starts fn on a new goroutine with the snapshot's frame in force. A panic in fn ends the process as with a plain go
// statement.
func (s Snapshot) Go(fn func()) {
	if fn == nil {
		panic("gls.Snapshot.Go: nil function")
	}
	at := goroutine.CallerPC()
	fn = starting(fn)
	if carrier.Inherits(s.frame) {
		go fn()
	} else {
		go carrier.Start(at, s.frame, fn)
	}
}

// Go starts fn on a new goroutine with the caller's frame, as it is at the call. Where nothing is set it is go fn().
// A panic in fn ends the process as with a plain go statement.
func Go(fn func()) {
	if fn == nil {
		panic("gls.Go: nil function")
	}
	at := goroutine.CallerPC()
	fn = starting(fn)
	f := carrier.Frame()
	if carrier.Inherits(f) {
		go fn()
	} else {
		go carrier.Start(at, f, fn)
	}
}
