package glstest

import (
	"slices"

	"github.com/ambient-go/ambient/internal/goroutine"
)

// A family is a test and the goroutines that descend from it.
type family struct {
	root   uint64              // the goroutine that runs the test
	before map[uint64]struct{} // the goroutines alive at the start, root included

	// beside says that another test ran at the start. The test's own parents and subtests do not
	// count. A test that waits in T.Parallel does not run: the id of its goroutine is in paused.
	beside bool
	paused []uint64
}

// newFamily returns the family of the test that the running goroutine runs.
func newFamily() *family {
	traces := survey()
	f := &family{root: goroutine.ID(), before: make(map[uint64]struct{}, len(traces))}
	for id := range traces {
		f.before[id] = struct{}{}
	}
	f.beside, f.paused = f.others(traces)
	return f
}

// survey returns the traces of all goroutines, and adds their origins to the lineage.
func survey() map[uint64]goroutine.Trace {
	traces := goroutine.Traces()
	known.learn(traces)
	return traces
}

// others reports whether another test runs, and the goroutines of the tests that wait in
// T.Parallel.
func (f *family) others(traces map[uint64]goroutine.Trace) (running bool, paused []uint64) {
	lineage := known.ancestors(f.root)
	for id, trace := range traces {
		switch {
		case !trace.Calls("testing.tRunner") || finished(trace):
		case slices.Contains(lineage, id), slices.Contains(known.ancestors(id), f.root):
		case trace.Calls("testing.(*T).Parallel"):
			paused = append(paused, id)
		default:
			running = true
		}
	}
	return running, paused
}

// finished reports whether a test's goroutine has nothing left to do, or waits for subtests, which
// are tests of their own. Package testing begins the next test a moment before the goroutine of the
// previous test exits.
func finished(trace goroutine.Trace) bool {
	frames := trace.Frames()
	return trace.Calls("testing.tRunner.func1") && !trace.Calls("testing.(*common).runCleanup") ||
		len(frames) > 0 && frames[0].Function == "testing.tRunner"
}

// alone reports whether no other test has run since the start. A test that began and ended
// meanwhile must have waited in T.Parallel at the start: package testing starts no test beside one
// that runs, it only resumes paused tests. A test goes unseen only if a parent calls T.Run on
// several goroutines.
func (f *family) alone(traces map[uint64]goroutine.Trace) bool {
	running, paused := f.others(traces)
	if f.beside || running {
		return false
	}
	for _, id := range f.paused {
		if !slices.Contains(paused, id) {
			return false
		}
	}
	return true
}

// A verdict says whether a goroutine belongs to a family.
type verdict int

const (
	foreign verdict = iota
	member
	orphan // an exited goroutine cuts the chain of its creators
)

// judge reports whether the goroutine descends from the test, as far as its ancestors are known.
func (f *family) judge(id uint64) verdict {
	v := orphan
	for _, ancestor := range known.ancestors(id) {
		if ancestor == f.root {
			return member
		}
		if _, ok := f.before[ancestor]; ok {
			v = foreign
		}
	}
	return v
}

// owns reports whether the goroutine belongs to the test. An orphan does if no other test can have
// started it.
func (f *family) owns(id uint64, traces map[uint64]goroutine.Trace) bool {
	v := f.judge(id)
	return v == member || v == orphan && f.alone(traces)
}
