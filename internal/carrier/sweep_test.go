package carrier_test

import (
	"os"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
)

// enter leaves an unscoped record on the running goroutine.
func enter(n int) { carrier.Set(carrier.Here(), frameOf(n)) }

// withLive runs fn while n goroutines are alive that have an unscoped record each, and checks
// theirs at the end.
func withLive(t *testing.T, n int, fn func()) {
	t.Helper()
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	ready.Add(n)
	for i := range n {
		done.Go(func() {
			enter(i)
			ready.Done()
			<-release
			if number() != i {
				t.Errorf("goroutine %d sees %d", i, number())
			}
			carrier.Set(carrier.Here(), nil)
		})
	}
	ready.Wait()
	fn()
	close(release)
	done.Wait()
}

// enterAndExit does so n times, on one goroutine after the other. Each has exited when the next one
// begins.
func enterAndExit(n int) {
	for i := range n {
		testexec.Exits(func() { join(func() { enter(i) }) })
	}
}

// sweeps returns how often fn made the sweeper look for exits.
func sweeps(fn func()) int {
	before := carrier.Sweeps()
	fn()
	return carrier.Sweeps() - before
}

// withoutCollections keeps the garbage collector from sweeping meanwhile.
func withoutCollections(fn func()) {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	testexec.Collect()
	testexec.Collect()               // if the cleanup of the first one came before the sweeper's
	time.Sleep(5 * time.Millisecond) // what the last collection called is over
	fn()
}

func TestSweepAtInsert(t *testing.T) {
	skipWithoutRecords(t)
	base := settled()
	carrier.ResetDue()
	withoutCollections(func() {
		assert.Zero(t, sweeps(func() { enterAndExit(carrier.SweepAtLeast - base - 1) }))
		assert.Equal(t, carrier.SweepAtLeast-1, carrier.Len())
		assert.Equal(t, 1, sweeps(func() { enterAndExit(1) }))
		assert.LessOrEqual(t, carrier.Len(), base+20, "but for those that are exiting still")
		for range 10 * carrier.SweepAtLeast {
			enterAndExit(1)
			assert.LessOrEqual(t, carrier.Len(), base+carrier.SweepAtLeast)
		}
	})
}

// The more unscoped records live on, the rarer is the sweep that looks at them all.
func TestSweepsAreRareAmongManyThatLive(t *testing.T) {
	skipWithoutRecords(t)
	settled()
	const live, ever = 3000, 12_000
	withoutCollections(func() {
		withLive(t, live, func() {
			carrier.ResetDue()
			n := sweeps(func() { enterAndExit(ever) })
			t.Logf("%d sweeps for %d that exited beside %d that lived", n, ever, live)
			assert.Positive(t, n)
			assert.LessOrEqual(t, n, 2+ever/live)
			assert.GreaterOrEqual(t, carrier.Due(), int64(2*live))
			assert.LessOrEqual(t, carrier.Unscoped(), carrier.Due())
			for sweeps(func() { enterAndExit(1) }) == 0 {
				continue // until those that live are all there are
			}
		})
		n := sweeps(func() { enterAndExit(8 * carrier.SweepAtLeast) })
		assert.GreaterOrEqual(t, n, 4, "it falls back when they have left")
		assert.LessOrEqual(t, carrier.Due(), int64(4*carrier.SweepAtLeast))
	})
}

// Where a sweep stops the world for each goroutine, few unscoped records among very many goroutines
// are left alone.
func TestSweepsThatStopTheWorldAreRareAmongManyGoroutines(t *testing.T) {
	skipWithoutRecords(t)
	base := settled()
	carrier.ResetDue()
	defer carrier.SweepsStop()()
	var ready, done sync.WaitGroup
	release := make(chan struct{})
	const others = 2000
	ready.Add(others)
	for range others {
		done.Go(func() {
			ready.Done()
			<-release
		})
	}
	ready.Wait()
	withoutCollections(func() {
		assert.Zero(t, sweeps(func() { enterAndExit(others/2 - base - 1) }), "fewer than half as many")
		assert.Positive(t, sweeps(func() { enterAndExit(2 * others) }))
	})
	close(release)
	done.Wait()
}

// An exit is found without stopping the world, however many goroutines there are and however deep
// their stacks.
func TestSweepsStopNothing(t *testing.T) {
	skipWithoutRecords(t)
	if !goroutine.ExitsKnown() {
		t.Skip("exits are found in the text of all stacks here")
	}
	base := settled()
	carrier.ResetDue()
	withoutCollections(func() {
		before := stops()
		assert.Positive(t, sweeps(func() { enterAndExit(8 * carrier.SweepAtLeast) }))
		assert.Positive(t, sweeps(func() {
			for range 2 << carrier.MaxIdle {
				carrier.Collected()
			}
		}))
		assert.Equal(t, before, stops())
	})
	assert.Equal(t, base, settled())
}

// stops returns how often the world was stopped but for collections.
func stops() (n uint64) {
	sample := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
	metrics.Read(sample)
	for _, count := range sample[0].Value.Float64Histogram().Counts {
		n += count
	}
	return n
}

func TestSweepAtCollection(t *testing.T) {
	skipWithoutRecords(t)
	base := settled()
	for i := range 100 {
		join(func() { enter(i) })
	}
	runtime.GC()
	assert.Equal(t, base, settled(), "by collections alone")
	join(func() {
		enter(7)
		for range 10 {
			runtime.GC()
			carrier.Collected()
		}
		assert.Equal(t, 7, number(), "this one lives")
	})
}

