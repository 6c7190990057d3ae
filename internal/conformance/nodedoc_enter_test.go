package conformance_test

import (
	"context"
	"runtime"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// enterDocumentationRows are about Enter and captures.
var enterDocumentationRows = []row{
	{"ND-20 a child's Enter never reaches the caller that started it", func(t *probe) {
		s := fresh[string](t)
		entered, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		s.Run("caller's", func() {
			gls.Go(func() {
				defer close(done)
				s.Enter("callee's")
				close(entered)
				<-gate
				sees(t, "callee's", s)
			})
			<-entered
			sees(t, "caller's", s)
			close(gate)
			<-done
			sees(t, "caller's", s)
		})
	}},
	{"ND-21 an Enter that is not left ends with the enclosing scope", func(t *probe) {
		s, other := fresh[string](t), fresh[string](t)
		for name, enclosing := range map[string]func(fn func()){
			"Run":               func(fn func()) { s.Run("v", fn) },
			"Exit":              s.Exit,
			"another's Run":     func(fn func()) { other.Run("v", fn) },
			"another's Exit":    other.Exit,
			"Snapshot.Run":      gls.Capture().Run,
			"zero Snapshot.Run": gls.Snapshot{}.Run,
			"Isolate":           gls.Isolate,
			"bound function":    gls.Bind(func(fn func()) { fn() }),
			"gls.Run":           func(fn func()) { gls.Run(fn) },
			"RunContext":        func(fn func()) { gls.RunContext(context.Background(), fn) },
			"a child":           inGo,
		} {
			enclosing(func() {
				s.Enter("entered")
				sees(t, "entered", s, name)
				func() { sees(t, "entered", s, name) }()
			})
			unset(t, s, name)
			s.Run("before", func() {
				enclosing(func() { s.Enter("entered") })
				sees(t, "before", s, name)
			})
		}
	}},
	{"ND-22 name and default together", func(t *probe) {
		s := gls.NewWithDefault("name", 42)
		assert.Equal(t, "name", s.Name())
		got, ok := s.Get()
		assert.Equal(t, 42, got)
		assert.False(t, ok)
		assert.Contains(t, s.String(), "name")
		assert.NotContains(t, s.String(), "42")
	}},
	{"ND-23 a capture of nothing hides everything", func(t *probe) {
		s := fresh[string](t)
		var empty gls.Snapshot
		var bound func()
		later := fresh[string](t)
		check := func() {
			unset(t, s)
			unset(t, later)
			unset(t, unrelated)
		}
		apart(func() { empty, bound = gls.Capture(), gls.Bind(check) })
		gls.Run(func() {
			empty.Run(check)
			bound()
			done := make(chan struct{})
			empty.Go(func() {
				defer close(done)
				check()
			})
			<-done
			gls.Isolate(check)
			sees(t, "v", s)
			sees(t, "later", later)
		}, s.With("v"), later.With("later"))
		assert.Equal(t, gls.Snapshot{}, empty)
	}},
	{"ND-24 Get works anywhere and changes nothing", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			defer sees(t, "v", s)
			defer func() {
				sees(t, "v", s)
				assert.Equal(t, "panic", recover())
				sees(t, "v", s)
			}()
			for range 10 {
				sees(t, "v", s)
			}
			_, err := s.Lookup()
			assert.NoError(t, err)
			finalized := make(chan struct{})
			runtime.SetFinalizer(newStore(), func(*store) {
				defer close(finalized)
				unset(t, s)
				_, err := s.Lookup()
				assert.ErrorIs(t, err, gls.ErrNotSet)
			})
			assert.True(t, poll(func(int) bool {
				runtime.GC()
				select {
				case <-finalized:
					return true
				case <-time.After(time.Millisecond):
					return false
				}
			}))
			panic("panic")
		})
	}},
}

