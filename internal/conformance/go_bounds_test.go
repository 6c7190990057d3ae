package conformance_test

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/testexec"
)

func TestConformanceGoBounds(t *testing.T) {
	inEveryState(t, lifetimeRows)
	// Long loops, and rows that measure or change the whole process.
	inOneState(t, boundRows)
}

var boundRows = []row{
	{"N-43,G-20 a hundred thousand nested Runs, Binds in Binds, and Runs in turn", func(t *probe) {
		const depth = 100_000
		s := gls.New[*store]("")
		held := func() weak.Pointer[store] {
			innermost := newStore()
			var level func(n int)
			level = func(n int) {
				if n == 0 {
					sees(t, innermost, s)
					return
				}
				value := innermost
				if n > 1 {
					value = &store{}
				}
				s.Run(value, func() {
					level(n - 1)
					if got, _ := s.Get(); got != value {
						assert.Fail(t, "a level is not restored")
					}
				})
			}
			apart(func() { level(depth) })
			calls := 0
			bound := func() { calls++ }
			for range depth {
				s.Run(innermost, func() { bound = gls.Bind(bound) })
			}
			apart(bound)
			assert.Equal(t, 1, calls)
			return weak.Make(innermost)
		}()
		collected(t, held)
		before := heap()
		for range iterations(100_000, 10_000_000) {
			s.Run(nil, func() { s.Enter(nil) })
		}
		assert.Less(t, heap()-before, int64(1<<20))
	}},
	{"G-09 the value is there whatever the goroutine and the runtime do", func(t *probe) {
		s := fresh[string](t)
		server, _ := countingServer()
		defer server.Close()
		file := filepath.Join(t.t.TempDir(), "file")
		var mu sync.Mutex
		channel := make(chan int)
		value := fmt.Sprint("a value from the heap", 1)
		s.Run(value, func() {
			for name, step := range map[string]func(){
				"a bigger stack": func() { growStack(iterations(4<<10, 64<<10)) },
				"a collection":   runtime.GC,
				"a yield":        runtime.Gosched,
				"a sleep":        func() { time.Sleep(time.Millisecond) },
				"a channel": func() {
					gls.Go(func() { channel <- 1 })
					<-channel
				},
				"a select": func() {
					select {
					case <-channel:
					case <-time.After(time.Microsecond):
					}
				},
				"a mutex": func() {
					mu.Lock()
					gls.Go(func() {
						time.Sleep(time.Microsecond)
						mu.Unlock()
					})
					mu.Lock()
					mu.Unlock() //nolint:staticcheck // it waits for the other
				},
				"a system call": func() {
					assert.NoError(t, os.WriteFile(file, []byte("text"), 0o600))
					_, err := os.ReadFile(file)
					assert.NoError(t, err)
				},
				"the network": func() {
					_, err := fetch(server.Client(), server.URL)
					assert.NoError(t, err)
				},
				"other threads": func() {
					n := runtime.GOMAXPROCS(0)
					for i := range 4 {
						runtime.GOMAXPROCS(1 + i)
						suspend()
						sees(t, value, s)
					}
					runtime.GOMAXPROCS(n)
				},
			} {
				step()
				sees(t, value, s, name)
				inGo(func() { sees(t, value, s, name) })
			}
		})
	}},
	{"G-10 a new goroutine never sees what an exited one entered", func(t *probe) {
		s := gls.New[int]("")
		for range 2 {
			var wg sync.WaitGroup
			for i := range 10_000 {
				wg.Go(func() { s.Enter(i) })
			}
			wg.Wait()
			for range 10_000 {
				wg.Go(func() { unset(t, s) })
			}
			wg.Wait()
		}
	}},
	{"G-11 nothing is left of exited goroutines that entered", func(t *probe) {
		s, carried := gls.New[*store](""), carrier.Len()
		settle := func() bool {
			return poll(func(int) bool {
				runtime.GC()
				return carrier.Len() <= carried
			})
		}
		most := 0
		batch := func() {
			testexec.Exits(func() {
				var wg sync.WaitGroup
				for range 100 {
					wg.Go(func() { s.Enter(newStore()) })
				}
				wg.Wait()
			})
			most = max(most, carrier.Len())
		}
		batch()
		assert.True(t, settle())
		before := heap()
		// The number stays bounded where no garbage collection helps.
		defer debug.SetGCPercent(debug.SetGCPercent(-1))
		for range iterations(200, 5000) {
			batch()
		}
		assert.Less(t, most, 5000, "goroutines that carry a frame")
		assert.True(t, settle())
		assert.Less(t, heap()-before, int64(1<<20))
	}},
	{"G-21 the last of a chain of ten thousand goroutines holds what it was given alone", func(t *probe) {
		const last = 10_000
		s := gls.New[*store]("")
		var held [last + 1]weak.Pointer[store]
		reached, gate, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
		var level func(n int)
		level = func(n int) {
			value := newStore()
			held[n] = weak.Make(value)
			s.Run(value, func() {
				sees(t, value, s)
				if n < last {
					gls.Go(func() { level(n + 1) })
					return
				}
				close(reached)
				<-gate
				sees(t, value, s)
				close(done)
			})
		}
		apart(func() { level(0) })
		<-reached
		assert.True(t, poll(func(int) bool {
			runtime.GC()
			for _, w := range held[:last-1] {
				if w.Value() != nil {
					return false
				}
			}
			return true
		}))
		assert.NotNil(t, held[last-1].Value(), "it is back after the last Run")
		assert.NotNil(t, held[last].Value())
		close(gate)
		<-done
	}},
	{"G-46,T-22 allocations", func(t *probe) {
		s, value := gls.New[*store](""), newStore()
		missing := gls.New[*store]("")
		for _, storages := range []int{0, 1, 10, 100} {
			var bindings []gls.Binding
			for range storages {
				bindings = append(bindings, gls.New[*store]("").With(value))
			}
			gls.Run(func() {
				assert.Zero(t, testing.AllocsPerRun(100, func() { missing.Get() }), "Get that finds nothing")
				assert.Zero(t, testing.AllocsPerRun(100, func() { gls.Capture() }), "Capture")
				run := testing.AllocsPerRun(100, func() { s.Run(value, func() {}) })
				child := testing.AllocsPerRun(100, func() { inGo(func() {}) })
				t.Logf("with %d storages: %v allocations for Run, %v for Go with a channel", storages, run, child)
				assert.LessOrEqual(t, run, 4.0)
				assert.LessOrEqual(t, child, 12.0)
				s.Run(value, func() {
					assert.Zero(t, testing.AllocsPerRun(100, func() { s.Get() }), "Get")
					c := gls.Capture()
					assert.LessOrEqual(t, testing.AllocsPerRun(100, func() { c.Run(func() {}) }), 2.0, "Snapshot.Run")
				})
			}, bindings...)
		}
	}},
	{"G-47 Get among a thousand storages", func(t *probe) {
		few, many := getTime(1), getTime(1000)
		t.Logf("a Get takes %v among 1 storage, %v among 1000", few, many)
		assert.Less(t, many, 50*few+time.Microsecond)
	}},
	{"G-58 storages in local variables are collected", func(t *probe) {
		before := heap()
		for range iterations(10_000, 1_000_000) {
			s := gls.NewWithDefault("local", [1024]byte{})
			s.Run([1024]byte{1}, func() { s.Get() })
		}
		assert.Less(t, heap()-before, int64(1<<20))
	}},
}

// growStack calls itself with about a kilobyte for each level.
//
//go:noinline
func growStack(levels int) byte {
	var buf [1024]byte
	buf[levels%len(buf)] = 1
	if levels == 0 {
		return 0
	}
	return growStack(levels-1) + buf[(levels+1)%len(buf)]
}

// heap returns the bytes in use after a collection.
func heap() int64 {
	var stats runtime.MemStats
	for range 3 { // pools take two to let go
		runtime.GC()
	}
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// getTime returns the time of one Get of the last of that many storages that are all set, the best of several.
func getTime(storages int) time.Duration {
	var bindings []gls.Binding
	s := gls.New[int]("")
	for range storages - 1 {
		bindings = append(bindings, gls.New[int]("").With(1))
	}
	best := time.Hour
	gls.Run(func() {
		for range 10 {
			const times = 1000
			start := time.Now()
			for range times {
				s.Get()
			}
			best = min(best, time.Since(start)/times)
		}
	}, append(bindings, s.With(1))...)
	return best
}
