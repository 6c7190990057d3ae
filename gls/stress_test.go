package gls_test

import (
	"os"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/testexec"
)

// scale returns how many goroutines a stress test runs: AMBIENT_LONG=1 asks for the long form, which takes minutes.
func scale(short, long int) int {
	if os.Getenv("AMBIENT_LONG") != "" {
		return long
	}
	if testexec.Race {
		return short / 5
	}
	return short
}

// givenBack is how much more memory may be in use after a stress test than before it.
const givenBack = 2 << 20

// manyInTurn runs fn on n goroutines, a few hundred at a time.
func manyInTurn(n int, start func(fn func()), fn func()) {
	var starters sync.WaitGroup
	const width = 8
	for range width {
		starters.Go(func() {
			var group sync.WaitGroup
			for i := range n / width {
				group.Add(1)
				start(func() {
					defer group.Done()
					fn()
				})
				if i%50 == 0 {
					group.Wait()
				}
			}
			group.Wait()
		})
	}
	starters.Wait()
}

func TestStressComeAndGo(t *testing.T) {
	n := scale(100_000, 10_000_000)
	s, other := gls.New[int]("s"), gls.New[*int]("other")
	manyInTurn(n/100, func(fn func()) { go fn() }, func() {})
	records, before, start := settled(), heapBytes(), time.Now()
	manyInTurn(n, func(fn func()) { s.Run(1, func() { gls.Go(fn) }) }, func() {
		scope := s.Enter(2)
		other.Run(nil, func() {
			if v, ok := s.Get(); !ok || v != 2 {
				t.Errorf("%d, %t", v, ok)
			}
			s.Enter(3)
		})
		scope.Leave()
		if v, ok := s.Get(); !ok || v != 1 {
			t.Errorf("%d, %t", v, ok)
		}
		other.Enter(nil)
	})
	took := time.Since(start) / time.Duration(n)
	held := heapBytes() - before
	t.Logf("%d goroutines came and went: %v each, %d bytes are held after them", n, took, held)
	assert.LessOrEqual(t, held, int64(givenBack))
	assert.LessOrEqual(t, carrier.Len(), records)
}

func TestStressEnterAndExit(t *testing.T) {
	n := scale(100_000, 10_000_000)
	s := gls.New[*load]("s")
	manyInTurn(n/100, func(fn func()) { go fn() }, func() {})
	records, before, start := settled(), heapBytes(), time.Now()
	var most atomic.Int64
	var stop atomic.Bool
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for !stop.Load() {
			most.Store(max(most.Load(), int64(carrier.Len())))
			time.Sleep(100 * time.Microsecond)
		}
	})
	manyInTurn(n, func(fn func()) { go fn() }, func() {
		if _, ok := s.Get(); ok {
			t.Error("a value of a goroutine that has exited")
		}
		s.Enter(new(load))
	})
	took := time.Since(start) / time.Duration(n)
	stop.Store(true)
	watcher.Wait()
	assert.LessOrEqual(t, settled(), records)
	held := heapBytes() - before
	t.Logf("%d goroutines entered and exited: %v each, at most %d records at a time, %d bytes are held after them",
		n, took, most.Load(), held)
	assert.Less(t, most.Load(), int64(min(n/2, 200_000)), "far fewer than ever were")
	assert.LessOrEqual(t, held, int64(givenBack))
}

// Goroutines as a server has them for its connections run one scope after the other and rest in between, while so many
// others run one scope and exit that those at rest are evicted all the time: none sees, or is shown with, another's
// value, and none has one at rest.
func TestStressRest(t *testing.T) {
	n := scale(200_000, 10_000_000)
	s := gls.New[uint64]("the goroutine's own id")
	request := func() {
		id := carrier.Here().Goroutine()
		if v, ok := s.Get(); ok {
			t.Errorf("goroutine %d sees the value of %d at rest", id, v)
		}
		s.Run(id, func() {
			runtime.Gosched()
			if v, ok := s.Get(); !ok || v != id {
				t.Errorf("goroutine %d sees the value of %d: %t", id, v, ok)
			}
			gls.Isolate(func() {
				if v, ok := s.Get(); ok {
					t.Errorf("goroutine %d sees the value of %d in Isolate", id, v)
				}
			})
		})
	}
	records, before := settled(), heapBytes()
	var connections, watchers sync.WaitGroup
	var stop atomic.Bool
	var requests atomic.Int64
	for range 300 {
		connections.Go(func() {
			for !stop.Load() {
				request()
				requests.Add(1)
				s.Enter(carrier.Here().Goroutine()).Leave()
				runtime.Gosched()
			}
		})
	}
	watchers.Go(func() {
		for !stop.Load() {
			for id, f := range carrier.All() {
				for _, e := range f.All() {
					if v, ok := e.Value.(uint64); ok && v != id && !carrier.Inherited() {
						t.Errorf("goroutine %d is listed with the value of %d", id, v)
					}
				}
			}
			time.Sleep(time.Millisecond)
		}
	})
	manyInTurn(n, func(fn func()) { go fn() }, request)
	stop.Store(true)
	connections.Wait()
	watchers.Wait()
	assert.LessOrEqual(t, settled(), records)
	held := heapBytes() - before
	t.Logf("%d requests on connections beside %d goroutines of one each, %d bytes are held after them", requests.Load(), n, held)
	assert.LessOrEqual(t, held, int64(givenBack))
}

func TestStressLiveAtOnce(t *testing.T) {
	n := scale(20_000, 1_000_000)
	if testexec.Race {
		n = min(n, 7000) // the race detector's own limit is 8128
	}
	s := gls.New[*load]("s")
	// inUse returns the memory in use while n goroutines are alive, in the heap and in stacks, and in the heap after them.
	inUse := func(start func(fn func())) [3]int64 {
		var ready, done sync.WaitGroup
		release := make(chan struct{})
		ready.Add(n)
		done.Add(n)
		fn := func() {
			defer done.Done()
			ready.Done()
			<-release
		}
		for range n {
			start(fn)
		}
		ready.Wait()
		heap, stacks := heapBytes(), stackBytes()
		close(release)
		done.Wait()
		return [3]int64{heap, stacks, heapBytes()}
	}
	l, _ := newLoad()
	inUse(func(fn func()) { go fn() }) // the runtime keeps its structures for that many
	plain := inUse(func(fn func()) { go fn() })
	t.Logf("%d goroutines at once: %d bytes each", n, (plain[0]+plain[1])/int64(n))
	for _, c := range []struct {
		name  string
		start func(fn func())
	}{
		{"Go", gls.Go},
		{"Snapshot.Go", gls.Capture().Go}, // nothing is set
		{"go Run", func(fn func()) { go s.Run(nil, fn) }},
	} {
		var used [3]int64
		if c.name == "Go" {
			s.Run(l, func() { used = inUse(c.start) })
		} else {
			used = inUse(c.start)
		}
		each, stack, held := (used[0]-plain[0])/int64(n), (used[1]-plain[1])/int64(n), used[2]-plain[2]
		t.Logf("%s: %d bytes more for each, %d more of stack; %d are held after them", c.name, each, stack, held)
		assert.LessOrEqual(t, held, int64(givenBack), c.name)
		if !testexec.Race {
			assert.LessOrEqual(t, each, int64(160), "%s: a record, its slot, a frame", c.name)
		}
	}
}

// stackBytes returns the bytes in stacks that are in use.
func stackBytes() int64 {
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.StackInuse)
}
