package pools_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/samber/lo"
	"github.com/samber/lo/parallel"
	"github.com/sourcegraph/conc"
	"github.com/sourcegraph/conc/iter"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// joiners start goroutines for a caller that waits for them. Each runs all tasks.
var joiners = map[string]func(t *testing.T, tasks []func()){
	"errgroup": func(t *testing.T, tasks []func()) {
		var g errgroup.Group
		for _, task := range tasks {
			g.Go(func() error { task(); return nil })
		}
		assert.NoError(t, g.Wait())
	},
	"errgroup with a limit": func(t *testing.T, tasks []func()) {
		g, _ := errgroup.WithContext(t.Context())
		g.SetLimit(2)
		for _, task := range tasks {
			for !g.TryGo(func() error { task(); return nil }) {
				time.Sleep(time.Microsecond)
			}
		}
		assert.NoError(t, g.Wait())
	},
	"conc.WaitGroup": func(_ *testing.T, tasks []func()) {
		var g conc.WaitGroup
		for _, task := range tasks {
			g.Go(task)
		}
		g.Wait()
	},
	"conc/iter.ForEach": func(_ *testing.T, tasks []func()) { iter.ForEach(tasks, func(task *func()) { (*task)() }) },
	"conc/iter.Map": func(_ *testing.T, tasks []func()) {
		iter.Map(tasks, func(task *func()) int { (*task)(); return 0 })
	},
	"lo.Async": func(_ *testing.T, tasks []func()) {
		for _, task := range tasks {
			<-lo.Async(func() int { task(); return 0 })
		}
	},
	"lo.Async0": func(_ *testing.T, tasks []func()) {
		for _, task := range tasks {
			<-lo.Async0(task)
		}
	},
	"lo/parallel.ForEach": func(_ *testing.T, tasks []func()) {
		parallel.ForEach(tasks, func(task func(), _ int) { task() })
	},
	"lo/parallel.Map": func(_ *testing.T, tasks []func()) {
		parallel.Map(tasks, func(task func(), _ int) int { task(); return 0 })
	},
	"lo/parallel.Times": func(_ *testing.T, tasks []func()) {
		parallel.Times(len(tasks), func(i int) int { tasks[i](); return 0 })
	},
	"assert.Eventually": func(t *testing.T, tasks []func()) {
		for _, task := range tasks {
			assert.Eventually(t, once(task), time.Minute, 100*time.Microsecond)
		}
	},
	"require.Eventually": func(t *testing.T, tasks []func()) {
		for _, task := range tasks {
			require.Eventually(t, once(task), time.Minute, 100*time.Microsecond)
		}
	},
	"assert.EventuallyWithT": func(t *testing.T, tasks []func()) {
		for _, task := range tasks {
			run := once(task)
			assert.EventuallyWithT(t, func(*assert.CollectT) { run() }, time.Minute, 100*time.Microsecond)
		}
	},
	"sync.WaitGroup.Go": func(_ *testing.T, tasks []func()) {
		var g sync.WaitGroup
		for _, task := range tasks {
			g.Go(task)
		}
		g.Wait()
	},
}

func once(task func()) func() bool {
	var done atomic.Bool
	return func() bool {
		if done.CompareAndSwap(false, true) {
			task()
		}
		return true
	}
}

// Functions that work for their caller alone keep the caller's values in a build with inheritance.
func TestJoiners(t *testing.T) {
	for name, run := range joiners {
		t.Run(name, func(t *testing.T) {
			l := mix.NewLedger()
			var r result
			var requests sync.WaitGroup
			for n := range 8 {
				requests.Go(func() {
					for m := range tasks / 8 / 10 {
						id := fmt.Sprint(n, "-", m)
						l.In(id, func() {
							some := make([]func(), 10)
							for i := range some {
								some[i] = func() { r.check(l, id) }
							}
							run(t, some)
						})
					}
				})
			}
			requests.Wait()
			t.Log(&r)
			assert.Zero(t, r.another.Load())
			assert.Empty(t, l.Faults())
			if gls.Propagation() == gls.Inherited {
				assert.EqualValues(t, tasks, r.own.Load(), "saw their own request")
			}
			assert.Empty(t, l.Kept(), "kept of requests that are over")
		})
	}
}
