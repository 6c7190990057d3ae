package gls_test

import (
	"context"
	"io"
	"maps"
	"net/http"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/carrier"
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
	misuses := map[string]struct {
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
		"Resume":            {func() { gls.Resume(t.Context(), nil) }, "gls.Resume: nil function"},

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
		"nil context, Resume":  {func() { gls.Resume(nilContext, run) }, "gls.Resume: nil context"},
		"zero Binding":         {func() { gls.Run(run, gls.Binding{}) }, "gls.Run: zero Binding"},
		"zero Binding, second": {func() { gls.Run(run, s.With(1), gls.Binding{}) }, "gls.Run: zero Binding"},
	}
	nameEach(t, slices.Collect(maps.Keys(misuses)), func(f api.Function) bool { return f.Way != api.Never })
	for name, c := range misuses {
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
