package gls

import "github.com/ambient-go/ambient/internal/carrier"

// ambient knows the frame in force on every goroutine.
var ambient carrier.Carrier[frame]

// Run calls fn with value set, on the calling goroutine. When fn returns, panics or calls runtime.Goexit, the whole
// frame that was in force before is put back: every storage is what it was, whatever fn did. A panic passes through as
// it is.
func (s *Storage[T]) Run(value T, fn func()) {
	if s == nil {
		panicNil("Run")
	}
	if fn == nil {
		panic("gls.Storage.Run: nil function")
	}
	here := ambient.Here()
	run(here, here.Frame().with(entry{key: s.ensure(), value: value}), fn)
}

// Exit calls fn with this storage not set and all others as they are. It ends as Run does.
func (s *Storage[T]) Exit(fn func()) {
	if s == nil {
		panicNil("Exit")
	}
	if fn == nil {
		panic("gls.Storage.Exit: nil function")
	}
	here := ambient.Here()
	next := here.Frame()
	if k := s.identity.current(); k != nil {
		next = next.without(k)
	}
	run(here, next, fn)
}

// With returns a binding of the storage to value, for Run.
func (s *Storage[T]) With(value T) Binding {
	if s == nil {
		panicNil("With")
	}
	s.ensure()
	return Binding{&s.identity, value}
}

// A Binding is one storage and a value for it. It is made by Storage.With and WithContext.
type Binding struct {
	storage *identity // its key exists
	value   any
}

// Run calls fn with several storages set in one frame. The later of two bindings of one storage wins. It ends as
// Storage.Run does.
func Run(fn func(), bindings ...Binding) {
	if fn == nil {
		panic("gls.Run: nil function")
	}
	for i := range bindings {
		if bindings[i].storage == nil {
			panic("gls.Run: zero Binding")
		}
	}
	here := ambient.Here()
	run(here, here.Frame().withAll(bindings), fn)
}

// Call is Storage.Run for a function with a result.
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

// Isolate calls fn with nothing set. It ends as Storage.Run does. Start long-lived workers in it where they must not
// keep the values of whoever happened to start them.
func Isolate(fn func()) {
	if fn == nil {
		panic("gls.Isolate: nil function")
	}
	run(ambient.Here(), nil, fn)
}

// run calls fn with the frame next in force and puts the present one back, by a deferred call alone: a panic is not
// recovered, so its value, its stack and the crash output stay as they are.
func run(here carrier.Place[frame], next *frame, fn func()) {
	previous := here.Frame()
	ambient.Begin(here, next)
	defer ambient.End(here, previous)
	fn()
}

// withAll returns a frame in which all bindings stand.
func (f *frame) withAll(bindings []Binding) *frame {
	if len(bindings) == 0 {
		return f
	}
	slots := len(bindings)
	if f != nil {
		slots += f.len()
	}
	var next *frame
	if f == nil {
		next = newFrame(slots)
	} else {
		next = f.resized(slots)
	}
	for _, b := range bindings {
		k := b.storage.key.Load()
		*next.slot(k) = entry{key: k, value: b.value}
	}
	return next
}