// Collections that find nothing dead let more and more of the next ones pass.
func TestCollectionsBackOff(t *testing.T) {
	skipWithoutRecords(t)
	settled()
	withLive(t, 1, func() {
		withoutCollections(func() {
			n := sweeps(func() {
				for range 1000 {
					carrier.Collected()
				}
			})
			assert.LessOrEqual(t, n, 100, "of 1000")
			assert.GreaterOrEqual(t, n, 1000/(1<<carrier.MaxIdle))

			before := carrier.Unscoped()
			join(func() { enter(1) })
			assert.Eventually(t, func() bool { // a sweep may see it exiting still
				for range 1 << carrier.MaxIdle {
					carrier.Collected()
				}
				return carrier.Unscoped() == before
			}, 20*time.Second, time.Millisecond, "it is found all the same")
		})
	})
}

// Enters that wait for a sweep, so that unscoped records stay bounded, find its work done and do
// not each sweep again.
func TestOneSweepServesAllThatWaitForIt(t *testing.T) {
	skipWithoutRecords(t)
	settled()
	const waiting = 4 * carrier.SweepAtLeast
	withoutCollections(func() {
		carrier.ResetDue()
		var done sync.WaitGroup
		n := sweeps(func() {
			release := carrier.HoldSweeper()
			for i := range waiting {
				done.Go(func() { enter(i) })
			}
			for carrier.Unscoped() < waiting {
				runtime.Gosched()
			}
			time.Sleep(time.Millisecond)
			release()
			done.Wait()
		})
		t.Logf("%d sweeps after %d entered", n, waiting)
		assert.LessOrEqual(t, n, 10)
	})
}

// With very many goroutines a collection does not stop them all.
func TestCollectionLeavesManyGoroutinesAlone(t *testing.T) {
	skipWithoutRecords(t)
	settled()
	withoutCollections(func() {
		withLive(t, carrier.StopAtMost+1, func() {
			defer carrier.SweepsStop()()
			join(func() { enter(1) })
			assert.Zero(t, sweeps(func() {
				for range 2 << carrier.MaxIdle {
					carrier.Collected()
				}
			}))
		})
	})
	assert.LessOrEqual(t, settled(), 1)
}

// Until a sweep is over, no frame that it has seen is used again: a goroutine that is taken for
// dead and runs another scope meanwhile would lose that one's values.
func TestSweepPinsFrames(t *testing.T) {
	skipWithoutRecords(t)
	settled()
	join(func() {
		enter(1)
		listed, next, swept := make(chan bool), make(chan bool), make(chan bool)
		go func() {
			defer close(swept)
			<-listed
			carrier.SweepBy(func(goroutine.Handle) bool {
				next <- true
				<-next
				return true
			})
		}()
		var first, second *frame.Frame
		carrier.RunWith(bindingOf(2), func() {
			first = carrier.Here().Peek()
			listed <- true
			<-next
		})
		carrier.RunWith(bindingOf(3), func() {
			second = carrier.Here().Peek()
			next <- true
			<-swept
			assert.Equal(t, 3, number())
		})
		assert.NotSame(t, first, second)
		assert.Equal(t, 1, number())
		carrier.Set(carrier.Here(), nil)
	})
}

// A record whose goroutine has exited passes to another one, which starts afresh. Its last writes
// were the first one's own, not ordered with the sweep by anything but its exit.
func TestSweptRecordsServeAgain(t *testing.T) {
	skipWithoutRecords(t)
	var group sync.WaitGroup
	for range 20 {
		for i := range carrier.SweepAtLeast {
			group.Add(1)
			go func() {
				enter(i)
				group.Done()
				scope(frameOf(i+1), func() { scope(nil, func() {}) })
			}()
		}
		group.Wait()
		runtime.GC()
		for i := range carrier.SweepAtLeast {
			group.Go(func() {
				enter(-i)
				if depth := carrier.Here().Depth(); depth != 0 {
					t.Errorf("depth %d at the start", depth)
				}
				carrier.Set(carrier.Here(), nil)
				if number() != -1 {
					t.Error("the record stayed")
				}
			})
		}
		group.Wait()
	}
}

// Goroutines with unscoped records of all sorts, while others exit without clean-up and collections
// run: none that lives ever loses its own, and none sees another's.
func TestSweepNeverTakesFromTheLiving(t *testing.T) {
	skipWithoutRecords(t)
	workers, rounds := 100, 100
	if os.Getenv("AMBIENT_LONG") != "" {
		workers, rounds = 1000, 2000
	}
	base := settled()
	var exiting atomic.Int64
	var stop atomic.Bool
	var living, others sync.WaitGroup
	check := func(want int) {
		if got := number(); got != want {
			t.Errorf("%d instead of %d", got, want)
		}
	}
	for w := range workers {
		living.Go(func() {
			check(-1)
			for round := range rounds {
				id := w*rounds + round
				enter(id)
				check(id)
				go func() {
					check(-1)
					enter(-id - 2)
					check(-id - 2)
					if id%2 == 0 {
						scope(frameOf(id), func() { check(id) })
					}
					exiting.Add(1)
				}()
				runtime.Gosched()
				check(id)
				scope(frameOf(-id-3), func() {
					runtime.Gosched()
					check(-id - 3)
				})
				check(id)
				if round%3 == 0 {
					carrier.Set(carrier.Here(), nil)
					check(-1)
				}
			}
			carrier.Set(carrier.Here(), nil)
		})
	}
	others.Go(func() {
		for !stop.Load() {
			runtime.GC()
			carrier.Collected()
			time.Sleep(time.Millisecond)
		}
	})
	living.Wait()
	stop.Store(true)
	others.Wait()
	for exiting.Load() < int64(workers*rounds) {
		runtime.Gosched()
	}
	assert.LessOrEqual(t, settled(), base)
}

func skipWithoutRecords(t *testing.T) {
	if carrier.Inherited() {
		t.Skip("goroutines carry their frames themselves")
	}
}
