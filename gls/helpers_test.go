package gls_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/testexec"
)

// see returns what Get finds, a word for each storage: its value, or - where it is not set.
func see(storages ...*gls.Storage[int]) string {
	words := make([]string, len(storages))
	for i, s := range storages {
		if words[i] = "-"; s != nil {
			if v, ok := s.Get(); ok {
				words[i] = fmt.Sprint(v)
			}
		}
	}
	return strings.Join(words, " ")
}

// panicOf returns what fn panicked with, nil when it returned.
func panicOf(fn func()) any {
	var value any
	func() {
		defer func() { value = recover() }()
		fn()
	}()
	return value
}

// join runs fn on a goroutine of its own, started by a plain go statement, and waits for its end.
func join(fn func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		fn()
	}()
	<-done
}

// exits runs fn on a goroutine of its own and waits until that has exited.
func exits(fn func()) { testexec.Exits(func() { join(fn) }) }

// eventually waits for what another goroutine, or the garbage collector, does in its own time.
func eventually(t *testing.T, ok func() bool, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			assert.Fail(t, text)
			return
		}
	}
}

// An entry is one way to run a function in a scope on the calling goroutine.
type entry struct {
	name string
	run  func(fn func())
}

// entries are all ways to open a scope; s is the storage that those set which set one.
func entries(s *gls.Storage[int]) []entry {
	other := gls.New[int]("another")
	var captured gls.Snapshot
	other.Run(1, func() { captured = gls.Capture() })
	return []entry{
		{"Run", func(fn func()) { s.Run(100, fn) }},
		{"Exit", s.Exit},
		{"Exit of a storage not set", other.Exit},
		{"Call", func(fn func()) { gls.Call(s, 100, func() int { fn(); return 1 }) }},
		{"gls.Run", func(fn func()) { gls.Run(fn, s.With(100), other.With(1)) }},
		{"gls.Run without bindings", func(fn func()) { gls.Run(fn) }},
		{"Snapshot.Run", captured.Run},
		{"zero Snapshot.Run", gls.Snapshot{}.Run},
		{"Isolate", gls.Isolate},
		{"RunContext", func(fn func()) { gls.RunContext(context.TODO(), fn) }},
		{"Resume", func(fn func()) { gls.Resume(gls.NewContext(context.Background(), captured), fn) }},
		{"Resume without a snapshot", func(fn func()) { gls.Resume(context.TODO(), fn) }},
		{"Snapshot.With.Run", func(fn func()) { captured.With(s.With(100)).Run(fn) }},
		{"Bind", func(fn func()) { gls.Bind(fn)() }},
		{"Bind with results", func(fn func()) { gls.Bind(func(int) int { fn(); return 1 })(1) }},
	}
}

func TestEntriesAreAllScopes(t *testing.T) {
	s, names := gls.New[int]("s"), []string(nil)
	for _, e := range entries(s) {
		names = append(names, e.name)
	}
	nameEach(t, names, func(f api.Function) bool { return f.Way == api.Here })
}

// nameEach asserts that a list names each function of gls for which ok holds: "Get" for gls.Storage.Get, "gls.Run" for
// what has the name of a method. What follows a comma in a name says more of the row.
func nameEach(t *testing.T, names []string, ok func(f api.Function) bool) {
	t.Helper()
	named := map[string]bool{}
	for _, name := range names {
		name, _, _ = strings.Cut(name, ",")
		named[name] = true
	}
	functions := api.Names(func(name string, f api.Function) bool { return strings.HasPrefix(name, "gls.") && ok(f) })
	require.NotEmpty(t, functions)
	for _, name := range functions {
		short := strings.TrimPrefix(strings.TrimPrefix(name, "gls."), "Storage.")
		assert.True(t, named[name] || named[short] && name != "gls.Run", "%s is not in the list", name)
	}
}

// A carrying is one way to run a function later, with the frame of now.
type carrying struct {
	name string

	// capture is called now; what it returns runs fn and waits for its end.
	capture func(fn func()) (run func())

	here bool // fn runs on the goroutine that calls run
}

// carryings are all ways to capture a frame.
func carryings() []carrying {
	started := func(start func(fn func())) func(fn func()) func() {
		return func(fn func()) func() {
			gate, done := make(chan struct{}), make(chan struct{})
			start(func() {
				defer close(done)
				<-gate
				fn()
			})
			return func() {
				close(gate)
				<-done
			}
		}
	}
	return []carrying{
		{"Go", started(gls.Go), false},
		{"Snapshot.Go", started(func(fn func()) { gls.Capture().Go(fn) }), false},
		{"WaitGroup.Go", started(func(fn func()) { new(gls.WaitGroup).Go(fn) }), false},
		{"AfterFunc", started(func(fn func()) { gls.AfterFunc(0, fn) }), false},
		{"go Bind", started(func(fn func()) { go gls.Bind(fn)() }), false},
		{"Bind", func(fn func()) func() { return gls.Bind(fn) }, true},
		{"Bind of another type", func(fn func()) func() {
			bound := gls.Bind(func(...int) int { fn(); return 1 })
			return func() { bound(1, 2) }
		}, true},
		{"Snapshot.Run", func(fn func()) func() {
			s := gls.Capture()
			return func() { s.Run(fn) }
		}, true},
		{"Resume", func(fn func()) func() {
			ctx := gls.NewContext(context.Background(), gls.Capture())
			return func() { gls.Resume(ctx, fn) }
		}, true},
	}
}

func TestCarryingsAreAllCaptures(t *testing.T) {
	var names []string
	for _, c := range carryings() {
		names = append(names, c.name)
	}
	nameEach(t, names, func(f api.Function) bool {
		return f.Way == api.Started || f.Way == api.Timed || f.Way == api.Bound || f.Brings
	})
}

// heapBytes returns the bytes in the heap that are in use.
func heapBytes() int64 {
	for range 3 { // pools are emptied by the second collection
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// settled returns the number of records once those of goroutines that have exited are gone.
func settled() int {
	for range 200 { // more collections than the sweeper ever lets pass
		if carrier.Len() == 0 {
			return 0
		}
		testexec.Collect()
		time.Sleep(50 * time.Microsecond)
	}
	return carrier.Len()
}

// inChild is what a plain goroutine sees whose creator sees text.
func inChild(text string) string {
	if gls.Propagation() == gls.Inherited {
		return text
	}
	return "-"
}

// carried reports whether others see that a goroutine carries something.
func carried(id uint64) (seen bool) {
	carrier.Of(id, func(*frame.Frame) { seen = true })
	return seen
}
