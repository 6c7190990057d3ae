package glstest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/losses"
)

// NoLosses makes the test fail if, while it runs, a Get, Lookup or GetOrFail of a storage finds
// nothing on a goroutine that a plain go statement started while its creator had the value, and the
// creator has it still: the go statement lost the value. Reads by an httpctx.LogHandler, a
// Transport and a glslog.Handler count too; their losses are otherwise silent. Call NoLosses first:
// it registers a Cleanup, and those registered later run before it.
//
// The failure lists the go statements, with the storages, how often each was missed and where
// first. Use gls.Go for a go statement of the program's own, and gls.Bind around the function given
// to a library. Start a worker that serves many flows with gls.Go inside of gls.Isolate.
//
// A loss is found while the creator is in its scope. If the creator has left the scope before the
// read, the loss is not found. The creator's creator is asked as well, and so on, as far as they
// run or were met before. A value that the creator set after the go statement is not lost. The
// creator's stack tells the order: if the function that started the goroutine has returned, the
// goroutine counts as started in the scope. Descendants of a goroutine that the test's own function
// or main started in this way are excepted; most often that goroutine is a server.
//
// A loss is assigned to one of the running tests as VerifyNone assigns goroutines, with the same
// limit. While a test uses NoLosses, a Get that finds nothing takes microseconds, and the first one
// on a goroutine may read the stacks of all goroutines. In a build with inheritance NoLosses finds
// nothing.
func NoLosses(t testing.TB) {
	t.Helper()
	known.begin()
	test := &lossless{family: newFamily()}
	stop := losses.Watch(&losses.Watcher{Lost: test.add, Thorough: true})
	t.Cleanup(func() {
		t.Helper()
		defer known.end()
		stop()
		if list := test.profile(); len(list) > 0 {
			t.Errorf("%s", reportLost(list))
		}
	})
}

// A lossless is one call of NoLosses.
type lossless struct {
	*family

	mu     sync.Mutex     // guards events; a leaf
	events []losses.Event // at most mostEvents
}

// mostEvents is the largest number of losses that a test keeps.
const mostEvents = 10_000

func (test *lossless) add(e losses.Event) {
	for i, origin := range e.Origins {
		known.learn(map[uint64]goroutine.Trace{e.Family[i]: {Origin: origin}})
	}
	test.mu.Lock()
	defer test.mu.Unlock()
	if len(test.events) < mostEvents {
		test.events = append(test.events, e)
	}
}

// profile counts the losses that belong to the test.
func (test *lossless) profile() []losses.Loss {
	test.mu.Lock()
	events := test.events
	test.mu.Unlock()
	if len(events) == 0 {
		return nil
	}
	var p losses.Profile
	traces := survey()
	owned := make(map[uint64]bool)
	for _, e := range events {
		creator := e.At.Creator
		mine, asked := owned[creator]
		if !asked {
			mine = test.owns(creator, traces)
			owned[creator] = mine
		}
		if mine {
			p.Add(e)
		}
	}
	return p.List()
}

// reportLost lists the go statements, each with the storages that it lost.
func reportLost(list []losses.Loss) string {
	type place struct{ function, position string }
	var order []place
	at := make(map[place][]losses.Loss)
	for _, l := range list {
		p := place{l.Function, l.Position}
		if at[p] == nil {
			order = append(order, p)
		}
		at[p] = append(at[p], l)
	}
	var b strings.Builder
	if len(order) == 1 {
		b.WriteString("glstest.NoLosses: values are lost at 1 go statement")
	} else {
		fmt.Fprintf(&b, "glstest.NoLosses: values are lost at %d go statements", len(order))
	}
	slices.SortFunc(order, func(a, b place) int { return strings.Compare(a.position, b.position) })
	for _, p := range order {
		fmt.Fprintf(&b, "\n\n\t%s\n\t\t%s", p.function, p.position)
		for _, l := range at[p] {
			fmt.Fprintf(&b, "\n\t%s, %s", l.Storage, times(l.Count))
			if l.Read.Function != "" {
				fmt.Fprintf(&b, ", first in %s\n\t\t%s", l.Read.Function, l.Read.Position)
			}
		}
	}
	return b.String()
}

func times(n int) string {
	if n == 1 {
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}
