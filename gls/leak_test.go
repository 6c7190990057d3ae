package gls_test

import (
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/testexec"
)

// A load is a value that is worth collecting.
type load struct {
	bytes    [1 << 10]byte
	snapshot gls.Snapshot
}

// newLoad returns a load, and what tells whether it has been collected.
//
//go:noinline
func newLoad() (*load, weak.Pointer[load]) {
	l := new(load)
	l.bytes[0] = 1
	return l, weak.Make(l)
}

// gone reports whether what p points to is collected.
func gone[T any](p weak.Pointer[T]) bool {
	for range 200 { // a loose record may wait for its turn
		if p.Value() == nil {
			return true
		}
		testexec.Collect()
		time.Sleep(50 * time.Microsecond)
	}
	return false
}

// kept reports whether what p points to is alive after some collections.
func kept[T any](p weak.Pointer[T]) bool {
	for range 5 {
		runtime.GC()
	}
	return p.Value() != nil
}

// manyAtOnce runs fn on n goroutines that are alive at the same time.
func manyAtOnce(n int, fn func()) {
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	ready.Add(n)
	for range n {
		done.Go(func() {
			fn()
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	close(release)
	done.Wait()
}

func TestLeakAfterAScope(t *testing.T) {
	s := gls.New[*load]("s")
	for name, use := range map[string]func(l *load){
		"Run":           func(l *load) { s.Run(l, func() { s.Get() }) },
		"Run, panic":    func(l *load) { _ = panicOf(func() { s.Run(l, func() { panic("x") }) }) },
		"Run, Goexit":   func(l *load) { join(func() { s.Run(l, runtime.Goexit) }) },
		"Call":          func(l *load) { gls.Call(s, l, func() int { return 1 }) },
		"gls.Run":       func(l *load) { gls.Run(func() {}, s.With(l), s.With(l)) },
		"Enter, Leave":  func(l *load) { s.Enter(l).Leave() },
		"Enter in Run":  func(l *load) { s.Run(nil, func() { s.Enter(l) }) },
		"Enter in Exit": func(l *load) { s.Exit(func() { s.Enter(l) }) },
		"Enter, exit":   func(l *load) { join(func() { s.Enter(l) }) },
		"Binding":       func(l *load) { s.With(l) },
		"Snapshot":      func(l *load) { s.Run(l, func() { gls.Capture().Run(func() {}) }) },
		"Bind":          func(l *load) { s.Run(l, func() { gls.Bind(func(int) {})(1) }) },
		"Go": func(l *load) {
			done := make(chan bool)
			s.Run(l, func() { gls.Go(func() { close(done) }) })
			<-done
		},
		"Enter in Go": func(l *load) {
			var group gls.WaitGroup
			group.Go(func() { s.Enter(l) })
			group.Wait()
		},
		"AfterFunc, stopped": func(l *load) {
			s.Run(l, func() { gls.AfterFunc(time.Hour, func() { s.Get() }).Stop() })
		},
		"AfterFunc, fired": func(l *load) {
			done := make(chan bool)
			s.Run(l, func() { gls.AfterFunc(0, func() { close(done) }) })
			<-done
		},
		"Disable":        func(l *load) { s.Run(l, s.Disable) },
		"Disable, Enter": func(l *load) { s.Run(nil, func() { s.Enter(l); s.Disable() }) },
		"a cycle": func(l *load) {
			s.Run(l, func() { l.snapshot = gls.Capture() })
		},
		"a cycle through a bound function": func(l *load) {
			functions := gls.New[map[int]any]("functions")
			m := map[int]any{0: l}
			functions.Run(m, func() { m[1] = gls.Bind(func() {}) })
		},
		"a cycle through the storage": func(l *load) {
			self := gls.New[any]("self")
			self.Run(&struct {
				*load
				*gls.Storage[any]
				gls.Snapshot
			}{l, self, gls.Capture()}, func() { l.snapshot = gls.Capture() })
		},
		"a panic's error": func(l *load) {
			s.Run(l, func() { s.Exit(func() { _ = panicOf(func() { s.GetOrFail() }) }) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			for where, around := range map[string]func(fn func()){
				"in no scope": join,
				"in a scope":  func(fn func()) { s.Run(nil, fn) },
				"in an Enter": func(fn func()) { defer s.Enter(nil).Leave(); fn() },
			} {
				around(func() {
					l, p := newLoad()
					use(l)
					assert.True(t, gone(p), where)
				})
			}
		})
	}
}

// A child that lives long holds the values of its own frame, none that was replaced in it and none of its ancestors.
func TestLeakChildHoldsItsFrameOnly(t *testing.T) {
	s, other := gls.New[*load]("s"), gls.New[*load]("other")
	for name, enterBoth := range map[string]func(old, now *load, fn func()){
		"Run": func(old, now *load, fn func()) {
			s.Run(old, func() { s.Run(now, fn) })
		},
		"Enter": func(old, now *load, fn func()) {
			defer s.Enter(old).Leave()
			defer s.Enter(now).Leave()
			fn()
		},
		"Enter in Run": func(old, now *load, fn func()) {
			s.Run(old, func() { defer s.Enter(now).Leave(); fn() })
		},
		"Run in Enter": func(old, now *load, fn func()) {
			defer s.Enter(old).Leave()
			s.Run(now, fn)
		},
		"Exit": func(old, now *load, fn func()) {
			other.Run(old, func() { other.Exit(func() { s.Run(now, fn) }) })
		},
		"Isolate": func(old, now *load, fn func()) {
			s.Run(old, func() { gls.Isolate(func() { s.Run(now, fn) }) })
		},
		"another snapshot": func(old, now *load, fn func()) {
			snapshot := gls.Capture()
			s.Run(old, func() { snapshot.Run(func() { s.Run(now, fn) }) })
		},
		"Leave": func(old, now *load, fn func()) {
			scope := other.Enter(old)
			s.Run(now, func() {
				scope.Leave()
				fn()
			})
			scope.Leave()
		},
	} {
		t.Run(name, func(t *testing.T) {
			for _, c := range carryings() {
				old, oldGone := newLoad()
				now, nowGone := newLoad()
				hold, done := make(chan bool), make(chan bool)
				var run func()
				enterBoth(old, now, func() {
					run = c.capture(func() {
						hold <- true
						<-hold
						v, _ := s.Get()
						assert.Same(t, nowGone.Value(), v)
					})
				})
				go func() {
					run()
					close(done)
				}()
				<-hold
				old, now, run = nil, nil, nil
				assert.True(t, gone(oldGone), c.name)
				assert.NotNil(t, nowGone.Value(), c.name)
				hold <- true
				<-done
				assert.True(t, gone(nowGone), c.name)
			}
		})
	}
	t.Run("a line of generations", func(t *testing.T) {
		const depth = 1000
		all := make([]weak.Pointer[load], 0, depth)
		last := make(chan weak.Pointer[load])
		var descend func()
		descend = func() {
			l, p := newLoad()
			all = append(all, p)
			if len(all) == depth {
				s.Enter(l)
				last <- p
				<-last
				return
			}
			s.Run(l, func() {
				other.Run(l, func() { other.Enter(nil); gls.Go(descend) })
			})
		}
		gls.Go(descend)
		p := <-last
		alive := 0
		for _, earlier := range all[:depth-2] { // the last one's frame has its parent's value no more
			if !gone(earlier) {
				alive++
				break
			}
		}
		assert.Zero(t, alive, "of the ancestors' values")
		assert.NotNil(t, p.Value())
		last <- p
		assert.True(t, gone(p))
	})
}

// A snapshot and a bound function hold their values, and no others, for as long as they are held.
func TestLeakSnapshotHoldsItsValues(t *testing.T) {
	s, other := gls.New[*load]("s"), gls.New[*load]("other")
	old, oldGone := newLoad()
	now, nowGone := newLoad()
	second, secondGone := newLoad()
	later, laterGone := newLoad()
	var snapshot gls.Snapshot
	s.Run(old, func() {
		other.Run(second, func() {
			defer s.Enter(now).Leave()
			snapshot = gls.Capture()
			snapshot.Run(func() { s.Enter(later) })
			defer other.Enter(later).Leave()
		})
	})
	old, now, second, later = nil, nil, nil, nil
	assert.True(t, gone(oldGone), "replaced before")
	assert.True(t, gone(laterGone), "set after, or in a Run of it")
	assert.True(t, kept(nowGone), "its value")
	assert.True(t, kept(secondGone), "its other value")
	snapshot.Run(func() { assert.Same(t, nowGone.Value(), s.GetOrFail()) })
	snapshot = gls.Snapshot{}
	assert.True(t, gone(nowGone))
	assert.True(t, gone(secondGone))
}

// Goroutines that enter, never leave and exit: no fresh goroutine ever sees a value of theirs, records and values go.
func TestLeakEnterWithoutLeave(t *testing.T) {
	const n = 10_000
	s := gls.New[*load]("s")
	manyAtOnce(n, func() {}) // the runtime keeps its structures for that many goroutines
	before, records := heapBytes(), settled()
	most := 0
	_, first := newLoad()
	join(func() {
		l, p := newLoad()
		first = p
		s.Enter(l)
	})
	for i := range n {
		exits(func() {
			l, _ := newLoad()
			s.Enter(l)
		})
		if i%100 == 0 {
			most = max(most, carrier.Len()-records)
		}
	}
	assert.Less(t, most, 2000, "records at a time")
	manyAtOnce(n, func() {
		if _, ok := s.Get(); ok {
			t.Error("a value of a goroutine that has exited")
		}
		s.Run(nil, func() {})
		if _, ok := s.Get(); ok {
			t.Error("a value of a goroutine that has exited, after Run")
		}
	})
	assert.True(t, gone(first))
	assert.LessOrEqual(t, settled(), records)
	held := heapBytes() - before
	t.Logf("%d goroutines entered and exited: at most %d records at a time, %d bytes after them", n, most, held)
	assert.Less(t, held, int64(1<<20))
}

// What stays: nothing, but for an Enter without Leave outside of any scope, for as long as its goroutine lives.
func TestRule9(t *testing.T) {
	s := gls.New[int]("s")
	never := gls.New[int]("never")
	t.Run("Get that finds nothing", func(t *testing.T) {
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = never.Get() }))
		s.Run(1, func() { assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = never.Get() })) })
		const n = 100
		before := carrier.Len()
		hold := make(chan struct{})
		var asked, over sync.WaitGroup
		asked.Add(n)
		for range n {
			over.Go(func() {
				_, _ = s.Get()
				_, _ = never.Lookup()
				_ = gls.Context()
				gls.Capture().Run(func() { _, _ = s.Get() })
				gls.Isolate(func() { _ = panicOf(func() { s.GetOrFail() }) })
				asked.Done()
				<-hold
			})
		}
		asked.Wait()
		assert.Less(t, carrier.Len(), before+n, "they are alive and not recorded")
		close(hold)
		over.Wait()
	})
	t.Run("scopes of goroutines that have exited", func(t *testing.T) {
		before := settled()
		for _, scope := range entries(s) {
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() { scope.run(func() { s.Enter(1) }) })
				group.Go(func() { _ = panicOf(func() { scope.run(func() { panic("x") }) }) })
				group.Go(func() { scope.run(runtime.Goexit) })
			}
			group.Wait()
			assert.LessOrEqual(t, carrier.Len(), before, scope.name)
		}
		s.Run(1, func() {
			for _, c := range carryings() {
				for _, end := range []func(){func() {}, func() { s.Enter(1) }} {
					c.capture(end)()
				}
			}
		})
		eventually(t, func() bool { return carrier.Len() <= before }, "a child that entered has its end for a scope")
	})
	t.Run("Enter and exit", func(t *testing.T) {
		before := settled()
		for range 100 {
			exits(func() { s.Enter(1) })
		}
		assert.Equal(t, before, settled(), "found by a collection")
		for i := range 50_000 {
			exits(func() { s.Enter(1) })
			if i%100 == 0 && carrier.Len() > before+2000 {
				t.Fatalf("%d records", carrier.Len())
			}
		}
	})
	t.Run("Enter on a goroutine that lives", func(t *testing.T) {
		join(func() {
			s.Enter(1)
			for range 100 {
				runtime.GC()
				assert.Equal(t, "1", see(s))
			}
		})
	})
}

