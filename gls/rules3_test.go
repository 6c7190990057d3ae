package gls_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// Calls that are wrong panic where they are made, with these texts, and change nothing.
func TestRule6(t *testing.T) {
	s := gls.New[int]("s")
	var captured gls.Snapshot
	s.Run(7, func() { captured = gls.Capture() })
	var (
		nilContext context.Context
		nilFunc    func()
		group      gls.WaitGroup
		ran        bool
	)
	run := func() { ran = true }
	for name, c := range map[string]struct {
		call func()
		text string
	}{
		"Run":               {func() { s.Run(1, nil) }, "gls.Storage.Run: nil function"},
		"Run, nil variable": {func() { s.Run(1, nilFunc) }, "gls.Storage.Run: nil function"},
		"Exit":              {func() { s.Exit(nil) }, "gls.Storage.Exit: nil function"},
		"Call":              {func() { gls.Call[int, int](s, 1, nil) }, "gls.Call: nil function"},
		"gls.Run":           {func() { gls.Run(nil) }, "gls.Run: nil function"},
		"gls.Run, bindings": {func() { gls.Run(nil, s.With(1)) }, "gls.Run: nil function"},
		"Go":                {func() { gls.Go(nil) }, "gls.Go: nil function"},
		"Snapshot.Run":      {func() { captured.Run(nil) }, "gls.Snapshot.Run: nil function"},
		"Snapshot.Go":       {func() { captured.Go(nil) }, "gls.Snapshot.Go: nil function"},
		"zero Snapshot.Run": {func() { gls.Snapshot{}.Run(nil) }, "gls.Snapshot.Run: nil function"},
		"zero Snapshot.Go":  {func() { gls.Snapshot{}.Go(nil) }, "gls.Snapshot.Go: nil function"},
		"Isolate":           {func() { gls.Isolate(nil) }, "gls.Isolate: nil function"},
		"AfterFunc":         {func() { gls.AfterFunc(0, nil) }, "gls.AfterFunc: nil function"},
		"WaitGroup.Go":      {func() { group.Go(nil) }, "gls.WaitGroup.Go: nil function"},
		"RunContext":        {func() { gls.RunContext(t.Context(), nil) }, "gls.RunContext: nil function"},

		"Bind":              {func() { gls.Bind(nilFunc) }, "gls.Bind: nil function"},
		"Bind, error":       {func() { gls.Bind[func() error](nil) }, "gls.Bind: nil function"},
		"Bind, named":       {func() { gls.Bind[http.HandlerFunc](nil) }, "gls.Bind: nil function"},
		"Bind, plain":       {func() { gls.Bind[context.CancelFunc](nil) }, "gls.Bind: nil function"},
		"Bind, variadic":    {func() { gls.Bind[func(...int) int](nil) }, "gls.Bind: nil function"},
		"Bind of a number":  {func() { gls.Bind(5) }, "gls.Bind: int is not a function type"},
		"Bind of a struct":  {func() { gls.Bind(struct{}{}) }, "gls.Bind: struct {} is not a function type"},
		"Bind of a pointer": {func() { gls.Bind(&run) }, "gls.Bind: *func() is not a function type"},
		"Bind of an error":  {func() { _ = gls.Bind(io.EOF) }, "gls.Bind: error is not a function type"},

		"nil context":          {func() { gls.RunContext(nilContext, run) }, "gls.RunContext: nil context"},
		"nil context, binding": {func() { gls.WithContext(nilContext) }, "gls.WithContext: nil context"},
		"zero Binding":         {func() { gls.Run(run, gls.Binding{}) }, "gls.Run: zero Binding"},
		"zero Binding, second": {func() { gls.Run(run, s.With(1), gls.Binding{}) }, "gls.Run: zero Binding"},
	} {
		t.Run(name, func(t *testing.T) {
			check := func() {
				frame, place, goroutines := gls.Capture(), carrier.Here(), runtime.NumGoroutine()
				seen, ctx := see(s), gls.Context()
				assert.Equal(t, c.text, panicOf(c.call))
				assert.Equal(t, seen, see(s))
				assert.Equal(t, ctx, gls.Context())
				assert.True(t, frame == gls.Capture(), "the very frame")
				assert.True(t, place == carrier.Here(), "no record, no depth")
				assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "nothing is started")
				assert.False(t, ran)
			}
			check()
			s.Run(2, check)
			join(func() {
				defer s.Enter(3).Leave()
				check()
			})
			waits(t, &group)
			captured.Run(func() { assert.Equal(t, "7", see(s)) })
		})
	}
}

// waits checks that a group counts nothing.
func waits(t *testing.T, group *gls.WaitGroup) {
	t.Helper()
	counted := make(chan bool)
	go func() {
		group.Wait()
		close(counted)
	}()
	select {
	case <-counted:
	case <-time.After(10 * time.Second):
		require.Fail(t, "the group counts what never ran")
	}
}

