package gls

import (
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
)

// Run calls fn with value set, on the calling goroutine. When fn returns, panics or calls
// runtime.Goexit, the whole frame from before is put back: every storage has the value from before,
// including those that fn entered and did not leave. A panic is not recovered. Run panics if fn is
// nil.
func (s *Storage[T]) Run(value T, fn func()) {
	if s == nil {
		panicNil("Run")
	}
	if fn == nil {
		panic("gls.Storage.Run: nil function")
	}
	k := s.untyped().Key()
	if k == nil {
		k = s.bound()
	}
	carrier.RunWith(frame.Binding{Key: k, Value: value}, fn)
}

// Exit calls fn with this storage not set and all others as they are. It ends as Run does. It
// panics if fn is nil.
func (s *Storage[T]) Exit(fn func()) {
	if s == nil {
		panicNil("Exit")
	}
	if fn == nil {
		panic("gls.Storage.Exit: nil function")
	}
	here := carrier.Open()
	next := here.Frame()
	if k := s.untyped().Key(); k != nil {
		next = next.Without(k)
	}
	carrier.Run(here, next, fn)
}

// With returns a binding of the storage to value, for Run and Snapshot.With.
func (s *Storage[T]) With(value T) Binding {
	if s == nil {
		panicNil("With")
	}
	k := s.untyped().Key()
	if k == nil {
		k = s.bound()
	}
	return Binding{k, value}
}

// A Binding is one storage and a value for it. Storage.With and WithContext return one.
type Binding struct {
	key   *frame.Key
	value any
}

// Run calls fn with several storages set in one frame. The later of two bindings of one storage
// wins. It ends as Storage.Run does. It panics if fn is nil or a binding is the zero Binding.
func Run(fn func(), bindings ...Binding) {
	if fn == nil {
		panic("gls.Run: nil function")
	}
	for i := range bindings {
		if bindings[i].key == nil {
			panic("gls.Run: zero Binding")
		}
	}
	here := carrier.Open()
	if len(bindings) == 0 {
		carrier.Run(here, here.Frame(), fn)
		return
	}
	next := here.Copy(len(bindings))
	for i := range bindings {
		b := &bindings[i]
		next.Bind(frame.Binding{Key: b.key.Current(), Value: b.value})
	}
	carrier.RunOwn(here, next, fn)
}

// Call is Storage.Run for a function with a result. It panics if s or fn is nil.
func Call[T, R any](s *Storage[T], value T, fn func() R) R {
	if s == nil {
		panicNil("Call")
	}
	if fn == nil {
		panic("gls.Call: nil function")
	}
	var result R
	s.Run(value, func() { result = fn() })
	return result
}

// Isolate calls fn with nothing set. It ends as Storage.Run does. Start long-lived workers inside
// it, so that they do not keep the values of the flow that happened to start them. It panics if fn
// is nil.
func Isolate(fn func()) {
	if fn == nil {
		panic("gls.Isolate: nil function")
	}
	carrier.Run(carrier.Open(), nil, fn)
}