func TestLeakStorages(t *testing.T) {
	t.Run("local variables", func(t *testing.T) {
		before := heapBytes()
		for i := range 100_000 {
			var s gls.Storage[int]
			s.Run(i, func() { s.Enter(i + 1) })
			if i%10 == 0 {
				s.Enter(i).Leave()
				s.Disable()
			}
		}
		assert.Less(t, heapBytes()-before, int64(256<<10))
	})
	t.Run("what they were used for", func(t *testing.T) {
		for name, use := range map[string]func(s *gls.Storage[int]){
			"Get":     func(s *gls.Storage[int]) { s.Get() },
			"Lookup":  func(s *gls.Storage[int]) { _, _ = s.Lookup() },
			"Run":     func(s *gls.Storage[int]) { s.Run(1, func() {}) },
			"Enter":   func(s *gls.Storage[int]) { s.Enter(1).Leave() },
			"With":    func(s *gls.Storage[int]) { gls.Run(func() {}, s.With(1)) },
			"Disable": func(s *gls.Storage[int]) { s.Run(1, s.Disable) },
			"Go": func(s *gls.Storage[int]) {
				done := make(chan bool)
				s.Run(1, func() { gls.Go(func() { done <- true }) })
				<-done
			},
		} {
			s := gls.New[int](name)
			p := weak.Make(s)
			use(s)
			s = nil
			assert.True(t, gone(p), name)
		}
	})
	t.Run("disabled, and entered anew", func(t *testing.T) {
		s := gls.New[*load]("s")
		join(func() {
			l, p := newLoad()
			s.Enter(l)
			s.Disable()
			s.Enter(nil)
			assert.True(t, gone(p), "on a goroutine that lives")
		})
	})
}

