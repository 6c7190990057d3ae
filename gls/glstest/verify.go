package glstest

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/inspect"
)

// grace is how long a test waits at its end for goroutines that are about to leave their scopes.
var grace = time.Second

// VerifyNone makes the test fail if, at its end, a goroutine that it started still carries a frame,
// or if the test's own goroutine carries a value that it did not carry at the call. Call VerifyNone
// first: it registers a Cleanup, and those registered later run before it.
//
// The failure names each goroutine: its id, the names and types of the storages that are set on it,
// never their values, the goroutine and line that started it, and where it is now. Goroutines that
// are about to finish are first given up to a second. A goroutine that has exited after an Enter
// without Leave is named too, unless gls has dropped its record by then, which a garbage collection
// may cause. Strict reports it in any case.
//
// Goroutines that were there before are not reported, whatever the test makes them do. Nor are
// those of other parallel tests: a goroutine belongs to the test if the chain of its creators leads
// to the test's own goroutine. If a goroutine on that chain has exited before gls or this package
// met it, the rest of the chain is not known. The goroutine then belongs to the test if no other
// test has run since the call; otherwise it is not reported. A subtest is on the chain to its
// parent, and is met when it calls VerifyNone itself. With GODEBUG=tracebackancestors=N the chain
// outlives N goroutines on it.
//
// A goroutine is reported once, by the first test that finds it. A goroutine that runs at the end
// of the test without a frame and gets one only after some milliseconds is missed.
func VerifyNone(t testing.TB) {
	t.Helper()
	known.begin()
	c := check{family: newFamily()}
	// A goroutine that carries a frame now is not the test's, even if it has exited and is not in
	// the survey.
	for _, g := range inspect.Goroutines() {
		if g.ID == c.root {
			c.own = g.Values
		}
		c.before[g.ID] = struct{}{}
	}
	t.Cleanup(func() {
		t.Helper()
		defer known.end()
		if left := c.wait(); len(left) > 0 {
			t.Errorf("%s", reportLeft(left))
		}
	})
}

// A check is one call of VerifyNone.
type check struct {
	*family
	own []inspect.Value // the values of the test's own goroutine at the start
}

// wait looks until no goroutine is left, waiting cannot change the result, or the time is up.
func (c *check) wait() []leftover {
	deadline := time.Now().Add(grace)
	for pause := time.Millisecond; ; pause = min(2*pause, 50*time.Millisecond) {
		left, traces, settled := c.look()
		if pause < 16*time.Millisecond && c.runs(traces) {
			settled = false
		}
		if settled || time.Now().After(deadline) {
			return slices.DeleteFunc(left, func(l leftover) bool { return !known.blame(l.ID) })
		}
		time.Sleep(pause)
	}
}

// look returns the goroutines that still carry a frame of the test, its own goroutine first, and
// whether the result is settled, so that waiting cannot change it.
func (c *check) look() (left []leftover, traces map[uint64]goroutine.Trace, settled bool) {
	earlier := carrying()
	traces = survey()
	settled = true
	for _, g := range inspect.Goroutines() {
		if !c.suspicious(g) || !c.owns(g.ID, traces) {
			continue
		}
		l := leftover{Goroutine: g, own: g.ID == c.root}
		l.origin, _ = known.origin(g.ID)
		l.trace, l.alive = traces[g.ID]
		_, l.creatorAlive = traces[l.origin.Creator]
		switch _, ok := earlier[g.ID]; {
		case l.own:
			l.Values = without(l.Values, c.own)
		case l.alive:
			settled = false
		case !ok:
			settled = false // it may have started since the survey
			continue
		default:
			// The goroutine carries a frame before and after the survey and is not in the survey:
			// it has exited.
		}
		left = append(left, l)
	}
	slices.SortFunc(left, func(a, b leftover) int {
		switch {
		case a.own:
			return -1
		case b.own:
			return 1
		}
		return cmp.Compare(a.ID, b.ID)
	})
	return left, traces, settled
}

