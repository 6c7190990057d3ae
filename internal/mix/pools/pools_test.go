package pools_test

import (
	"sync"
	"testing"
	"time"

	"example.com/pool"
	"github.com/alitto/pond/v2"
	"github.com/bytedance/gopkg/util/gopool"
	"github.com/gammazero/workerpool"
	"github.com/panjf2000/ants/v2"
	concpool "github.com/sourcegraph/conc/pool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/semaphore"
)

// pools has libraries whose workers run the tasks of all callers.
var pools = map[string]func(t *testing.T) service{
	"ants": func(t *testing.T) service {
		p, err := ants.NewPool(8, ants.WithExpiryDuration(5*time.Millisecond))
		require.NoError(t, err)
		return service{func(_ string, task func()) { assert.NoError(t, p.Submit(task)) }, p.Release}
	},
	"ants, package": func(t *testing.T) service {
		return service{func(_ string, task func()) { assert.NoError(t, ants.Submit(task)) }, nil}
	},
	"ants, with a function": func(t *testing.T) service {
		p, err := ants.NewPoolWithFuncGeneric(8, func(task func()) { task() })
		require.NoError(t, err)
		return service{func(_ string, task func()) { assert.NoError(t, p.Invoke(task)) }, p.Release}
	},
	"ants, many": func(t *testing.T) service {
		p, err := ants.NewMultiPool(3, 3, ants.RoundRobin)
		require.NoError(t, err)
		return service{func(_ string, task func()) { assert.NoError(t, p.Submit(task)) }, func() { assert.NoError(t, p.ReleaseTimeout(time.Minute)) }}
	},
	"pond": func(*testing.T) service {
		p := pond.NewPool(8)
		return service{func(_ string, task func()) { p.Submit(task) }, p.StopAndWait}
	},
	"pond, in groups": func(*testing.T) service {
		p := pond.NewPool(8)
		return service{func(_ string, task func()) { p.NewGroup().Submit(task) }, p.StopAndWait}
	},
	"pond, in a smaller pool": func(*testing.T) service {
		p := pond.NewPool(8)
		sub := p.NewSubpool(3)
		return service{func(_ string, task func()) { sub.Submit(task) }, p.StopAndWait}
	},
	"workerpool": func(*testing.T) service {
		p := workerpool.New(8)
		return service{func(_ string, task func()) { p.Submit(task) }, p.StopWait}
	},
	"gopool": func(*testing.T) service {
		p := gopool.NewPool("mix", 8, gopool.NewConfig())
		return service{func(_ string, task func()) { p.Go(task) }, nil}
	},
	"gopool, package": func(*testing.T) service {
		return service{func(_ string, task func()) { gopool.Go(task) }, nil}
	},
	"conc/pool": func(*testing.T) service {
		p := concpool.New().WithMaxGoroutines(8)
		var mu sync.Mutex // its Go may have a single caller
		return service{func(_ string, task func()) { mu.Lock(); defer mu.Unlock(); p.Go(task) }, p.Wait}
	},
	"a library that calls sync.WaitGroup.Go": func(*testing.T) service { return ours("sync.WaitGroup") },
	"a library that calls errgroup.Group.Go": func(*testing.T) service { return ours("errgroup") },
	"a library with go statements":           func(*testing.T) service { return ours("go") },
	"a library that calls time.AfterFunc":    func(*testing.T) service { return ours("time.AfterFunc") },
	"a library that calls context.AfterFunc": func(*testing.T) service { return ours("context.AfterFunc") },
}

func ours(how string) service {
	p := pool.New(how)
	return service{func(_ string, task func()) { p.Submit(task) }, p.Close}
}

func TestPools(t *testing.T) {
	for name, start := range pools {
		t.Run(name, func(t *testing.T) {
			nobodyElse(t, func() service { return start(t) })
		})
	}
}

// A semaphore passes permits from one request to another, and no values with them.
func TestSemaphore(t *testing.T) {
	nobodyElse(t, func() service {
		permits := semaphore.NewWeighted(3)
		return service{func(_ string, task func()) {
			assert.NoError(t, permits.Acquire(t.Context(), 1))
			go func() { defer permits.Release(1); task() }()
		}, nil}
	})
}
