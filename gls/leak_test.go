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
		runtime.GC()
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
		join(func() {
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
