package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A Snapshot is the frame that was in force at Capture: the values of the storages that were set,
// and the fact that all others were not. It is immutable and keeps its values alive. Any number of
// goroutines may use it at once, any number of times. The zero Snapshot is the empty frame.
// Snapshots are comparable; equal ones show the same values.
type Snapshot struct {
	frame *frame.Frame
}

// Capture returns a snapshot of the frame in force. It copies one pointer and allocates nothing.
func Capture() Snapshot { return Snapshot{carrier.Frame()} }

// With returns a snapshot with the bindings added; s does not change. The later of two bindings of
// one storage wins. Without bindings it returns s. It panics if a binding is the zero Binding.
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
		next.Bind(frame.Binding{Key: b.key.Current(), Value: b.value})
	}
	return Snapshot{next}
}

// Run calls fn with the snapshot's frame in force instead of the caller's. It ends as Storage.Run
// does: the next Run does not see an Enter inside fn. It panics if fn is nil.
func (s Snapshot) Run(fn func()) {
	if fn == nil {
		panic("gls.Snapshot.Run: nil function")
	}
	here := carrier.Open()
	carrier.Run(here, s.frame.Outside(here.Goroutine()), fn)
}

// Go starts fn on a new goroutine with the snapshot's frame in force. A panic in fn ends the
// process, as after a plain go statement. Go panics if fn is nil.
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

// Go starts fn on a new goroutine with the caller's frame, as it is at the call. If nothing is set,
// it is go fn(). A panic in fn ends the process, as after a plain go statement. Go panics if fn is
// nil.
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
