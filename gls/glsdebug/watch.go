package glsdebug

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
	"github.com/ambient-go/ambient/internal/losses"
)

// A start is a function that gls started on another goroutine while the page was open. It is
// immutable.
type start struct {
	creator uint64
	calls   [16]uintptr // the calls that led to gls.Go or its like, innermost first; 0 at the end
}

// A birth is a start and the time when its goroutine began. It is immutable.
type birth struct {
	*start
	at time.Time
}

// births holds the births of running goroutines, by id. Each goroutine stores its own at its
// beginning and deletes it at its end. Readers never make it wait.
var births sync.Map

// startHook is the hook stored in inspect.Starts. Its address tells it from the hooks of others.
var startHook = noteStart

// noteStart wraps fn, which gls is about to start on another goroutine, so that the goroutine
// stores its birth.
func noteStart(fn func()) func() {
	s := &start{creator: goroutine.ID()}
	runtime.Callers(3, s.calls[:]) // without noteStart and its caller in gls
	return func() {
		id := goroutine.ID()
		births.Store(id, birth{s, time.Now()})
		defer births.Delete(id)
		fn()
	}
}

// plumbing lists the prefixes of functions that are not the program's own.
var plumbing = []string{
	"github.com/ambient-go/ambient/gls.",
	"github.com/ambient-go/ambient/gls/glsdebug.noteStart",
	"github.com/ambient-go/ambient/internal/",
	"github.com/ambient-go/ambient/httpctx.",
	"runtime.",
	"sync.(*WaitGroup).Go",
}

func isPlumbing(function string) bool {
	for _, prefix := range plumbing {
		if strings.HasPrefix(function, prefix) {
			return true
		}
	}
	return false
}

// origin returns where the program called gls.
func (s *start) origin() *origin {
	frames := runtime.CallersFrames(trimZeros(s.calls[:]))
	for {
		f, more := frames.Next()
		if f.Function != "" && !isPlumbing(f.Function) {
			return &origin{By: s.creator, Function: f.Function, Position: position(f.File, f.Line)}
		}
		if !more {
			return &origin{By: s.creator}
		}
	}
}

func trimZeros(calls []uintptr) []uintptr {
	for len(calls) > 0 && calls[len(calls)-1] == 0 {
		calls = calls[:len(calls)-1]
	}
	return calls
}

const (
	// idle is how long after a look the hook stays installed and facts about goroutines are kept.
	idle = 30 * time.Second

	// surveyAtMost is the largest number of goroutines with which a look asks the runtime by
	// itself: a thousand that carry values, and as many others. The program is stopped for up to 28
	// ms then.
	surveyAtMost = 2000

	// surveyEach is the time by which each goroutine is assumed to lengthen the stop. The runtime
	// takes 3 to 14 microseconds for each. A clock would also measure other work of the machine.
	surveyEach = 14 * time.Microsecond

	// surveyBurst is how long looks may stop the program in a row. In the long run it is one part
	// in surveyShare of the time.
	surveyBurst = 20 * time.Millisecond
	surveyShare = 50
)

// A met holds the facts about a goroutine that are kept from one look to the next.
type met struct {
	first  time.Time // when a look first saw it
	origin *origin   // nil while unknown
	exited bool
}

// watch is the state that all looks share.
var watch struct {
	mu      sync.Mutex // guards all fields; held during a look
	met     map[uint64]*met
	pending *time.Timer // ends the watch
	stop    func()      // ends the watch of losses

	// debt is how long looks have stopped the program, up to the time paid, less a share of the
	// time that has passed.
	debt time.Duration
	paid time.Time
}

// lost counts the losses while the page is open.
var lost losses.Profile

// begin installs the hooks, unless a test of the program has installed one, and postpones the end.
// watch.mu is held.
func begin() {
	inspect.Starts.CompareAndSwap(nil, &startHook)
	if watch.pending == nil {
		watch.met = make(map[uint64]*met)
		watch.pending = time.AfterFunc(idle, end)
		watch.stop = losses.Watch(&losses.Watcher{Lost: lost.Add})
		return
	}
	watch.pending.Reset(idle)
}