// runs reports whether a goroutine of the test runs, or is about to. Such a goroutine may carry a
// frame in a moment. It may also run for ever, so the caller looks a few times only.
func (c *check) runs(traces map[uint64]goroutine.Trace) bool {
	for id, trace := range traces {
		if _, ok := c.before[id]; !ok && strings.HasPrefix(trace.State, "run") && c.owns(id, traces) {
			return true
		}
	}
	return false
}

// suspicious reports whether g may be a leftover of the test.
func (c *check) suspicious(g inspect.Goroutine) bool {
	switch {
	case len(g.Values) == 0 || known.isBlamed(g.ID):
		return false
	case g.ID == c.root:
		return len(without(g.Values, c.own)) > 0
	}
	_, before := c.before[g.ID]
	return !before
}

// carrying returns the ids of all goroutines that carry a frame.
func carrying() map[uint64]struct{} {
	ids := make(map[uint64]struct{})
	for _, g := range inspect.Goroutines() {
		ids[g.ID] = struct{}{}
	}
	return ids
}

// without returns the values whose storages are not among others. A name and a type identify a
// storage.
func without(values, others []inspect.Value) []inspect.Value {
	return slices.DeleteFunc(slices.Clone(values), func(v inspect.Value) bool {
		return slices.ContainsFunc(others, func(o inspect.Value) bool {
			return o.Storage == v.Storage && o.Type == v.Type
		})
	})
}

// A leftover is a goroutine that carries a frame at the end of the test that it belongs to.
type leftover struct {
	inspect.Goroutine
	trace        goroutine.Trace
	origin       goroutine.Origin
	own          bool // it runs the test
	alive        bool
	creatorAlive bool
}

// shownGoroutines is how many goroutines a report describes.
const shownGoroutines = 20

func reportLeft(left []leftover) string {
	var b strings.Builder
	if len(left) == 1 {
		b.WriteString("glstest.VerifyNone: 1 goroutine still carries a frame")
	} else {
		fmt.Fprintf(&b, "glstest.VerifyNone: %d goroutines still carry a frame", len(left))
	}
	for i, l := range left {
		if i == shownGoroutines {
			fmt.Fprintf(&b, "\n\t... and %d more", len(left)-i)
			break
		}
		l.write(&b)
	}
	return b.String()
}

func (l leftover) write(b *strings.Builder) {
	names := make([]string, len(l.Values))
	for i, v := range l.Values {
		names[i] = v.Storage
		if strings.HasPrefix(v.Storage, `"`) {
			names[i] += " (" + v.Type + ")"
		}
	}
	slices.Sort(names)
	storages := strings.Join(names, ", ")
	switch {
	case l.own:
		fmt.Fprintf(b, "\n\tgoroutine %d, the test's own: %s, entered and not left", l.ID, storages)
		return
	case !l.alive:
		fmt.Fprintf(b, "\n\tgoroutine %d, which has exited: %s, entered and not left", l.ID, storages)
	default:
		fmt.Fprintf(b, "\n\tgoroutine %d: %s", l.ID, storages)
	}
	l.writeOrigin(b)
	if l.alive {
		fmt.Fprintf(b, "\n\t\tnow in %s:", l.trace.State)
		writeFrames(b, l.trace.Frames(), "\t\t\t")
	}
}

func (l leftover) writeOrigin(b *strings.Builder) {
	if l.origin == (goroutine.Origin{}) {
		return
	}
	b.WriteString("\n\t\tstarted")
	if l.origin.Creator != 0 {
		fmt.Fprintf(b, " by goroutine %d", l.origin.Creator)
		if !l.creatorAlive {
			b.WriteString(" (which has exited)")
		}
	}
	if l.origin.Function != "" {
		fmt.Fprintf(b, " in %s (%s)", l.origin.Function, l.origin.Position)
	}
}
