package conformance_test

import (
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// nodeLegacyRows are those of Node's older AsyncLocal class.
var nodeLegacyRows = []row{
	{"N-75 a later task sees the last values of two storages", func(t *probe) {
		a, b := fresh[any](t), fresh[any](t)
		inGo(func() {
			a.Enter("text")
			b.Enter(1.5)
			a.Enter([]int{1})
			b.Enter("other")
			inGo(func() {
				got, _ := a.Get()
				assert.Equal(t, []int{1}, got)
				sees[any](t, "other", b)
			})
		})
	}},
	{"N-76 each generation sees what its parent set", func(t *probe) {
		s := fresh[string](t)
		s.Run("A", func() {
			inGo(func() {
				s.Enter("B")
				inGo(func() { sees(t, "B", s) })
				sees(t, "B", s)
			})
			sees(t, "A", s)
		})
	}},
	{"N-77 disabling one storage, then the last one, then using a third", func(t *probe) {
		a, b, c := fresh[string](t), fresh[string](t), fresh[string](t)
		gls.Run(func() {
			a.Disable()
			unset(t, a)
			sees(t, "b", b)
			inGo(func() { sees(t, "b", b) })
			b.Disable()
			unset(t, b)
			inGo(func() { unset(t, b) })
			c.Run("c", func() {
				inGo(func() { sees(t, "c", c) })
				sees(t, "c", c)
				unset(t, a)
				unset(t, b)
			})
		}, a.With("a"), b.With("b"))
	}},
	{"N-78 Enter, a suspension, and the flow goes on", func(t *probe) {
		s := fresh[string](t)
		inGo(func() {
			s.Enter("v")
			suspend()
			sees(t, "v", s)
			inGo(func() { sees(t, "v", s) })
		})
	}},
	{"N-79 a child clears one storage and replaces another", func(t *probe) {
		a, b, c := fresh[string](t), fresh[string](t), fresh[string](t)
		gls.Run(func() {
			inGo(func() {
				a.Exit(func() {
					b.Enter("b2")
					inGo(func() {
						unset(t, a)
						sees(t, "b2", b)
						sees(t, "c", c)
					})
				})
			})
			sees(t, "a", a)
			sees(t, "b", b)
			sees(t, "c", c)
		}, a.With("a"), b.With("b"), c.With("c"))
	}},
	{"N-80 a child sees later changes of the stored object", func(t *probe) {
		s := fresh[*store](t)
		value := newStore("state", "before")
		gate, done := make(chan struct{}), make(chan struct{})
		s.Run(value, func() {
			gls.Go(func() {
				defer close(done)
				<-gate
				assert.Equal(t, "after", s.GetOrFail().data["state"])
			})
		})
		value.data["state"] = "after"
		close(gate)
		<-done
	}},
	{"N-81 captures from before and after a value is set, nested", func(t *probe) {
		s := fresh[string](t)
		before := gls.Capture()
		defer s.Enter("v").Leave()
		after := gls.Capture()
		before.Run(func() {
			unset(t, s)
			after.Run(func() { sees(t, "v", s) })
			unset(t, s)
		})
		sees(t, "v", s)
	}},
	{"N-82 a capture run inside itself", func(t *probe) {
		s := fresh[string](t)
		c := gls.Call(s, "A", gls.Capture)
		var level func(n int)
		level = func(n int) {
			if n == 0 {
				return
			}
			c.Run(func() {
				sees(t, "A", s)
				s.Enter("B")
				sees(t, "B", s)
				level(n - 1)
				sees(t, "B", s)
			})
		}
		level(3)
		unset(t, s)
	}},
}

// A stream calls functions when it is finished.
type stream struct{ finished []func() }

func (s *stream) onFinish(fn func()) { s.finished = append(s.finished, fn) }

func (s *stream) finish() {
	for _, fn := range s.finished {
		fn()
	}
}

// A future is a value that comes later. The goroutine that resolves it calls what has been registered.
type future struct {
	mu        sync.Mutex
	value     any
	resolved  bool
	callbacks []func(any)
}

func (f *future) then(fn func(any)) {
	f.mu.Lock()
	resolved, value := f.resolved, f.value
	if !resolved {
		f.callbacks = append(f.callbacks, fn)
	}
	f.mu.Unlock()
	if resolved {
		fn(value)
	}
}

func (f *future) resolve(value any) {
	f.mu.Lock()
	f.value, f.resolved = value, true
	callbacks := f.callbacks
	f.mu.Unlock()
	for _, fn := range callbacks {
		fn(value)
	}
}

// wait returns the value once it is there.
func (f *future) wait() any {
	c := make(chan any, 1)
	f.then(func(value any) { c <- value })
	return <-c
}
