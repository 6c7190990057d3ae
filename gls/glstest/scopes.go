package glstest

import (
	"maps"
	"slices"
	"sync"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// An entry is one Enter of a strict test. scopes.mu guards its fields; those before first never
// change.
type entry struct {
	test      *strict
	goroutine uint64
	storage   string
	entered   *stack

	first *stack // its first Leave, nil before it

	// strayed says that the scope was left on another goroutine. That Leave is reported and leaves
	// the scope open.
	strayed bool

	// overtaken says that a scope around this one was left first. That Leave is reported; this
	// scope's own Leave is not at fault then.
	overtaken bool
}

// scopes holds every Enter of the strict tests that run. Enter and Leave of gls call enter and
// leave.
type scopes struct {
	mu sync.Mutex // guards all fields; a leaf: nothing outside this package is called while it is held

	tests  []*strict          // the running tests, oldest first
	owners map[uint64]*strict // by goroutine that has entered; nil for a goroutine of no test

	entries map[any]*entry      // by Enter.ID
	open    map[uint64][]*entry // not left yet, by goroutine, oldest first
	left    []any               // Enter.ID of left scopes, oldest first; at most maxLeft
	stacks  map[stack]*stack    // each stack once; entries share it
}

// maxLeft is the number of left scopes that are remembered, to report where a scope that is left
// twice was left first.
const maxLeft = 1 << 16

var watched scopes

// add adds a running test.
func (s *scopes) add(test *strict) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tests = append(s.tests, test)
	s.owners = make(map[uint64]*strict) // decide again: the test may own known goroutines
	if len(s.tests) > 1 {
		return
	}
	s.entries = make(map[any]*entry)
	s.open = make(map[uint64][]*entry)
	s.stacks = make(map[stack]*stack)
	inspect.Scopes.Store(&inspect.Watcher{Entered: s.enter, Left: s.leave})
}

// remove takes out a test that ends, and returns its faults.
func (s *scopes) remove(test *strict) []*fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range slices.Sorted(maps.Keys(s.open)) {
		s.open[id] = slices.DeleteFunc(s.open[id], func(e *entry) bool {
			if e.test == test && !e.strayed {
				test.note(&fault{kind: unleft, scope: e, times: 1})
			}
			return e.test == test
		})
		if len(s.open[id]) == 0 {
			delete(s.open, id)
		}
	}
	maps.DeleteFunc(s.entries, func(_ any, e *entry) bool { return e.test == test })
	maps.DeleteFunc(s.owners, func(_ uint64, owner *strict) bool { return owner == test })
	s.tests = slices.DeleteFunc(s.tests, func(other *strict) bool { return other == test })
	if len(s.tests) == 0 {
		inspect.Scopes.Store(nil)
		s.owners, s.entries, s.open, s.left, s.stacks = nil, nil, nil, nil, nil
	}
	return test.faults
}

// inside returns the goroutines, except the test's own, that have scopes of the test open.
func (s *scopes) inside(test *strict) []uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var ids []uint64
	for id, open := range s.open {
		waits := func(e *entry) bool { return e.test == test && !e.strayed }
		if id != test.root && slices.ContainsFunc(open, waits) {
			ids = append(ids, id)
		}
	}
	return ids
}

// enter records an Enter. gls.Storage.Enter calls it.
func (s *scopes) enter(e inspect.Enter) {
	at := here()
	test := s.owner(e.Goroutine)
	if test == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !slices.Contains(s.tests, test) {
		return // the test ended meanwhile
	}
	added := &entry{test: test, goroutine: e.Goroutine, storage: e.Storage, entered: s.intern(at)}
	s.entries[e.ID] = added
	s.open[e.Goroutine] = append(s.open[e.Goroutine], added)
}

// leave records a Leave. gls.Scope.Leave calls it.
func (s *scopes) leave(e inspect.Enter, how inspect.How) {
	at := here()
	if f := s.judge(e.ID, how, at); f != nil {
		f.scope.test.reportNow(f)
	}
}

// judge notes the fault of a Leave, if there is one. A fault that must be reported at once is
// returned instead.
func (s *scopes) judge(id any, how inspect.How, at *stack) *fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.entries[id]
	if e == nil {
		return nil
	}
	f := &fault{scope: e, left: s.intern(at), times: 1}
	if how == inspect.Elsewhere {
		e.strayed = true
		f.kind, f.leaver = elsewhere, goroutine.ID()
		return f
	}
	if e.first != nil {
		if how == inspect.NotOpen {
			f.kind, f.first = twice, e.first
			e.test.note(f)
		}
		return nil
	}
	inner := s.close(id, e)
	e.first = f.left
	if e.overtaken || how == inspect.InOrder {
		return nil
	}
	f.kind = shut
	if how == inspect.OutOfOrder {
		f.kind, f.inner = disorderly, inner
		for _, i := range inner {
			i.overtaken = true
		}
	}
	e.test.note(f)
	return nil
}

// close takes e out of the open scopes and returns those that were entered after it. mu is held.
func (s *scopes) close(id any, e *entry) (inner []*entry) {
	open := s.open[e.goroutine]
	at := len(open) - 1
	for at >= 0 && open[at] != e {
		at--
	}
	inner = slices.Clone(open[at+1:])
	if open = slices.Delete(open, at, at+1); len(open) > 0 {
		s.open[e.goroutine] = open
	} else {
		delete(s.open, e.goroutine)
	}
	if s.left = append(s.left, id); len(s.left) > maxLeft {
		delete(s.entries, s.left[0])
		s.left = s.left[1:]
	}
	return inner
}

// intern returns the shared copy of a stack. mu is held.
func (s *scopes) intern(at *stack) *stack {
	if same, ok := s.stacks[*at]; ok {
		return same
	}
	s.stacks[*at] = at
	return at
}

// owner returns the strict test to which the running goroutine belongs, or nil. The goroutine's id
// is id.
func (s *scopes) owner(id uint64) *strict {
	s.mu.Lock()
	owner, decided := s.owners[id]
	tests := slices.Clone(s.tests)
	s.mu.Unlock()
	if decided {
		return owner
	}
	known.running()
	owner, decided = choose(tests, id, nil)
	if !decided {
		owner, _ = choose(tests, id, survey())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.owners != nil {
		s.owners[id] = owner
	}
	return owner
}

// choose returns the innermost test that owns the goroutine. Without traces it decides only if the
// known lineage is enough.
func choose(tests []*strict, id uint64, traces map[uint64]goroutine.Trace) (owner *strict, decided bool) {
	decided = true
	for _, test := range slices.Backward(tests) {
		switch test.judge(id) {
		case member:
			return test, true
		case orphan:
			decided = traces != nil
			if owner == nil && traces != nil && test.alone(traces) {
				owner = test
			}
		}
	}
	return owner, decided
}
