package conformance_test

import (
	"runtime"
	"sync"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// explainerRows are what the proposal's explainers say.
var explainerRows = []row{
	{"T-37 two library functions that run with values of their own", func(t *probe) {
		s, theirs := fresh[string](t), fresh[string](t)
		library := func() {
			s.Run("library's", func() { theirs.Enter("library's") })
			gls.Isolate(func() { s.Enter("library's") })
		}
		s.Run("caller's", func() {
			sees(t, "caller's", s)
			library()
			library()
			sees(t, "caller's", s)
			unset(t, theirs)
		})
	}},
	{"T-38 successive scopes do not change earlier captures", func(t *probe) {
		s := fresh[int](t)
		gate := make(chan struct{})
		var wg gls.WaitGroup
		var captures []gls.Snapshot
		for i := range 3 {
			scope := s.Enter(i)
			captures = append(captures, gls.Capture())
			wg.Go(func() {
				<-gate
				sees(t, i, s)
			})
			scope.Leave()
		}
		inGo(func() {
			for i := range 3 {
				s.Enter(-i)
				captures = append(captures, gls.Capture())
			}
			sees(t, -2, s)
		})
		close(gate)
		wg.Wait()
		for i, want := range []int{0, 1, 2, 0, -1, -2} {
			captures[i].Run(func() { sees(t, want, s) })
		}
	}},
	{"T-39 a task deferred before a block with a span of its own", func(t *probe) {
		span := fresh[string](t)
		gate, done := make(chan struct{}), make(chan struct{})
		defer span.Enter("parent").Leave()
		gls.Go(func() {
			defer close(done)
			<-gate
			sees(t, "parent", span)
		})
		func() {
			defer span.Enter("child").Leave()
			close(gate)
			<-done
			sees(t, "child", span)
		}()
		sees(t, "parent", span)
	}},
	{"T-40 a batch that the first caller's timer runs", func(t *probe) {
		s := fresh[string](t)
		for _, test := range []struct {
			arm   func(d time.Duration, fn func()) *time.Timer
			plain bool
		}{{gls.AfterFunc, false}, {time.AfterFunc, true}} {
			var (
				mu    sync.Mutex
				batch []func()
				done  = make(chan struct{})
			)
			enqueue := func(fn func()) {
				mu.Lock()
				defer mu.Unlock()
				if batch = append(batch, fn); len(batch) > 1 {
					return
				}
				test.arm(time.Millisecond, func() {
					defer close(done)
					assert.True(t, poll(func(int) bool {
						mu.Lock()
						defer mu.Unlock()
						return len(batch) == 3
					}))
					for _, fn := range batch {
						fn()
					}
				})
			}
			firsts := func() {
				if test.plain {
					plainSees(t, "A", s)
				} else {
					sees(t, "A", s)
				}
			}
			s.Run("A", func() { enqueue(firsts) })
			s.Run("B", func() { enqueue(firsts) })
			s.Run("C", func() { enqueue(gls.Bind(func() { sees(t, "C", s) })) })
			<-done
		}
	}},
	{"T-41 a queue that captures for each task", func(t *probe) {
		a, b := fresh[int](t), fresh[int](t)
		type task struct {
			posted gls.Snapshot
			run    func()
		}
		var queue []task
		post := func(fn func()) { queue = append(queue, task{gls.Capture(), fn}) }
		for i := range 5 {
			a.Run(i, func() {
				post(func() {
					sees(t, i, a)
					unset(t, b)
					b.Enter(-1)
				})
				b.Run(10*i, func() {
					post(func() {
						sees(t, i, a)
						sees(t, 10*i, b)
					})
				})
			})
		}
		a.Run(-1, func() {
			for _, next := range queue {
				next.posted.Run(next.run)
				sees(t, -1, a)
				unset(t, b)
			}
		})
	}},
	{"T-42 binding what is bound already", func(t *probe) {
		s := fresh[string](t)
		calls := 0
		var bound func()
		s.Run("inner", func() {
			bound = gls.Bind(func() {
				calls++
				sees(t, "inner", s)
			})
		})
		s.Run("outer", func() {
			gls.Bind(bound)()
			gls.Bind(gls.Bind(bound))()
			done := make(chan struct{})
			gls.AfterFunc(0, func() {
				defer close(done)
				bound()
			})
			<-done
			inGo(bound)
		})
		assert.Equal(t, 4, calls)
	}},
	{"T-43 an inner variable of the same name", func(t *probe) {
		s := fresh[string](t)
		callee := func() { sees(t, "outer", s) }
		s.Run("outer", func() {
			s := fresh[string](t)
			s.Run("inner", func() {
				callee()
				sees(t, "inner", s)
			})
		})
	}},
	{"T-44 nothing flows back from what is waited for", func(t *probe) {
		s := fresh[string](t)
		s.Run("main", func() {
			inGo(func() {
				s.Enter("inner")
				inGo(func() {
					s.Enter("task")
					sees(t, "task", s)
				})
				sees(t, "inner", s)
			})
			sees(t, "main", s)
		})
		unset(t, s)
	}},
	{"T-46 a value that only the frame refers to, and storages that nobody refers to", func(t *probe) {
		s := fresh[*store](t)
		s.Run(newStore("key", "kept"), func() {
			runtime.GC()
			runtime.GC()
			assert.Equal(t, "kept", s.GetOrFail().data["key"])
			lost := func() weak.Pointer[store] {
				value := newStore()
				gls.New[*store]("").Run(value, func() { inGo(func() {}) })
				return weak.Make(value)
			}()
			collected(t, lost)
		})
	}},
	{"T-47 a stopped timer releases its capture", func(t *probe) {
		s := gls.New[*store]("")
		var timer *time.Timer
		held := func() weak.Pointer[store] {
			value := newStore()
			s.Run(value, func() { timer = gls.AfterFunc(time.Hour, func() {}) })
			return weak.Make(value)
		}()
		runtime.GC()
		assert.NotNil(t, held.Value(), "the timer keeps the value")
		assert.True(t, timer.Stop())
		timer = nil
		collected(t, held)
	}},
}