// Timers that are stopped, or reset and stopped, let go of the frame with the timer itself.
func TestLeakTimers(t *testing.T) {
	s := gls.New[*load]("s")
	all := make([]weak.Pointer[load], 0, 100)
	for i := range cap(all) {
		l, p := newLoad()
		all = append(all, p)
		s.Run(l, func() {
			timer := gls.AfterFunc(time.Hour, func() { s.Get() })
			if i%2 == 0 {
				timer.Reset(2 * time.Hour)
			}
			timer.Stop()
		})
	}
	for _, p := range all {
		if !assert.True(t, gone(p)) {
			return
		}
	}
}

// A ticker's goroutine lets go of the values that it had while it ran.
func TestLeakTicker(t *testing.T) {
	s := gls.New[*load]("s")
	l, p := newLoad()
	ticks, stop, done := make(chan bool), make(chan bool), make(chan bool)
	s.Run(l, func() {
		gls.Go(func() {
			defer close(done)
			ticker := time.NewTicker(time.Millisecond)
			defer ticker.Stop()
			for {
				select {
				case <-ticker.C:
					_, ok := s.Get()
					select {
					case ticks <- ok:
					case <-stop:
						return
					}
				case <-stop:
					return
				}
			}
		})
	})
	l = nil
	assert.True(t, <-ticks)
	assert.True(t, kept(p), "while it runs")
	assert.True(t, <-ticks)
	close(stop)
	<-done
	assert.True(t, gone(p))
}

