package glstest

import (
	"sync"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A lineage is what the running tests know of who started whom. The text of runtime.Stack names a goroutine's creator
// and not the creator's creator, so a chain is cut where a goroutine has exited. Every origin that is met is
// therefore kept, and gls tells of the goroutines that it starts as it starts them.
//
// It is tempting to set a storage of our own in the test, which gls would carry to what the test starts. The test
// would then not run as without us: goroutines that carry nothing would carry that, and Isolate would hide it. pprof
// labels are inherited too, by plain go statements as well; Go lets nobody read those of another goroutine.
type lineage struct {
	mu sync.Mutex // a leaf: nothing outside this package is called while it is held

	// tests counts the calls of VerifyNone and Strict whose tests run. With the last of them all is forgotten.
	// Guarded by mu.
	tests int

	// origins holds what is known of each goroutine, exited ones included. Guarded by mu.
	origins map[uint64]goroutine.Origin

	// blamed holds the goroutines that VerifyNone has reported. Guarded by mu.
	blamed map[uint64]struct{}
}

var known lineage

// begin counts a test in.
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

// end counts a test out.
func (l *lineage) end() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.tests--; l.tests > 0 {
		return
	}
	inspect.Starts.Store(nil)
	l.origins, l.blamed = nil, nil
}

// started is called where gls starts fn on another goroutine. That goroutine's own text would name a line of gls.
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

// running learns who started the running goroutine, whose id it returns.
func (l *lineage) running() uint64 {
	id := goroutine.ID()
	if _, ok := l.origin(id); !ok {
		l.note(id, goroutine.Started())
	}
	return id
}

// learn adds what is not known yet.
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

// origin returns what is known of a goroutine's origin.
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

// blame reports whether the goroutine had not been reported yet.
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
