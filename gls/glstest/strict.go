package glstest

import (
	"sync"
	"testing"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// Strict makes the test fail for each misused scope of an Enter that the test calls, or a goroutine
// that it started: a scope that is left on another goroutine, left twice, left where it is not open
// (after the Run around it has ended, or inside Isolate), left out of order, or not left by the end
// of the test. The failure shows where the scope was entered and where it was left. Package gls
// itself panics for the first of these and forgives the others. Call Strict first: it registers a
// Cleanup, and those registered later run before it. Scopes that were entered before are not
// watched.
//
// An Enter that ends with the Run around it, without a Leave, counts as not left. At the end of the
// test, goroutines that are about to leave their scopes are given up to a second. If a scope around
// another is left too early, only the outer one is reported. A Leave inside a Run that changes
// nothing, such as the Exit of a storage that is not set, is not seen to be out of order. A second
// Leave is not noticed if 65536 other scopes have been left since the first.
//
// Failures are reported at the end of the test: Enter and Leave may be called while the program
// holds locks that reporting takes as well. A Leave on another goroutine is reported at once,
// because the panic that follows may end the process.
//
// Any number of tests may be strict at the same time. An Enter is assigned to one of them as
// VerifyNone assigns goroutines, with the same limit; of nested strict tests the innermost gets it.
// While a strict test runs, Enter and Leave take microseconds, and the first Enter on a goroutine
// may read the stacks of all goroutines.
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

	// mu guards done. A call of t on a goroutine other than the test's holds mu for reading, so
	// that the test does not end during the call. done is true once the test has ended.
	mu   sync.RWMutex
	done bool

	faults []*fault // guarded by scopes.mu
}

// wait waits for goroutines other than the test's own that have scopes open.
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

// reportNow reports a fault before the end of the test. Any goroutine may call it.
func (test *strict) reportNow(f *fault) {
	test.mu.RLock()
	defer test.mu.RUnlock()
	if !test.done {
		test.t.Errorf("%s", f)
	}
}

// shownFaults is the number of faults that a test reports at most.
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