// twoMindsRows are the cases in which Node's two implementations differ, or share a fault.
var twoMindsRows = []row{
	{"M-01 Exit of a storage with a default", func(t *probe) {
		s := gls.NewWithDefault("", "default")
		check := func() {
			got, ok := s.Get()
			assert.Equal(t, "default", got)
			assert.False(t, ok)
		}
		s.Run("v", func() {
			s.Exit(func() {
				check()
				suspend()
				check()
				inGo(check)
			})
			sees(t, "v", s)
		})
		check()
	}},
	{"M-02 a zero value set on a storage with a default, and after it", func(t *probe) {
		s := gls.NewWithDefault[any]("", "default")
		s.Run(nil, func() { sees(t, nil, s) })
		s.Run("default", func() { sees[any](t, "default", s) })
		got, ok := s.Get()
		assert.Equal(t, "default", got)
		assert.False(t, ok)
	}},
	{"M-03 Disable in a nested Run, then everything around it", func(t *probe) {
		s := fresh[string](t)
		gate := make(chan struct{})
		var wg gls.WaitGroup
		task := func() {
			<-gate
			unset(t, s)
		}
		s.Run("outer", func() {
			c := gls.Capture()
			wg.Go(task)
			s.Run("inner", func() {
				wg.Go(task)
				s.Disable()
				unset(t, s, "the current frame")
				wg.Go(task)
			})
			unset(t, s, "the outer frame")
			c.Run(func() { unset(t, s, "an earlier snapshot") })
			s.Run("new", func() {
				sees(t, "new", s)
				c.Run(func() { unset(t, s, "a snapshot after the next Run") })
			})
			unset(t, s)
			s.Enter("newer")
			sees(t, "newer", s)
		})
		s.Run("again", func() {
			close(gate)
			wg.Wait()
		})
	}},
	{"M-04 an Enter inside Exit, after Exit", func(t *probe) {
		s := fresh[string](t)
		s.Run("outer", func() {
			s.Exit(func() {
				s.Enter("inside")
				sees(t, "inside", s)
			})
			sees(t, "outer", s)
		})
	}},
	{"M-05 an Enter inside Snapshot.Run, and its second Run", func(t *probe) {
		s := fresh[string](t)
		s.Run("original", func() {
			c := gls.Capture()
			for range 2 {
				c.Run(func() {
					sees(t, "original", s)
					s.Enter("entered")
				})
			}
			sees(t, "original", s)
		})
	}},
	{"M-06 a timer whose ticks enter", func(t *probe) {
		s := fresh[string](t)
		ticks := make(chan struct{})
		s.Run("registration", func() {
			var timer *time.Timer
			ready := make(chan struct{})
			n := 0
			timer = gls.AfterFunc(time.Microsecond, func() {
				<-ready
				sees(t, "registration", s)
				s.Enter("tick")
				if n++; n < 3 {
					timer.Reset(time.Microsecond)
				} else {
					close(ticks)
				}
			})
			close(ready)
			<-ticks
		})
	}},
	{"M-07 an Enter inside a Run with the value that was there already", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			s.Run("v", func() { s.Enter("w") })
			sees(t, "v", s)
		})
	}},
	{"M-08 an Enter inside Exit with nothing set", func(t *probe) {
		s := fresh[string](t)
		s.Exit(func() {
			s.Enter("w")
			sees(t, "w", s)
		})
		unset(t, s)
	}},
}

// leaveRows are what is easy to get wrong about Leave.
var leaveRows = []row{
	{"L-01 Leave on another goroutine panics and changes nothing", func(t *probe) {
		s := fresh[string](t)
		s.Run("run's", func() {
			scope := s.Enter("entered")
			leave := func() {
				before, set := s.Get()
				assert.Equal(t, "gls.Scope.Leave: called on another goroutine", caught(scope.Leave))
				got, ok := s.Get()
				assert.Equal(t, before, got)
				assert.Equal(t, set, ok)
			}
			inGo(leave)
			apart(leave)
			inGo(func() {
				s.Enter("child's")
				leave()
			})
			sees(t, "entered", s)
			scope.Leave()
			sees(t, "run's", s)
			inGo(leave)
		})
	}},
	{"L-02 Leave after the enclosing scope does nothing", func(t *probe) {
		s := fresh[string](t)
		var scope gls.Scope
		enter := func() { scope = s.Enter("entered") }
		for name, enclosing := range map[string]func(fn func()){
			"Run":          func(fn func()) { s.Run("v", fn) },
			"Exit":         s.Exit,
			"Snapshot.Run": gls.Capture().Run,
			"Isolate":      gls.Isolate,
			"bound":        func(fn func()) { gls.Bind(fn)() },
		} {
			enclosing(enter)
			scope.Leave()
			unset(t, s, name)
			s.Run("before", func() {
				enclosing(enter)
				scope.Leave()
				sees(t, "before", s, name)
				later := s.Enter("later")
				scope.Leave()
				sees(t, "later", s, name)
				later.Leave()
				sees(t, "before", s, name)
			})
		}
	}},
	{"L-03 Leave out of order never brings back what has been left", func(t *probe) {
		s, other := fresh[int](t), fresh[int](t)
		first := s.Enter(1)
		defer other.Enter(1).Leave()
		second := s.Enter(2)
		third := s.Enter(3)
		first.Leave()
		unset(t, s)
		third.Leave()
		second.Leave()
		unset(t, s)
		first, second, third = s.Enter(1), s.Enter(2), s.Enter(3)
		second.Leave()
		sees(t, 1, s)
		third.Leave()
		sees(t, 1, s, "a scope around it has been left")
		first.Leave()
		unset(t, s)
		sees(t, 1, other)
	}},
	{"L-04 Leave in a snapshot of its own goroutine does not change what the snapshot shows", func(t *probe) {
		s := fresh[string](t)
		s.Run("before", func() {
			scope := s.Enter("entered")
			c := gls.Capture()
			for range 2 {
				c.Run(func() {
					scope.Leave()
					sees(t, "entered", s)
				})
			}
			scope.Leave()
			sees(t, "before", s)
			c.Run(func() { sees(t, "entered", s) })
			scope.Leave()
			sees(t, "before", s)
		})
	}},
	{"L-05 Leave after Disable brings nothing back", func(t *probe) {
		s := fresh[string](t)
		s.Run("before", func() {
			scope := s.Enter("entered")
			s.Disable()
			later := s.Enter("later")
			sees(t, "later", s)
			later.Leave()
			unset(t, s)
			scope.Leave()
			unset(t, s)
		})
	}},
}
