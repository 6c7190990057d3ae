package gls_test

import (
	"runtime"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
)

// A capture is of the frame at the call, with what is not set in it.
func TestRule4(t *testing.T) {
	for _, c := range carryings() {
		t.Run(c.name, func(t *testing.T) {
			a, b := gls.New[int]("a"), gls.New[int]("b")
			t.Run("the values at the call", func(t *testing.T) {
				var run func()
				a.Run(1, func() {
					scope := a.Enter(2)
					run = c.capture(func() { assert.Equal(t, "2 -", see(a, b)) })
					scope.Leave()
					b.Enter(3)
					a.Enter(4)
				})
				b.Run(5, func() {
					run()
					assert.Equal(t, "- 5", see(a, b), "the caller's are back")
				})
			})
			t.Run("nothing set", func(t *testing.T) {
				var run func()
				gls.Isolate(func() {
					run = c.capture(func() {
						later := gls.New[int]("later")
						assert.Equal(t, "- - -", see(a, b, later))
						later.Run(1, func() { assert.Equal(t, "- - 1", see(a, b, later)) })
					})
				})
				later := gls.New[int]("later")
				gls.Run(func() {
					later.Enter(3)
					run()
					assert.Equal(t, "1 2 3", see(a, b, later))
				}, a.With(1), b.With(2))
			})
			t.Run("not set", func(t *testing.T) {
				var run func()
				later := gls.New[int]("later")
				gls.Run(func() {
					a.Exit(func() {
						run = c.capture(func() { assert.Equal(t, "- 2 -", see(a, b, later)) })
					})
				}, a.With(1), b.With(2))
				gls.Run(run, a.With(5), later.With(6))
			})
			t.Run("on many goroutines at once", func(t *testing.T) {
				var group sync.WaitGroup
				for i := range 50 {
					group.Go(func() {
						a.Run(i, func() {
							run := c.capture(func() {
								if v, ok := a.Get(); !ok || v != i {
									t.Errorf("%d, %t instead of %d", v, ok, i)
								}
							})
							a.Run(-1, run)
						})
					})
				}
				group.Wait()
			})
		})
	}
	t.Run("a deferred call", func(t *testing.T) {
		s := gls.New[int]("s")
		seen := make(chan string, 2)
		func() {
			defer gls.Go(func() { seen <- see(s) }) // runs, and captures, at the end
			defer gls.Bind(func() { seen <- see(s) })()
			s.Enter(1)
		}()
		assert.Equal(t, "-", <-seen, "Bind was evaluated at the defer statement")
		assert.Equal(t, "1", <-seen)
	})
}

