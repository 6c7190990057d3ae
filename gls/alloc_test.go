package gls_test

import (
	"context"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/testexec"
)

func boxed() *int {
	one := 1
	return &one
}

// skipUnlessOptimized skips where the race detector or a build without inlining changes what allocates.
func skipUnlessOptimized(t *testing.T) {
	t.Helper()
	total := 0
	if testexec.Race || testing.AllocsPerRun(10, func() { total += *boxed() }) > 0 {
		t.Skip("this build allocates more")
	}
}

// withOthers calls fn with that many other storages set.
func withOthers(n int, fn func()) {
	bindings := make([]gls.Binding, n)
	for i := range bindings {
		bindings[i] = gls.New[int]("other").With(i)
	}
	gls.Run(fn, bindings...)
}

func TestAllocations(t *testing.T) {
	skipUnlessOptimized(t)
	var (
		s         = gls.New[*int]("s")
		numbers   = gls.New[int]("numbers")
		never     = gls.New[string]("never")
		value     = new(int)
		empty     = func() {}
		result    = func() *int { return value }
		ctx       = context.WithValue(t.Context(), s, 1)
		snapshot  gls.Snapshot
		carries   context.Context
		made      context.Context
		bound     func()
		boundErr  func() error
		returnNil = func() error { return nil }
	)
	// What more is allocated where the goroutine has open Enters, of the same storages.
	inEnter := map[string]float64{
		"Enter and Leave": 1, "Enter of a number": 1, "Enter inside an Enter": 1,
		"Snapshot.Run": 1, "Resume": 1, "a bound func()": 1, "a bound func() error": 1,
	}
	for _, c := range []struct {
		name string
		most float64
		fn   func()
	}{
		{"Get of a pointer", 0, func() { s.Get() }},
		{"Get of a number", 0, func() { numbers.Get() }},
		{"Get, not set", 0, func() { never.Get() }},
		{"GetOrFail of what is set", 0, func() { s.GetOrFail() }},
		{"Lookup of what is set", 0, func() { _, _ = s.Lookup() }},
		{"Capture", 0, func() { snapshot = gls.Capture() }},
		{"Run", 1, func() { s.Run(value, empty) }},
		{"Run of nil", 1, func() { s.Run(nil, empty) }},
		{"Call", 1, func() { gls.Call(s, value, result) }},
		{"Enter and Leave", 1, func() { s.Enter(value).Leave() }},
		{"Run of a number", 2, func() { numbers.Run(1<<20, empty) }},
		{"Enter of a number", 2, func() { numbers.Enter(1 << 20).Leave() }},
		{"Enter inside an Enter", 3, func() {
			defer s.Enter(value).Leave()
			defer s.Enter(value).Leave()
		}},
		{"Exit", 1, func() { s.Exit(empty) }},
		{"Exit, not set", 0, func() { never.Exit(empty) }},
		{"gls.Run, two", 1, func() { gls.Run(empty, s.With(value), numbers.With(1)) }},
		{"gls.Run, none", 0, func() { gls.Run(empty) }},
		{"Isolate", 0, func() { gls.Isolate(empty) }},
		{"Snapshot.Run", 0, func() { snapshot.Run(empty) }},
		{"a bound func()", 0, func() { bound() }},
		{"a bound func() error", 2, func() { _ = boundErr() }},
		{"Context", 0, func() { gls.Context() }},
		{"RunContext", 1, func() { gls.RunContext(ctx, empty) }},
		{"NewContext", 1, func() { made = gls.NewContext(ctx, snapshot) }},
		{"NewContext, of a NewContext", 1, func() { made = gls.NewContext(carries, snapshot) }},
		{"FromContext", 0, func() { gls.FromContext(carries) }},
		{"Resume", 1, func() { gls.Resume(carries, empty) }},
		{"Resume without a snapshot", 1, func() { gls.Resume(ctx, empty) }},
		{"Snapshot.With", 1, func() { snapshot = snapshot.With(s.With(value)) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			measure := func() float64 {
				snapshot, bound, boundErr = gls.Capture(), gls.Bind(empty), gls.Bind(returnNil)
				carries = gls.NewContext(ctx, snapshot)
				return testing.AllocsPerRun(100, c.fn)
			}
			check := func(where string) { assert.LessOrEqual(t, measure(), c.most, where) }
			checkEntered := func() { assert.LessOrEqual(t, measure(), c.most+inEnter[c.name], "in an Enter") }
			if !strings.HasSuffix(c.name, "of what is set") {
				join(func() { check("outermost") })
				s.Exit(func() { check("in Exit") })
			}
			s.Run(value, func() {
				check("nested")
				numbers.Run(1, func() {
					withOthers(10, func() { check("with others") })
					gls.RunContext(ctx, func() { check("with a context") })
				})
			})
			join(func() {
				defer s.Enter(value).Leave()
				numbers.Enter(1)
				checkEntered()
			})
		})
	}
	runtime.KeepAlive(made)
}

// A goroutine that is started with a frame costs up to two allocations more than one that is not, and none where
// nothing is set.
func TestAllocationsOfGo(t *testing.T) {
	skipUnlessOptimized(t)
	done := make(chan bool)
	fn := func() { done <- true }
	measure := func(start func(fn func())) float64 {
		return testing.AllocsPerRun(200, func() {
			start(fn)
			<-done
		})
	}
	plain := measure(func(fn func()) { go fn() })
	assert.LessOrEqual(t, measure(gls.Go), plain, "nothing set")
	assert.LessOrEqual(t, measure(gls.Snapshot{}.Go), plain, "the empty frame")
	s := gls.New[*int]("s")
	for _, others := range []int{0, 10} {
		withOthers(others, func() {
			s.Run(nil, func() {
				snapshot := gls.Capture()
				assert.LessOrEqual(t, measure(gls.Go), plain+2, "Go, %d others", others)
				assert.LessOrEqual(t, measure(snapshot.Go), plain+2, "Snapshot.Go, %d others", others)
				empty := plain
				if gls.Propagation() == gls.Inherited {
					empty++ // a plain go statement would not start it so
				}
				assert.LessOrEqual(t, measure(gls.Snapshot{}.Go), empty, "the empty frame, %d others", others)
			})
		})
	}
}
