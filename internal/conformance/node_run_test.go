package conformance_test

import (
	"errors"
	"runtime"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
)

func TestConformanceNode(t *testing.T) {
	inEveryState(t, nodeRows)
	inEveryState(t, nodeCaptureRows)
	inEveryState(t, nodeScopeRows)
	inEveryState(t, nodeLegacyRows)
	inEveryState(t, nodeNetRows)
}

var nodeRows = []row{
	{"N-01 Run and Exit call their function once, before they return", func(t *probe) {
		s := fresh[string](t)
		var calls []string
		s.Run("v", func() {
			calls = append(calls, "run")
			s.Exit(func() { calls = append(calls, "exit") })
			calls = append(calls, "after exit")
		})
		assert.Equal(t, []string{"run", "exit", "after exit"}, calls)
	}},
	{"N-03 a map store survives a suspension", func(t *probe) {
		s := fresh[map[string]int](t)
		m := map[string]int{}
		s.Run(m, func() {
			got, _ := s.Get()
			got["key"] = 42
			suspend()
			got, ok := s.Get()
			assert.True(t, ok)
			assert.Equal(t, 42, got["key"])
		})
		assert.Equal(t, map[string]int{"key": 42}, m, "the very map is stored")
		unset(t, s)
	}},
	{"N-04 a child outlives Run, and Exit holds through its suspension", func(t *probe) {
		s := fresh[*store](t)
		want := newStore()
		gate, done := make(chan struct{}), make(chan struct{})
		s.Run(want, func() {
			gls.Go(func() {
				defer close(done)
				<-gate
				sees(t, want, s)
				s.Exit(func() {
					unset(t, s)
					suspend()
					unset(t, s)
				})
				sees(t, want, s)
			})
		})
		unset(t, s, "while the child runs")
		close(gate)
		<-done
	}},
	{"N-06 Disable ends the value in the child that calls it", func(t *probe) {
		s := fresh[*store](t)
		want := newStore()
		s.Run(want, func() {
			inGo(func() {
				sees(t, want, s)
				s.Disable()
				unset(t, s)
			})
		})
	}},
	{"N-07 Exit does not bring a disabled value back", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			s.Disable()
			s.Exit(func() { unset(t, s) })
			unset(t, s)
		})
	}},
	{"N-08 a task from before Disable that runs after it", func(t *probe) {
		s := fresh[string](t)
		gate, done := make(chan struct{}), make(chan struct{})
		s.Run("v", func() {
			bound := gls.Bind(func() { unset(t, s, "bound") })
			gls.Go(func() {
				defer close(done)
				sees(t, "v", s)
				gate <- struct{}{}
				<-gate
				unset(t, s, "started")
			})
			<-gate
			s.Disable()
			gate <- struct{}{}
			<-done
			bound()
		})
	}},
	{"N-09 a task from after Disable", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			s.Disable()
			inGo(func() { unset(t, s) })
			gls.Bind(func() { unset(t, s) })()
		})
	}},
	{"N-10 Run works again in a task from after Disable", func(t *probe) {
		s := fresh[*store](t)
		want := newStore()
		s.Run(newStore(), func() {
			s.Disable()
			inGo(func() {
				s.Run(want, func() { sees(t, want, s) })
				unset(t, s)
			})
			s.Run(want, func() { sees(t, want, s) })
			unset(t, s)
		})
	}},
	{"N-11 Enter is seen by its flow and by the timer that the flow binds", func(t *probe) {
		s := fresh[string](t)
		fired := make(chan struct{})
		inGo(func() {
			s.Enter("v")
			sees(t, "v", s)
			gls.AfterFunc(time.Microsecond, func() {
				defer close(fired)
				sees(t, "v", s)
			})
		})
		<-fired
	}},
	{"N-12 Enter is not seen by a sibling's timer", func(t *probe) {
		s := fresh[string](t)
		entered, fired := make(chan struct{}), make(chan struct{})
		gls.AfterFunc(time.Microsecond, func() {
			defer close(fired)
			<-entered
			unset(t, s)
		})
		inGo(func() {
			s.Enter("v")
			close(entered)
			<-fired
			sees(t, "v", s)
		})
	}},
	{"N-13 a panic passes through Run, whose timer still fires", func(t *probe) {
		s := fresh[string](t)
		e1 := errors.New("e1")
		gate, fired := make(chan struct{}), make(chan struct{})
		got := caught(func() {
			s.Run("v", func() {
				gls.AfterFunc(time.Microsecond, func() {
					defer close(fired)
					<-gate
					sees(t, "v", s)
				})
				panic(e1)
			})
		})
		assert.Same(t, e1, got)
		unset(t, s)
		close(gate)
		<-fired
	}},
	{"N-14 recovery in a bound callback sees the value", func(t *probe) {
		s := fresh[string](t)
		e2 := errors.New("e2")
		fired := make(chan struct{})
		s.Run("v", func() {
			gls.AfterFunc(time.Microsecond, func() {
				defer close(fired)
				defer func() {
					assert.Same(t, e2, recover())
					sees(t, "v", s)
				}()
				panic(e2)
			})
		})
		<-fired
	}},
	{"N-15 recovery in a child sees the value after a suspension", func(t *probe) {
		s := fresh[string](t)
		s.Run("w", func() {
			inGo(func() {
				defer func() {
					assert.Equal(t, "e3", recover())
					sees(t, "w", s)
				}()
				suspend()
				panic("e3")
			})
		})
	}},
	{"N-16 a panic in the recovery, and its recovery, see the value", func(t *probe) {
		s := fresh[string](t)
		s.Run("w", func() {
			inGo(func() {
				defer func() {
					assert.Equal(t, "e3", recover())
					sees(t, "w", s)
					func() {
						defer func() {
							assert.Equal(t, "e4", recover())
							sees(t, "w", s)
						}()
						panic("e4")
					}()
					sees(t, "w", s)
				}()
				panic("e3")
			})
		})
	}},
	{"N-19 a disabled storage is collected", func(t *probe) {
		collected(t, func() weak.Pointer[gls.Storage[*store]] {
			s := gls.New[*store]("")
			s.Run(newStore(), s.Disable)
			return weak.Make(s)
		}())
		collected(t, func() weak.Pointer[gls.Storage[*store]] {
			s := gls.New[*store]("")
			s.Run(newStore(), func() {})
			return weak.Make(s)
		}(), "without Disable too")
	}},
	{"N-22 a string store and a pointer store", func(t *probe) {
		text, pointer := fresh[string](t), fresh[*store](t)
		text.Run("hello node", func() { sees(t, "hello node", text) })
		want := newStore()
		pointer.Run(want, func() { sees(t, want, pointer) })
	}},
	{"N-23 nested run and exit", func(t *probe) {
		s := fresh[string](t)
		s.Run("outer", func() {
			sees(t, "outer", s)
			s.Run("inner", func() { sees(t, "inner", s) })
			sees(t, "outer", s)
			s.Exit(func() { unset(t, s) })
			sees(t, "outer", s)
		})
		unset(t, s)
	}},
	{"N-24 a timer sees what two storages hold", func(t *probe) {
		a, b := fresh[*store](t), fresh[*store](t)
		fired := make(chan struct{})
		a.Run(newStore(), func() {
			b.Run(newStore(), func() {
				a.GetOrFail().data["hello"] = "node"
				b.GetOrFail().data["hello"] = "world"
				gls.AfterFunc(time.Microsecond, func() {
					defer close(fired)
					assert.Equal(t, "node", a.GetOrFail().data["hello"])
					assert.Equal(t, "world", b.GetOrFail().data["hello"])
				})
			})
		})
		<-fired
	}},
	{"N-25 Exit of one storage keeps the other", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		fired := make(chan struct{})
		a.Run("a", func() {
			b.Run("b", func() {
				gls.AfterFunc(time.Microsecond, func() {
					defer close(fired)
					a.Exit(func() {
						unset(t, a)
						sees(t, "b", b)
					})
					sees(t, "a", a)
					sees(t, "b", b)
				})
			})
		})
		<-fired
	}},
	{"N-26 concurrent flows see their own values", func(t *probe) {
		s := fresh[*store](t)
		var both gls.WaitGroup
		inside := make(chan struct{})
		for range 2 {
			own := newStore()
			s.Run(own, func() {
				both.Go(func() {
					select { // both are here at once
					case inside <- struct{}{}:
					case <-inside:
					}
					sees(t, own, s)
					suspend()
					sees(t, own, s)
				})
			})
		}
		both.Wait()
	}},
	{"N-27 an error handled outside of Run", func(t *probe) {
		s := fresh[string](t)
		failure := errors.New("failure")
		failed := make(chan error, 1)
		s.Run("v", func() {
			gls.Go(func() {
				suspend()
				sees(t, "v", s)
				failed <- failure
			})
		})
		err := <-failed
		unset(t, s)
		assert.Same(t, failure, err)
	}},
	{"N-29 Run calls its function on the same goroutine and starts none", func(t *probe) {
		s := fresh[string](t)
		id, n := goroutine.ID(), runtime.NumGoroutine()
		s.Run("v", func() {
			assert.Equal(t, id, goroutine.ID())
			assert.LessOrEqual(t, runtime.NumGoroutine(), n)
			s.Exit(func() { assert.Equal(t, id, goroutine.ID()) })
		})
		assert.Equal(t, id, goroutine.ID())
		assert.LessOrEqual(t, runtime.NumGoroutine(), n)
	}},
	{"N-30 a capture between two Enters", func(t *probe) {
		s := fresh[string](t)
		defer s.Enter("v1").Leave()
		c := gls.Capture()
		defer s.Enter("v2").Leave()
		c.Run(func() { sees(t, "v1", s) })
		sees(t, "v2", s)
	}},
	{"N-35 captures with and without a value, one inside the other", func(t *probe) {
		s := fresh[string](t)
		var r1 gls.Snapshot
		s.Run("v", func() { r1 = gls.Capture() })
		r2 := gls.Capture()
		r2.Run(func() {
			unset(t, s)
			r1.Run(func() { sees(t, "v", s) })
			unset(t, s)
		})
	}},
}