// Enters are allocated many at a time. One that is not left holds none of the values of those beside it.
func TestLeakEntersBesideOneAnother(t *testing.T) {
	s := gls.New[*load]("s")
	hold := make(chan bool)
	var group sync.WaitGroup
	var open, left []weak.Pointer[load]
	for range 20 {
		ready := make(chan weak.Pointer[load])
		group.Go(func() {
			l, p := newLoad()
			s.Enter(l)
			ready <- p
			<-hold
		})
		open = append(open, <-ready)
		for range 7 {
			l, p := newLoad()
			left = append(left, p)
			s.Enter(l).Leave()
			outer := s.Enter(nil)
			s.Enter(l).Leave()
			outer.Leave()
		}
	}
	for i, p := range left {
		if !assert.True(t, gone(p), "%d", i) {
			break
		}
	}
	for _, p := range open {
		assert.NotNil(t, p.Value())
	}
	close(hold)
	group.Wait()
	for i, p := range open {
		if !assert.True(t, gone(p), "%d", i) {
			break
		}
	}
}

// Requests that enter, and enter again inside, while others do the same: no Enter that has been left is kept by one
// that has not. There is always one open here.
func TestLeakEntersOfOthers(t *testing.T) {
	s := gls.New[*load]("s")
	const workers, rounds = 50, 1000
	work := func() {
		turns := make(chan int, workers)
		var group sync.WaitGroup
		for range workers {
			group.Go(func() {
				for n := range turns {
					outer := s.Enter(nil)
					runtime.Gosched()
					inner := s.Enter(nil)
					runtime.Gosched()
					for range n % 3 {
						defer s.Enter(nil).Leave()
					}
					s.Enter(nil).Leave()
					inner.Leave()
					outer.Leave()
				}
			})
		}
		for i := range workers * rounds {
			turns <- i
		}
		close(turns)
		group.Wait()
	}
	var open []gls.Scope
	release := make(chan bool)
	var group sync.WaitGroup
	keepOne := func() {
		ready := make(chan bool)
		group.Go(func() {
			open = append(open, s.Enter(nil))
			ready <- true
			<-release
		})
		<-ready
	}
	keepOne()
	work()
	before := heapBytes()
	keepOne()
	work()
	keepOne()
	held := heapBytes() - before
	close(release)
	group.Wait()
	t.Logf("%d bytes are held after %d requests", held, workers*rounds)
	assert.Less(t, held, int64(256<<10))
	runtime.KeepAlive(open)
}
