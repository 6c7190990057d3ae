package glstest

import (
	"sync"
	"testing"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Strict makes the test fail for each Enter that it or a goroutine that it started calls and whose scope is left on
// another goroutine, left twice, left where it is not open (after the Run around it has ended, or inside Isolate),
// left out of order, or not left by the end of the test. The failure shows where the scope was entered and where it
// was left. Package gls itself panics for the first of these and forgives the others. Call it first: it registers a
// Cleanup, and those registered later run before it. Scopes that were entered before are not watched.
//
// An Enter that ends with the Run around it, without a Leave, counts as not left. Goroutines that are about to leave
// their scopes are given up to a second at the end of the test. A scope that gets out of order because one around it
// was left too early is not reported itself. Leaving inside a Run that changes nothing, such as the Exit of a storage
// that is not set, is not seen to be out of order. Leaving twice is not noticed when 65536 other scopes have been
// left between.
//
// Failures are reported at the end of the test, since Enter and Leave may be called with locks held that reporting
// takes as well. Leaving on another goroutine is reported at once, because the panic that follows may end the
// process.
//
// Any number of tests may be strict at the same time. To which of them an Enter belongs is found as VerifyNone finds
// it, with the same limit, and the innermost strict test gets it. While a strict test runs, Enter and Leave take
// microseconds, and a goroutine's first Enter may take a look at the stacks of all goroutines.
func Strict(t testing.TB) {
	t.Helper()
	known.begin()
	test := &strict{family: newFamily(), t: t}
	watched.add(test)
	t.Cleanup(func() {
		t.Helper()
		defer known.end()
		test.wait()
		test.finish(watched.remove(test))
	})
}

// A strict is one call of Strict.
type strict struct {
	*family
	t testing.TB

	// mu is held for reading during a call of t that is not made by the test's own goroutine, so that none is made
	// after the test: done, which it guards, is true by then.
	mu   sync.RWMutex
	done bool

	faults []*fault // guarded by scopes.mu
}

// wait waits for goroutines that have scopes open, if there are any but the test's own.
func (test *strict) wait() {
	deadline := time.Now().Add(grace)
	for pause := time.Millisecond; time.Now().Before(deadline); pause = min(2*pause, 50*time.Millisecond) {
		busy := false
		if ids := watched.inside(test); len(ids) > 0 {
			live := goroutine.Live()
			for _, id := range ids {
				_, ok := live[id]
				busy = busy || ok
			}
		}
		if !busy {
			return
		}
		time.Sleep(pause)
	}
}

// reportNow is called on any goroutine.
func (test *strict) reportNow(f *fault) {
	test.mu.RLock()
	defer test.mu.RUnlock()
	if !test.done {
		test.t.Errorf("%s", f)
	}
}

// shownFaults is how many faults a test reports.
const shownFaults = 20

func (test *strict) finish(faults []*fault) {
	test.t.Helper()
	test.mu.Lock()
	test.done = true
	test.mu.Unlock()
	for i, f := range faults {
		if i == shownFaults {
			test.t.Errorf("glstest.Strict: %d more", len(faults)-i)
			return
		}
		test.t.Errorf("%s", f)
	}
}
