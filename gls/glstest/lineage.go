package glstest

import (
	"sync"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A lineage records which goroutine started which, as far as the running tests know. The text of
// runtime.Stack names a goroutine's creator and not the creator's creator, so a chain is cut where
// a goroutine has exited. The lineage therefore keeps every origin that it meets, and gls reports
// each goroutine as it starts it.
//
// It is tempting to set a storage of our own in the test, which gls would carry to the goroutines
// that the test starts. The test would then not run as it does without us: goroutines that carry
// nothing would carry this value, and Isolate would hide it. Goroutines inherit pprof labels too,
// at plain go statements as well, but Go has no way to read the labels of another goroutine.
type lineage struct {
	mu sync.Mutex // a leaf: nothing outside this package is called while it is held

	// tests counts the calls of VerifyNone, Strict and NoLosses whose tests run. At 0 the origins
	// are dropped. Guarded by mu.
	tests int

	// origins holds the known origin of each goroutine, exited ones included. Guarded by mu.
	origins map[uint64]goroutine.Origin

	// blamed holds the goroutines that VerifyNone has reported. Guarded by mu.
	blamed map[uint64]struct{}
}

var known lineage

// begin counts a test that starts.
func (l *lineage) begin() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests++; l.tests > 1 {
		return
	}
	l.origins = make(map[uint64]goroutine.Origin)
	l.blamed = make(map[uint64]struct{})
	started := l.started
	inspect.Starts.Store(&started)
}

// end counts a test that ends.
func (l *lineage) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests--; l.tests > 0 {
		return
	}
	inspect.Starts.Store(nil)
	l.origins, l.blamed = nil, nil
}

// started wraps fn, which gls is about to start on another goroutine, so that the goroutine's
// origin is the caller of gls. The goroutine's own stack would name a line of gls.
func (l *lineage) started(fn func()) func() {
	origin := goroutine.Origin{Creator: l.running()}
	if frames := trim(here().frames()); len(frames) > 0 {
		origin.Function, origin.Position = frames[0].Function, frames[0].Position
	}
	return func() {
		l.note(goroutine.ID(), origin)
		fn()
	}
}

func (l *lineage) note(id uint64, origin goroutine.Origin) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests > 0 {
		l.origins[id] = origin
	}
}

// running returns the id of the running goroutine, and adds its origin to the lineage.
func (l *lineage) running() uint64 {
	id := goroutine.ID()
	if _, ok := l.origin(id); !ok {
		l.note(id, goroutine.Started())
	}
	return id
}

// learn adds the origins that the lineage does not have.
func (l *lineage) learn(traces map[uint64]goroutine.Trace) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests == 0 {
		return
	}
	add := func(id uint64, origin goroutine.Origin) {
		if _, ok := l.origins[id]; !ok {
			l.origins[id] = origin
		}
	}
	for id, trace := range traces {
		add(id, trace.Origin)
		for i := 1; i < len(trace.Ancestors); i++ {
			add(trace.Ancestors[i-1], goroutine.Origin{Creator: trace.Ancestors[i]})
		}
	}
}

// origin returns the known origin of a goroutine.
func (l *lineage) origin(id uint64) (origin goroutine.Origin, ok bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	origin, ok = l.origins[id]
	return origin, ok
}

// ancestors returns id, its creator, the creator's creator and so on, as far as they are known.
func (l *lineage) ancestors(id uint64) []uint64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	var ids []uint64
	for id != 0 {
		ids = append(ids, id)
		id = l.origins[id].Creator
	}
	return ids
}

// blame marks the goroutine as reported, and reports whether it was not before.
func (l *lineage) blame(id uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, before := l.blamed[id]
	l.blamed[id] = struct{}{}
	return !before
}

// isBlamed reports whether the goroutine has been reported.
func (l *lineage) isBlamed(id uint64) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	_, ok := l.blamed[id]
	return ok
}
