package carrier

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Go has no hook at a goroutine's exit. A scope needs none: its defer runs in every case. Only an
// Enter outside of any scope that is never left outlives its goroutine. Its record is called
// unscoped. The sweeper drops the unscoped records of goroutines that have exited: it lists all
// unscoped records and asks goroutine.Exited, which loads two words of runtime.g. That takes about
// 0.1 microseconds a record and stops nothing. 100,000 goroutines that entered and exited beside
// 100,000 that are 10 calls deep took 0.6 s and no stop. With the text of all stacks they took 18 s
// and stopped the world for up to 8.6 s, on a busy machine.
//
// Designs that were dropped, or cannot work:
//
//   - The text of runtime.Stack, which stops the world while the runtime formats all stacks. The
//     sweeper still uses it where the layout of runtime.g is not known.
//   - The goroutine profile of runtime/pprof, which takes its stacks while the world runs. It has
//     no ids.
//   - A finalizer, a cleanup or a weak pointer. It needs memory that dies with the goroutine. Only
//     the goroutine's stack does, and Enter cannot place anything in its caller's frame. A label
//     set of runtime/pprof dies with the goroutine too, but its children share it, and code that
//     sets labels replaces it.
//   - No sweep at all. Each such goroutine would leave a record, a frame and its values, 100 bytes
//     at least, without a bound on their number.
const (
	// sweepAtLeast is the number of unscoped records at which an Enter sweeps at the earliest.
	sweepAtLeast = 256

	// maxIdle bounds how long a collection's sweep waits for its turn: 63 collections.
	maxIdle = 6

	// stopAtMost is the largest number of goroutines with which a garbage collection triggers a
	// sweep that stops the world: some milliseconds.
	stopAtMost = 1000
)

// stops reports whether a sweep stops the world. It is a variable for tests.
var stops = func() bool { return !goroutine.ExitsKnown() }

// sweeper is the state of the sweeps.
var sweeper struct {
	// due is the number of unscoped records at which the next sweep is due, if greater than
	// sweepAtLeast. Raised under mu. Lowered and loaded at the insert of an unscoped record.
	due atomic.Int64

	// armed says that a garbage collection will call collected. The insert of an unscoped record,
	// or a sweep that leaves some, changes it from false to true; collected changes it back.
	armed atomic.Bool

	mu       sync.Mutex // held during a sweep; guards the fields below
	sweeps   int        // so far
	idle     uint       // sweeps in a row that a collection triggered and that found nothing, at most maxIdle
	sleeping uint       // collections still to let pass
}

// noteUnscoped is called after the insert of an unscoped record. It sweeps if their number is twice
// the number that the last sweep left, so that each insert pays for a look at two records.
func noteUnscoped() {
	if !sweeper.armed.Load() {
		arm()
	}
	now, due := goroutines.Unscoped(), sweeper.due.Load()
	if now < due/4 { // most of those that the last sweep left have gone by themselves
		sweeper.due.CompareAndSwap(due, 2*now)
	}
	due = max(due, sweepAtLeast)
	switch {
	case now < due:
		return
	case now < 2*due: // leave it to a sweep in progress
		if !sweeper.mu.TryLock() {
			return
		}
	default: // the sweep in progress is slow: wait, so that the number stays bounded
		sweeper.mu.Lock()
	}
	defer sweeper.mu.Unlock()
	now, due = goroutines.Unscoped(), sweeper.due.Load()
	if now < max(due, sweepAtLeast) {
		return // another goroutine has swept meanwhile
	}
	if stops() && now < int64(runtime.NumGoroutine()/2) { // a sweep formats all stacks
		sweeper.due.Store(now + now/4)
		return
	}
	sweep()
	sweeper.due.Store(2 * goroutines.Unscoped())
}

// sweep drops the unscoped records of goroutines that have exited and reports whether there were
// any. sweeper.mu is held. A goroutine may begin a callback from C after it was found to have
// exited (needm in runtime/proc.go). If it carries another frame by then, its record stays.
func sweep() (found bool) { return sweepBy(goroutine.Exited) }

func sweepBy(exits func() func(goroutine.Handle) bool) (found bool) {
	sweeper.sweeps++
	goroutines.Pin() // a record that has the same frame then has the same values
	defer goroutines.Unpin()
	// The order matters where Exited looks once: a goroutine whose record was listed was alive
	// before.
	all := goroutines.AllUnscoped()
	exited := exits()
	for _, u := range all {
		if exited(u.Owner) && goroutines.Drop(u) {
			found = true
		}
	}
	return found
}

// arm lets the next garbage collection call collected, on the runtime's own goroutine for cleanups.
func arm() {
	if sweeper.armed.CompareAndSwap(false, true) {
		runtime.AddCleanup(new([16]byte), func(struct{}) { collected() }, struct{}{})
	}
}

// collected runs after a garbage collection while there are unscoped records, so that the values of
// an exited goroutine do not wait for more records. The more often it finds nothing, the more
// collections it lets pass.
func collected() {
	sweeper.armed.Store(false)
	if goroutines.Unscoped() == 0 {
		return // the next unscoped record arms it again
	}
	defer arm()
	sweeper.mu.Lock()
	defer sweeper.mu.Unlock()
	switch {
	case stops() && runtime.NumGoroutine() > stopAtMost:
	case sweeper.sleeping > 0:
		sweeper.sleeping--
	case sweep():
		sweeper.idle = 0
	default:
		sweeper.idle = min(sweeper.idle+1, maxIdle)
		sweeper.sleeping = 1<<sweeper.idle - 1
	}
}
