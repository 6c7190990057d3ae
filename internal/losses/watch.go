package losses

import (
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// An Event is one Get that found nothing because the value was lost.
type Event struct {
	Storage string           // the storage's name in quotes, or its type if it has none
	Type    string           // of the storage's values
	At      goroutine.Origin // the go statement; its Creator has the value right now
	Read    goroutine.Frame  // the function that missed the value; the zero Frame if unknown

	// Family holds the goroutine that read, its creator, the creator's creator, up to the goroutine
	// that has the value. Origins holds the origins of all but the last.
	Family  []uint64
	Origins []goroutine.Origin
}

// A Watcher receives losses. Its function is called on the goroutine that reads, with no lock of
// this package held. It must not call code of the program, which may hold locks of its own.
type Watcher struct {
	Lost func(e Event)

	// Thorough allows a survey of all goroutines at every loss, which stops the program for some
	// microseconds for each goroutine. Otherwise surveys take at most 2 % of the time, and only
	// programs of at most 1000 goroutines are surveyed.
	Thorough bool
}

// all is the state that the watchers share.
var all struct {
	mu       sync.Mutex // guards the fields below; a leaf
	watchers []*Watcher // a new slice for each change

	// origins holds the origin of each goroutine that was met, exited ones included.
	origins map[uint64]goroutine.Origin

	// proofs holds the results of prove.
	proofs map[start]proof

	// debt is how long surveys have stopped the program, up to the time paid, less a share of the
	// time that has passed.
	debt time.Duration
	paid time.Time
}

const (
	// surveyAtMost is the largest number of goroutines that are surveyed, unless a watcher is
	// thorough.
	surveyAtMost = 1000

	// surveyBurst is how long surveys may stop the program in a row. In the long run it is one part
	// in surveyShare of the time.
	surveyBurst = 20 * time.Millisecond
	surveyShare = 50

	// surveyEach is the time by which each goroutine is assumed to lengthen the stop. The runtime
	// takes 3 to 14 microseconds for each. A clock would also measure other work of the machine.
	surveyEach = 14 * time.Microsecond
)

// A start is one goroutine started by another at one line. If no watcher is thorough, one child
// stands for all that its creator starts there and, unless it has lost nothing, for all that are
// started there.
type start struct {
	child, creator uint64
	position       string
}

// A proof says where in its creator's stack a goroutine was started.
type proof int

const (
	unproved proof = iota // no survey was allowed
	inScope               // or the function with the go statement has returned, on a goroutine that is no test's
	gone                  // the function has returned, on the main goroutine or a test's, which start servers
	outside               // of all scopes
)

// most is the number of origins and proofs that are kept. At one more all are forgotten.
const most = 1 << 16

// hook is the function stored in inspect.Misses.
var hook = missed

// Watch reports losses to w until stop is called. A call of w.Lost that has begun may end after
// stop.
func Watch(w *Watcher) (stop func()) {
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.watchers) == 0 {
		all.origins, all.proofs = make(map[uint64]goroutine.Origin), make(map[start]proof)
		inspect.Misses.Store(&hook)
	}
	all.watchers = append(slices.Clip(all.watchers), w)
	return sync.OnceFunc(func() {
		all.mu.Lock()
		defer all.mu.Unlock()
		all.watchers = slices.DeleteFunc(slices.Clone(all.watchers), func(other *Watcher) bool { return other == w })
		if len(all.watchers) == 0 {
			inspect.Misses.Store(nil)
			all.origins, all.proofs = nil, nil
		}
	})
}

// missed reports a loss, if there is one, for a Get that finds nothing. Get calls it.
func missed(s *frame.Storage) {
	k := s.Key()
	if k == nil || s.Name() == "httpctx.RunOutside" { // httpctx reads it to tell a hidden request from none
		return
	}
	all.mu.Lock()
	watchers := all.watchers
	all.mu.Unlock()
	if len(watchers) == 0 {
		return
	}
	thorough := slices.ContainsFunc(watchers, func(w *Watcher) bool { return w.Thorough })
	id := goroutine.ID()
	if _, known := originOf(id); !known {
		note(id, goroutine.Started())
	}
	e, ok := find(id, k, thorough)
	if !ok {
		return
	}
	trace := goroutine.Running()
	if replaced(trace) {
		return
	}
	e.Storage, e.Type = k.String(), k.Type.String()
	for _, f := range trace.Frames() {
		if !isPlumbing(f.Function) {
			e.Read = f
			break
		}
	}
	for _, w := range watchers {
		w.Lost(e)
	}
}

// longest is the longest chain of creators that is followed.
const longest = 16

// find follows the creators of a goroutine to one that has the value.
func find(id uint64, k *frame.Key, thorough bool) (Event, bool) {
	e := Event{Family: []uint64{id}}
	for len(e.Family) < longest {
		origin, known := originOf(id)
		if !known {
			if survey(thorough) == nil {
				return e, false
			}
			if origin, known = originOf(id); !known {
				note(id, goroutine.Origin{}) // the goroutine has exited
			}
		}
		if origin.Creator == 0 {
			return e, false
		}
		e.At, e.Family, e.Origins = origin, append(e.Family, origin.Creator), append(e.Origins, origin)
		if has, entered := holds(origin.Creator, k); has && !carries(origin) {
			if entered || !thorough && !setsUp(origin.Creator) { // no stack shows an Enter
				return e, true
			}
			p := prove(start{id, origin.Creator, origin.Position}, origin, thorough)
			return e, p == inScope || p != outside && len(e.Family) == 2
		}
		id = origin.Creator
	}
	return e, false
}

