package pools_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// tasks is the number of tasks for each pool.
const tasks = 2000

// AMBIENT_EXPECT names the mode of the build, so that a run meant for one build cannot pass as one
// of the other.
func TestPropagationIsAsExpected(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

// A result counts the tasks that saw their own request, none, and another one.
type result struct{ own, none, another atomic.Int64 }

func (r *result) check(l *mix.Ledger, id string) {
	switch own, another := l.Check("task", id); {
	case another:
		r.another.Add(1)
	case own:
		r.own.Add(1)
	default:
		r.none.Add(1)
	}
}

func (r *result) String() string {
	return fmt.Sprintf("%v: %d tasks saw their own request, %d nothing, %d another's", gls.Propagation(), r.own.Load(),
		r.none.Load(), r.another.Load())
}

// A service takes tasks. It starts lazily, in the first request that has a task for it.
type service struct {
	submit func(id string, task func())
	stop   func()
}

// drive lets many requests give tasks to a service that starts in Ada's request. If stays is set,
// Ada's request stays open to the end; otherwise it is over before the next one. The others wait
// for their tasks, leave at once, or stay open for a while.
func drive(t *testing.T, l *mix.Ledger, stays bool, start func() service) *result {
	var r result
	var pending sync.WaitGroup
	var s service
	give := func(id string) {
		pending.Add(1)
		s.submit(id, func() {
			defer pending.Done()
			r.check(l, id)
		})
	}
	begun, end, over := make(chan bool), make(chan bool), make(chan bool)
	go func() {
		defer close(over)
		l.In("Ada", func() {
			s = start()
			give("Ada")
			pending.Wait()
			close(begun)
			if stays {
				<-end
			}
		})
	}()
	<-begun
	if !stays {
		<-over
	}
	var given atomic.Int64
	given.Store(1)
	names := []string{"Bob", "Cid", "Dan", "Eve", "Fay", "Gus", "Hal", "Ida"}
	var clients sync.WaitGroup
	for _, name := range names {
		clients.Go(func() {
			for n := 0; given.Load() < tasks; n++ {
				id := fmt.Sprint(name, "-", n)
				l.In(id, func() {
					for range 1 + rand.IntN(5) {
						if given.Add(1) > tasks {
							return
						}
						give(id)
					}
					switch rand.IntN(3) {
					case 0:
						time.Sleep(time.Duration(rand.IntN(500)) * time.Microsecond)
					case 1:
						done := make(chan bool)
						pending.Add(1)
						s.submit(id, func() { defer pending.Done(); close(done) })
						<-done
					}
				})
			}
		})
	}
	clients.Wait()
	finish(t, &pending)
	close(end)
	<-over
	if s.stop != nil {
		s.stop()
	}
	t.Log(&r)
	assert.EqualValues(t, tasks, r.own.Load()+r.none.Load()+r.another.Load())
	return &r
}

func finish(t *testing.T, pending *sync.WaitGroup) {
	t.Helper()
	done := make(chan bool)
	go func() { pending.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		assert.FailNow(t, "tasks were not done")
	}
}

// both runs a test twice: once while Ada's request stays open, and once after it is over.
func both(t *testing.T, test func(t *testing.T, stays bool)) {
	t.Run("the first request stays open", func(t *testing.T) { test(t, true) })
	t.Run("the first request is over", func(t *testing.T) { test(t, false) })
}

// nobodyElse checks a service of a library: its tasks see their own request or none, and it keeps
// nothing of a request.
func nobodyElse(t *testing.T, start func() service) {
	both(t, func(t *testing.T, stays bool) {
		l := mix.NewLedger()
		r := drive(t, l, stays, func() service {
			s := start()
			stop := s.stop
			s.stop = func() {
				assert.Empty(t, l.Kept(), "kept of requests that are over, while the service runs")
				if stop != nil {
					stop()
				}
			}
			return s
		})
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Faults())
	})
}