// A snapshot stays what it was.
func TestRule5(t *testing.T) {
	a, b := gls.New[int]("a"), gls.New[int]("b")
	t.Run("an Enter in it is gone with its Run", func(t *testing.T) {
		var snapshot gls.Snapshot
		a.Run(1, func() { snapshot = gls.Capture() })
		for _, s := range []gls.Snapshot{snapshot, {}} {
			var before, after string
			s.Run(func() {
				before = see(a, b)
				a.Enter(2)
				b.Enter(2)
				a.Disable()
				a.Enter(3)
			})
			s.Run(func() { after = see(a, b) })
			assert.Equal(t, "- -", after, "Disable is all that lasts")
			assert.Contains(t, []string{"1 -", "- -"}, before)
		}
	})
	t.Run("also where it was captured between Enters", func(t *testing.T) {
		gls.Isolate(func() {
			one := a.Enter(1)
			snapshot := gls.Capture()
			two := a.Enter(2)
			for range 3 {
				snapshot.Run(func() {
					assert.Equal(t, "1", see(a))
					a.Enter(7)
				})
				snapshot.Go(func() { a.Enter(8) })
			}
			two.Leave()
			one.Leave()
			snapshot.Run(func() { assert.Equal(t, "1", see(a)) })
		})
	})
	t.Run("used by many goroutines at once", func(t *testing.T) {
		var snapshot gls.Snapshot
		var bound func() string
		gls.Run(func() {
			snapshot = gls.Capture()
			bound = gls.Bind(func() string { return see(a, b) })
		}, a.With(1), b.With(2))
		var group sync.WaitGroup
		for i := range 200 {
			group.Go(func() {
				a.Run(i, func() {
					snapshot.Run(func() {
						if got := see(a, b); got != "1 2" {
							t.Errorf("%q", got)
						}
						a.Enter(i)
						runtime.Gosched()
						if got := bound(); got != "1 2" {
							t.Errorf("bound: %q", got)
						}
						b.Enter(i)
					})
				})
			})
		}
		group.Wait()
	})
	t.Run("the inner Bind wins", func(t *testing.T) {
		var inner, outer func()
		var seen string
		a.Run(1, func() { inner = gls.Bind(func() { seen = see(a, b) }) })
		b.Run(2, func() { outer = gls.Bind(inner) })
		a.Run(3, outer)
		assert.Equal(t, "1 -", seen)
		var typed func(int) string
		a.Run(1, func() { typed = gls.Bind(func(int) string { return see(a, b) }) })
		b.Run(2, func() { typed = gls.Bind(typed) })
		assert.Equal(t, "1 -", typed(0))
		gls.Isolate(func() { inner = gls.Bind(func() { seen = see(a, b) }) })
		a.Run(1, func() { outer = gls.Bind(inner) })
		outer()
		assert.Equal(t, "- -", seen)
	})
	t.Run("copies are the same", func(t *testing.T) {
		a.Run(1, func() {
			snapshot := gls.Capture()
			held := map[string]gls.Snapshot{"copy": snapshot}
			assert.True(t, held["copy"] == gls.Capture())
			assert.False(t, snapshot == gls.Snapshot{})
			a.Run(1, func() { assert.False(t, snapshot == gls.Capture()) })
		})
		gls.Isolate(func() { assert.True(t, gls.Capture() == gls.Snapshot{}) })
	})
}

// What fn in gls.Go(fn) finds, and what it leaves.
func TestRule7(t *testing.T) {
	s := gls.New[int]("s")
	functions := func() []string {
		var names []string
		pcs := make([]uintptr, 20)
		frames := runtime.CallersFrames(pcs[:runtime.Callers(2, pcs)])
		for {
			f, more := frames.Next()
			names = append(names, f.Function)
			if !more {
				return names
			}
		}
	}
	start := func(with func(func())) []string {
		stack := make(chan []string)
		with(func() { stack <- functions() })
		return <-stack
	}
	t.Run("nothing set is a go statement", func(t *testing.T) {
		if gls.Propagation() == gls.Explicit {
			assert.Len(t, start(gls.Go), len(start(func(fn func()) { go fn() })), "nothing around fn")
		}
		gls.Isolate(func() {
			assert.NotContains(t, start(gls.Go), "github.com/ambient-go/ambient/internal/carrier.Start")
			assert.NotContains(t, start(gls.Capture().Go), "github.com/ambient-go/ambient/internal/carrier.Start")
		})
		done := make(chan bool)
		gls.Go(func() {
			here := carrier.Here()
			done <- here.Frame() == nil && !carried(here.Goroutine())
		})
		assert.True(t, <-done)
	})
	t.Run("Goexit", func(t *testing.T) {
		s.Run(1, func() {
			for _, start := range []func(func()){gls.Go, gls.Capture().Go, new(gls.WaitGroup).Go} {
				seen := make(chan string)
				start(func() {
					defer close(seen)
					defer func() { seen <- see(s) }()
					s.Run(2, runtime.Goexit)
				})
				assert.Equal(t, "1", <-seen)
				_, more := <-seen
				assert.False(t, more)
			}
		})
	})
	t.Run("Wait waits", func(t *testing.T) {
		var group gls.WaitGroup
		var mu sync.Mutex
		seen := 0
		s.Run(7, func() {
			for range 20 {
				group.Go(func() {
					mu.Lock()
					defer mu.Unlock()
					v, _ := s.Get()
					seen += v
				})
			}
		})
		group.Add(1)
		group.Done()
		group.Wait()
		assert.Equal(t, 140, seen)
	})
}
