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
	// sweepAtLeast is how many loose records may come between sweeps in a small program.
	sweepAtLeast = 256

	// sweepAtCollection is the largest number of goroutines with which a garbage collection triggers a sweep: the pause
	// is then a few milliseconds.
	sweepAtCollection = 1000

	// maxIdle bounds how long a collection's sweep waits for its turn: 63 collections.
	maxIdle = 6
)

type sweeper struct {
	// came counts the loose records ever inserted. Added to by any goroutine, outside of its scopes only.
	came atomic.Uint64

	// due is the value of came at which the next sweep is due. Stored under mu; 0 before the first loose record.
	due atomic.Uint64

	// armed says that a garbage collection will call collected. From false to true by whoever inserts a loose record
	// or finds some left, back to false by collected.
	armed atomic.Bool

	mu       sync.Mutex // held during a sweep; guards the fields below
	idle     uint       // sweeps in a row that a collection triggered and that found nothing, at most maxIdle
	sleeping uint       // collections still to let pass
}

// noteLoose counts a loose record that was just inserted and sweeps if enough have come.
func (c *Carrier[F]) noteLoose() {
	s := &c.sweeper
	came := s.came.Add(1)
	if !s.armed.Load() {
		c.arm()
	}
	if came < max(s.due.Load(), sweepAtLeast) || !s.mu.TryLock() {
		return
	}
	defer s.mu.Unlock()
	// Half as many as there are goroutines, so that a sweep's cost is spread over them; and no fewer than survived
	// the last one, so that programs with many loose records that live long do not sweep for each few new ones.
	if wait := uint64(runtime.NumGoroutine() / 2); s.due.Load() == 0 && wait > came {
		s.due.Store(wait)
		return
	}
	left := c.sweep()
	s.due.Store(came + max(sweepAtLeast, uint64(left), uint64(runtime.NumGoroutine()/2)))
}

// sweep removes the loose records of goroutines that have exited and returns how many are left. sweeper.mu is held.
func (c *Carrier[F]) sweep() (left int) {
	// The order matters: a goroutine whose id is in ids was alive before Live looked.
	ids := c.goroutines.Loose()
	if len(ids) == 0 {
		return 0
	}
	live := goroutine.Live()
	for _, id := range ids {
		if _, ok := live[id]; ok {
			left++
		} else {
			c.goroutines.Remove(id)
		}
	}
	return left
}

// arm lets the next garbage collection call collected, on the runtime's own goroutine for cleanups.
func (c *Carrier[F]) arm() {
	if c.sweeper.armed.CompareAndSwap(false, true) {
		runtime.AddCleanup(new([16]byte), (*Carrier[F]).collected, c)
	}
}

// collected runs after a garbage collection while there are loose records: the values that an exited goroutine left
// behind then do not wait for others to come. The more often it finds nothing, the more
// collections it lets pass.
func (c *Carrier[F]) collected() {
	s := &c.sweeper
	s.armed.Store(false)
	s.mu.Lock()
	defer s.mu.Unlock()
	loose := len(c.goroutines.Loose())
	if loose == 0 {
		return // the next loose record arms it again
	}
	defer c.arm()
	switch {
	case runtime.NumGoroutine() > sweepAtCollection:
	case s.sleeping > 0:
		s.sleeping--
	case c.sweep() < loose:
		s.idle = 0
	default:
		s.idle = min(s.idle+1, maxIdle)
		s.sleeping = 1<<s.idle - 1
	}
}