// end leaves the program as it was before the first look.
func end() {
	watch.mu.Lock()
	defer watch.mu.Unlock()
	inspect.Starts.CompareAndSwap(&startHook, nil)
	if watch.stop != nil {
		watch.stop()
	}
	lost.Reset()
	watch.met, watch.pending, watch.stop = nil, nil, nil
}

// look returns the goroutines that carry a frame, each once, and the facts about them. With force,
// look asks the runtime about more goroutines than it does by itself. The note is the reason why it
// could not.
func look(force bool) (list []inspect.Goroutine, known map[uint64]met, note string) {
	watch.mu.Lock()
	defer watch.mu.Unlock()
	begin()
	list = carrying()
	meet(list)
	switch {
	case !unknown(list):
	case runtime.NumGoroutine() <= surveyAtMost && affordable():
		list = survey(list)
	case force:
		leave, why, _ := asking.enter()
		if note = why; leave != nil {
			list = survey(list)
			leave()
		}
	}
	known = make(map[uint64]met, len(list))
	for i := range list {
		known[list[i].ID] = *watch.met[list[i].ID]
	}
	for id := range watch.met {
		if _, ok := known[id]; !ok {
			delete(watch.met, id)
		}
	}
	return list, known, note
}

// carrying lists the goroutines that carry a frame, each once.
func carrying() []inspect.Goroutine {
	all := inspect.Goroutines()
	seen := make(map[uint64]struct{}, len(all))
	list := all[:0]
	for _, g := range all {
		if _, twice := seen[g.ID]; !twice && len(g.Values) > 0 {
			seen[g.ID] = struct{}{}
			list = append(list, g)
		}
	}
	return list
}

// meet adds the goroutines that are new. watch.mu is held.
func meet(list []inspect.Goroutine) {
	now := time.Now()
	for i := range list {
		id := list[i].ID
		m := watch.met[id]
		if m == nil {
			m = &met{first: now}
			watch.met[id] = m
		}
		if b, ok := births.Load(id); ok && m.origin == nil {
			m.origin = b.(birth).origin()
		}
	}
}

// unknown reports whether a goroutine's origin is not known. watch.mu is held.
func unknown(list []inspect.Goroutine) bool {
	for i := range list {
		if m := watch.met[list[i].ID]; m.origin == nil && !m.exited {
			return true
		}
	}
	return false
}

// affordable reports whether looks may stop the program again. watch.mu is held.
func affordable() bool {
	now := time.Now()
	watch.debt = max(0, watch.debt-now.Sub(watch.paid)/surveyShare)
	watch.paid = now
	return watch.debt < surveyBurst
}

// survey asks the runtime for the unknown origins, and lists the goroutines again. A goroutine that
// is still listed although the runtime does not have it has exited. A goroutine that is new is left
// to the next look. watch.mu is held.
func survey(before []inspect.Goroutine) []inspect.Goroutine {
	traces := goroutine.Traces()
	watch.debt += time.Duration(len(traces)) * surveyEach
	earlier := make(map[uint64]struct{}, len(before))
	for i := range before {
		earlier[before[i].ID] = struct{}{}
	}
	after := slices.DeleteFunc(carrying(), func(g inspect.Goroutine) bool {
		_, alive := traces[g.ID]
		_, was := earlier[g.ID]
		return !alive && !was
	})
	meet(after)
	for i := range after {
		m := watch.met[after[i].ID]
		switch trace, alive := traces[after[i].ID]; {
		case !alive:
			m.exited = true
		case m.origin == nil:
			m.origin = originOf(trace)
		}
	}
	return after
}

// originOf returns the origin in the runtime's text.
func originOf(trace goroutine.Trace) *origin {
	o := &origin{By: trace.Origin.Creator, Function: trace.Origin.Function, Position: trace.Origin.Position}
	if call, ok := trace.Caller(carrier.StartName); ok && !isPlumbing(call.Function) { // the caller of gls.Go
		o.Function, o.Position = call.Function, call.Position
	}
	for _, f := range slices.Backward(trace.Frames()) { // the program's outermost function
		if f.Position != "" && !isPlumbing(f.Function) {
			o.Runs, o.RunsPosition = f.Function, f.Position
			break
		}
	}
	return o
}
