package gls_test

import (
	"errors"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// nodeScopeRows are about Enter and Leave.
var nodeScopeRows = []row{
	{"N-61 Enter and Leave", func(t *probe) {
		s := fresh[string](t)
		unset(t, s)
		scope := s.Enter("test")
		sees(t, "test", s)
		scope.Leave()
		unset(t, s)
	}},
	{"N-62 Leave puts an entered value back", func(t *probe) {
		s := fresh[string](t)
		defer s.Enter("initial").Leave()
		scope := s.Enter("scoped")
		sees(t, "scoped", s)
		scope.Leave()
		sees(t, "initial", s)
	}},
	{"N-63 nested scopes", func(t *probe) {
		s := fresh[string](t)
		outer := s.Enter("outer")
		sees(t, "outer", s)
		inner := s.Enter("inner")
		sees(t, "inner", s)
		inner.Leave()
		sees(t, "outer", s)
		outer.Leave()
		unset(t, s)
	}},
	{"N-64 a deferred Leave while panicking", func(t *probe) {
		s := fresh[string](t)
		failure := errors.New("failure")
		s.Run("before", func() {
			got := caught(func() {
				defer s.Enter("v").Leave()
				sees(t, "v", s)
				panic(failure)
			})
			assert.Same(t, failure, got)
			sees(t, "before", s)
		})
	}},
	{"N-65 the second Leave does nothing", func(t *probe) {
		s := fresh[string](t)
		first := s.Enter("test")
		first.Leave()
		second := s.Enter("test2")
		first.Leave()
		sees(t, "test2", s)
		second.Leave()
		unset(t, s)
		second.Leave()
		unset(t, s)
	}},
	{"N-66 a default is back after Leave, not as a set value", func(t *probe) {
		s := gls.NewWithDefault("", "default")
		scope := s.Enter("v")
		sees(t, "v", s)
		scope.Leave()
		got, ok := s.Get()
		assert.Equal(t, "default", got)
		assert.False(t, ok)
	}},
	{"N-67 four nested scopes", func(t *probe) {
		s := fresh[int](t)
		func() {
			for v := 1; v <= 4; v++ {
				scope := s.Enter(v)
				sees(t, v, s)
				defer func() {
					sees(t, v, s)
					scope.Leave()
				}()
			}
		}()
		unset(t, s)
	}},
	{"N-68 scopes of two storages do not touch each other", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		inA := a.Enter("a")
		inB := b.Enter("b")
		inB.Leave()
		sees(t, "a", a)
		unset(t, b)
		inB = b.Enter("b2")
		inA.Leave()
		unset(t, a)
		sees(t, "b2", b)
		inA.Leave()
		sees(t, "b2", b)
		inB.Leave()
		unset(t, b)
	}},
	{"N-69 Leave puts back what was there at Enter, whatever was entered since", func(t *probe) {
		s := fresh[string](t)
		callee := func() {
			scope := s.Enter("s2")
			sees(t, "s2", s)
			s.Enter("s3")
			sees(t, "s3", s)
			scope.Leave()
		}
		first := s.Enter("s1")
		callee()
		sees(t, "s1", s)
		first.Leave()
		unset(t, s)
		s.Run("run's", func() {
			callee()
			sees(t, "run's", s)
		})
	}},
	{"N-70 several storages set at once", func(t *probe) {
		a, b, c := fresh[string](t), fresh[int](t), fresh[*store](t)
		outer, inner := newStore(), newStore()
		gls.Run(func() {
			sees(t, "outer", a)
			sees(t, 1, b)
			sees(t, outer, c)
			gls.Run(func() {
				sees(t, "inner", a)
				sees(t, 1, b)
				sees(t, inner, c)
			}, a.With("inner"), c.With(inner))
			sees(t, "outer", a)
			sees(t, 1, b)
			sees(t, outer, c)
			gls.Run(func() { sees(t, "later", a) }, a.With("earlier"), a.With("later"))
			gls.Run(func() { sees(t, "outer", a) })
		}, a.With("outer"), b.With(1), c.With(outer))
		unset(t, a)
		unset(t, b)
		unset(t, c)
	}},
	{"N-72 the body keeps its value and the caller has none", func(t *probe) {
		s := fresh[string](t)
		started, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s.Run("v", func() {
			gls.Go(func() {
				defer close(done)
				sees(t, "v", s)
				close(started)
				<-gate
				sees(t, "v", s)
			})
		})
		<-started
		unset(t, s)
		close(gate)
		<-done
	}},
	{"N-73 an emitter that keeps a Snapshot", func(t *probe) {
		s := fresh[string](t)
		type emitter struct {
			gls.Snapshot
			stream
		}
		e := &emitter{}
		s.Run("creator's", func() { e.Snapshot = gls.Capture() })
		calls := 0
		listener := func() {
			calls++
			sees(t, "creator's", s)
		}
		s.Run("listener's", func() { e.onFinish(listener) })
		e.onFinish(listener)
		emit := func() { e.Run(e.finish) }
		emit()
		s.Run("emitter's", func() {
			emit()
			sees(t, "emitter's", s)
			inGo(emit)
		})
		assert.Equal(t, 6, calls)
	}},
}

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