// holds reports whether another goroutine has the value right now, and whether an Enter set it.
func holds(id uint64, k *frame.Key) (has, entered bool) {
	carrier.Of(id, func(f *frame.Frame) {
		if has = f.Find(k) != nil; has {
			entered = f.Of(k).Entered != nil
		}
	})
	return has, entered
}

// setsUp reports whether the goroutine is the main goroutine, a test's, or unknown. Such a
// goroutine starts servers and workers and sets values afterwards.
func setsUp(id uint64) bool {
	origin, known := originOf(id)
	return !known || origin.Creator == 0 || origin.Function == "testing.(*T).Run"
}

const module = api.Root

// carries reports whether the go statement is in Go or Snapshot.Go of gls, which lose nothing.
func carries(origin goroutine.Origin) bool {
	return origin.Function == module+"gls.Go" || origin.Function == module+"gls.Snapshot.Go"
}

// hiding lists the functions, as the runtime names them, that replace the frame in force or hide a
// part of it.
var hiding = func() []string {
	names := []string{carrier.StartName}
	for _, name := range api.Names(func(_ string, f api.Function) bool { return f.Hides }) {
		names = append(names, module+strings.Replace(name, ".Storage.", ".(*Storage[...]).", 1))
	}
	return names
}()

// replaced reports whether the goroutine runs in a frame that the program chose for it: then the
// program has hidden the value on purpose.
func replaced(trace goroutine.Trace) bool {
	return slices.ContainsFunc(hiding, trace.Calls)
}

func isPlumbing(function string) bool {
	for _, prefix := range []string{"gls.", "gls/glslog.", "httpctx.", "internal/"} {
		if strings.HasPrefix(function, module+prefix) {
			return true
		}
	}
	return strings.HasPrefix(function, "runtime.") || strings.HasPrefix(function, "log/slog.")
}

// prove looks for the go statement in its creator's stack.
func prove(s start, origin goroutine.Origin, thorough bool) proof {
	anyChild := start{position: s.position}
	if !thorough {
		s.child = 0
	}
	all.mu.Lock()
	p, known := all.proofs[s]
	if !known && !thorough {
		p, known = all.proofs[anyChild]
	}
	all.mu.Unlock()
	if known {
		return p
	}
	traces := survey(thorough)
	if traces == nil {
		return unproved
	}
	p = inScope
	creator := traces[s.creator]
	frames := creator.Frames()
	switch at := slices.IndexFunc(frames, func(f goroutine.Frame) bool { return f.Function == origin.Function }); {
	case at >= 0 && !slices.ContainsFunc(frames[at:], isScope):
		p = outside
	case at < 0 && setsUp(s.creator):
		p = gone
	}
	all.mu.Lock()
	defer all.mu.Unlock()
	if len(all.proofs) >= most {
		clear(all.proofs)
	}
	if all.proofs != nil {
		if !thorough && p != outside {
			s = anyChild
		}
		all.proofs[s] = p
	}
	return p
}

// isScope reports whether a frame of gls is in force inside of the call.
func isScope(f goroutine.Frame) bool {
	name, ok := strings.CutPrefix(f.Function, module+"internal/carrier.")
	name = strings.ToLower(name)
	return ok && (strings.HasPrefix(name, "run") || strings.HasPrefix(name, "start"))
}

// survey reads the stacks of all goroutines and keeps their origins. It returns nil if no survey is
// allowed now.
func survey(thorough bool) map[uint64]goroutine.Trace {
	all.mu.Lock()
	defer all.mu.Unlock()
	now := time.Now()
	all.debt = max(0, all.debt-now.Sub(all.paid)/surveyShare)
	all.paid = now
	if all.origins == nil || !thorough && (all.debt > surveyBurst || runtime.NumGoroutine() > surveyAtMost) {
		return nil
	}
	traces := goroutine.Traces()
	all.debt += time.Duration(len(traces)) * surveyEach
	for id, trace := range traces {
		keep(id, trace.Origin)
	}
	return traces
}

// originOf returns the origin of a goroutine, if it is known.
func originOf(id uint64) (goroutine.Origin, bool) {
	all.mu.Lock()
	defer all.mu.Unlock()
	origin, known := all.origins[id]
	return origin, known
}

func note(id uint64, origin goroutine.Origin) {
	all.mu.Lock()
	defer all.mu.Unlock()
	keep(id, origin)
}

// keep stores a goroutine's origin. all.mu is held.
func keep(id uint64, origin goroutine.Origin) {
	if all.origins == nil {
		return
	}
	if len(all.origins) >= most {
		clear(all.origins)
	}
	all.origins[id] = origin
}
