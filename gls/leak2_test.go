package gls_test

import (
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

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
