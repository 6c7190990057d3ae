package gls_test

import (
	"bytes"
	"context"
	"fmt"
	"runtime/pprof"
	"runtime/trace"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

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
				// The child has its label until it has exited, a moment after it closed done.
				eventually(t, func() bool { return labelled(profile()) == 1 }, "back in the Run around")
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