// What stays: nothing, but for an Enter without Leave outside of any scope, for as long as its goroutine lives.
func TestRule9(t *testing.T) {
	s := gls.New[int]("s")
	never := gls.New[int]("never")
	t.Run("Get that finds nothing", func(t *testing.T) {
		assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = never.Get() }))
		s.Run(1, func() { assert.Zero(t, testing.AllocsPerRun(100, func() { _, _ = never.Get() })) })
		const n = 100
		before := carrier.Len()
		hold := make(chan struct{})
		var asked, over sync.WaitGroup
		asked.Add(n)
		for range n {
			over.Go(func() {
				_, _ = s.Get()
				_, _ = never.Lookup()
				_ = gls.Context()
				gls.Capture().Run(func() { _, _ = s.Get() })
				gls.Isolate(func() { _ = panicOf(func() { s.GetOrFail() }) })
				asked.Done()
				<-hold
			})
		}
		asked.Wait()
		assert.Less(t, carrier.Len(), before+n, "they are alive and not recorded")
		close(hold)
		over.Wait()
	})
	t.Run("scopes of goroutines that have exited", func(t *testing.T) {
		before := settled()
		for _, scope := range entries(s) {
			var group sync.WaitGroup
			for range 20 {
				group.Go(func() { scope.run(func() { s.Enter(1) }) })
				group.Go(func() { _ = panicOf(func() { scope.run(func() { panic("x") }) }) })
				group.Go(func() { scope.run(runtime.Goexit) })
			}
			group.Wait()
			assert.LessOrEqual(t, carrier.Len(), before, scope.name)
		}
		s.Run(1, func() {
			for _, c := range carryings() {
				for _, end := range []func(){func() {}, func() { s.Enter(1) }} {
					c.capture(end)()
				}
			}
		})
		eventually(t, func() bool { return carrier.Len() <= before }, "a child that entered has its end for a scope")
	})
	t.Run("Enter and exit", func(t *testing.T) {
		before := settled()
		for range 100 {
			join(func() { s.Enter(1) })
		}
		assert.Equal(t, before, settled(), "found by a collection")
		for i := range 50_000 {
			join(func() { s.Enter(1) })
			if i%100 == 0 && carrier.Len() > before+2000 {
				t.Fatalf("%d records", carrier.Len())
			}
		}
	})
	t.Run("Enter on a goroutine that lives", func(t *testing.T) {
		join(func() {
			s.Enter(1)
			for range 100 {
				runtime.GC()
				assert.Equal(t, "1", see(s))
			}
		})
	})
}

// The profiler, the tracer and the labels work as without the library; so does the race detector (crash_test.go).
func TestRule11(t *testing.T) {
	s := gls.New[int]("s")
	t.Run("labels are the user's", func(t *testing.T) {
		profile := func() string {
			var text bytes.Buffer
			require.NoError(t, pprof.Lookup("goroutine").WriteTo(&text, 1))
			return text.String()
		}
		s.Run(1, func() {
			pprof.Do(t.Context(), pprof.Labels("rule", "eleven"), func(context.Context) {
				assert.Equal(t, "1", see(s), "inside")
				s.Run(2, func() {
					s.Enter(3)
					assert.Contains(t, profile(), `"rule":"eleven"`)
					hold, done := make(chan bool), make(chan bool)
					gls.Go(func() {
						assert.Equal(t, "3", see(s), "in a child")
						hold <- true
						<-hold
						close(done)
					})
					<-hold
					assert.Equal(t, 2, labelled(profile()), "the child has its creator's label")
					hold <- true
					<-done
				})
				assert.Equal(t, 1, labelled(profile()), "back in the Run around")
			})
			assert.Equal(t, "1", see(s), "after")
			assert.NotContains(t, profile(), "eleven")
		})
		join(func() {
			s.Enter(4)
			pprof.SetGoroutineLabels(pprof.WithLabels(t.Context(), pprof.Labels("rule", "eleven")))
			assert.Equal(t, "4", see(s))
			pprof.SetGoroutineLabels(context.Background())
			assert.Equal(t, "4", see(s))
		})
	})
	work := func() {
		for end := time.Now().Add(30 * time.Millisecond); time.Now().Before(end); {
			s.Run(1, func() { gls.Call(s, 2, func() int { return s.GetOrFail() }) })
			var group gls.WaitGroup
			s.Run(3, func() { group.Go(func() { s.Enter(4) }) })
			group.Wait()
		}
	}
	t.Run("CPU profile", func(t *testing.T) {
		var profile bytes.Buffer
		if err := pprof.StartCPUProfile(&profile); err != nil {
			t.Skip(err)
		}
		work()
		pprof.StopCPUProfile()
		assert.NotEmpty(t, profile.Bytes())
	})
	t.Run("execution trace", func(t *testing.T) {
		var events bytes.Buffer
		if err := trace.Start(&events); err != nil {
			t.Skip(err)
		}
		trace.WithRegion(t.Context(), "region", work)
		trace.Stop()
		assert.Equal(t, "go 1.", events.String()[:5])
	})
}

// labelled counts the goroutines of a profile's text that have this test's label.
func labelled(profile string) int {
	count := 0
	_, profile, _ = strings.Cut(profile, "\n")
	for group := range strings.SplitSeq(profile, "\n\n") {
		if strings.Contains(group, `"rule":"eleven"`) {
			var n int
			_, _ = fmt.Sscan(group, &n)
			count += n
		}
	}
	return count
}

// Ids are right, by whichever way they are read. That wrong ones are refused is in wrongoffset_test.go.
func TestRule12(t *testing.T) {
	if os.Getenv("AMBIENT_EXPECT_SLOW") != "" {
		require.False(t, goroutine.Fast(), "the ids of this program's goid are wrong")
	}
	s := gls.New[int]("s")
	header := func() string {
		text := make([]byte, 64)
		return string(text[:runtime.Stack(text, false)])
	}
	var group sync.WaitGroup
	for i := range 100 {
		group.Go(func() {
			_, err := s.Lookup()
			var missing *gls.NotSetError
			if assert.ErrorAs(t, err, &missing) {
				assert.True(t, strings.HasPrefix(header(), fmt.Sprintf("goroutine %d [", missing.Goroutine)))
			}
			s.Run(i, func() {
				for range 20 {
					runtime.Gosched()
					if v, ok := s.Get(); !ok || v != i {
						t.Errorf("%d, %t on the goroutine of %d", v, ok, i)
					}
				}
			})
		})
	}
	group.Wait()
}
