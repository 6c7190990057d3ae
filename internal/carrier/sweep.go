package carrier

import (
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Go has no hook at a goroutine's exit. A scope needs none, its defer runs in every case; only an Enter outside of any
// scope, never left, outlives its goroutine. Such records are called loose, and the sweeper finds those whose goroutine
// is gone by asking the runtime which goroutines are alive. That stops the world for some microseconds per goroutine,
// so it happens rarely enough that each loose record pays for a bounded share of it.
//
// It is tempting to hang a finalizer on something that dies with the goroutine. Only the goroutine's stack does, and
// Enter cannot place anything in its caller's frame.
const (
	// sweepAtLeast is how many loose records there may be before an Enter looks for dead ones.
	sweepAtLeast = 256

	// sweepAtCollection is the largest number of goroutines with which a garbage collection triggers a sweep: the pause
	// is then a few milliseconds.
	sweepAtCollection = 1000

	// maxIdle bounds how long a collection's sweep waits for its turn: 63 collections.
	maxIdle = 6
)

// loose is the state of the sweeper.
var loose struct {
	// due is the number of loose records at which the next sweep is due, if greater than sweepAtLeast. Raised under mu,
	// lowered and loaded by whoever inserts a loose record.
	due atomic.Int64

	// armed says that a garbage collection will call collected. From false to true by whoever inserts a loose record
	// or finds some left, back to false by collected.
	armed atomic.Bool

	mu       sync.Mutex // held during a sweep; guards the fields below
	idle     uint       // sweeps in a row that a collection triggered and that found nothing, at most maxIdle
	sleeping uint       // collections still to let pass
}

// noteLoose sweeps if there are enough loose records now that one was inserted: twice as many as the last sweep left,
// so that those that live long are not looked at again for each few new ones, and half as many as there are goroutines,
// all of which a sweep looks at.
func noteLoose() {
	if !loose.armed.Load() {
		arm()
	}
	now, due := goroutines.Loose(), loose.due.Load()
	if now < due/4 { // most of those that the last sweep left have gone by themselves
		loose.due.CompareAndSwap(due, 2*now)
	}
	due = max(due, sweepAtLeast)
	switch {
	case now < due:
		return
	case now < 2*due: // leave it to whoever sweeps already
		if !loose.mu.TryLock() {
			return
		}
	default: // whoever sweeps does not get on: wait, so that the number stays bounded
		loose.mu.Lock()
	}
	defer loose.mu.Unlock()
	now, due = goroutines.Loose(), loose.due.Load()
	if now < max(due, sweepAtLeast) {
		return // somebody else has swept meanwhile
	}
	if now < int64(runtime.NumGoroutine()/2) {
		loose.due.Store(now + now/4)
		return
	}
	sweep()
	loose.due.Store(2 * goroutines.Loose())
}

// sweep removes the loose records of goroutines that have exited and reports whether there were any. loose.mu is held.
// The runtime's own goroutines and those of callbacks from C are missing from Live while they wait: of theirs, one that
// carries something else by now is left alone.
func sweep() (found bool) {
	goroutines.Watch() // a record that carries the same frame then carries the same values
	defer goroutines.Unwatch()
	// The order matters: a goroutine whose id is in all was alive before Live looked.
	all := goroutines.AllLoose()
	live := goroutine.Live()
	for _, l := range all {
		if _, ok := live[l.ID]; !ok && goroutines.Drop(l) {
			found = true
		}
	}
	return found
}

// arm lets the next garbage collection call collected, on the runtime's own goroutine for cleanups.
func arm() {
	if loose.armed.CompareAndSwap(false, true) {
		runtime.AddCleanup(new([16]byte), func(struct{}) { collected() }, struct{}{})
	}
}

// collected runs after a garbage collection while there are loose records: the values that an exited goroutine left
// behind then do not wait for others to come. The more often it finds nothing, the more collections it lets pass.
func collected() {
	loose.armed.Store(false)
	if goroutines.Loose() == 0 {
		return // the next loose record arms it again
	}
	defer arm()
	loose.mu.Lock()
	defer loose.mu.Unlock()
	switch {
	case runtime.NumGoroutine() > sweepAtCollection:
	case loose.sleeping > 0:
		loose.sleeping--
	case sweep():
		loose.idle = 0
	default:
		loose.idle = min(loose.idle+1, maxIdle)
		loose.sleeping = 1<<loose.idle - 1
	}
}
