package a

import (
	"context"
	"iter"
	"net/http"
	"runtime"
	"sync"
	"time"

	"github.com/panjf2000/ants/v2"
	conciter "github.com/sourcegraph/conc/iter"
	"github.com/sourcegraph/conc/pool"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"inhouse"
)

var tenant = gls.New[string]("tenant")

func read() { tenant.Get() }

func readErr() error { read(); return nil }

func numbers(yield func(int) bool) {
	read()
	yield(1)
}

func reader() func() { return read }

type service struct{ hook func() }

func (s *service) load() error { _, err := httpctx.Lookup(); return err }

func all(ctx context.Context, s *service, server *http.Server, wg *sync.WaitGroup) {
	time.AfterFunc(time.Second, read)                  // want `^time.AfterFunc runs the function on another goroutine with nothing set, and it reads tenant.Get through a.read: use gls.AfterFunc$`
	context.AfterFunc(ctx, func() { read() })          // want `context.AfterFunc runs .* bind it with gls.Bind`
	wg.Go(read)                                        // want `sync.WaitGroup.Go runs .*: bind it with gls.Bind`
	server.RegisterOnShutdown(read)                    // want `http.Server.RegisterOnShutdown`
	runtime.SetFinalizer(s, func(*service) { read() }) // want `^runtime.SetFinalizer runs .*: bind it with gls.Bind$`
	runtime.AddCleanup(s, func(int) { read() }, 1)     // want `^runtime.AddCleanup runs .*: bind it with gls.Bind$`
	runtime.AddCleanup(s, func(int) {}, 1)             // ok: it reads nothing
	time.AfterFunc(1, reader())                        // want `tenant.Get through a.reader`

	var g errgroup.Group
	g.Go(readErr)       // want `errgroup.Group.Go`
	g.TryGo(s.load)     // want `errgroup.Group.TryGo .* httpctx.Lookup through a.service.load`
	g.Go(func() error { // want `errgroup.Group.Go`
		read()
		return nil
	})

	next, stop := iter.Pull(numbers)                       // want `iter.Pull`
	iter.Pull2(func(yield func(int, int) bool) { read() }) // want `iter.Pull2`
	_, _ = next, stop

	ants.Submit(read)                                                                // want `ants.Submit`
	new(ants.Pool).Submit(read)                                                      // want `ants.Pool.Submit`
	pool.New().Go(read)                                                              // want `pool.Pool.Go`
	pool.New().WithContext(ctx).Go(func(context.Context) error { return readErr() }) // want `pool.ContextPool.Go`
	new(pool.ResultPool[string]).Go(tenant.GetOrFail)                                // want `pool.ResultPool.Go .* tenant.GetOrFail`
	conciter.Map([]int{1}, func(*int) int { read(); return 1 })                      // want `iter.Map`
}

// Ok: they are bound, carried, or set what they read.
func bound(g *errgroup.Group) {
	g.Go(gls.Bind(readErr))
	f := gls.Bind(readErr)
	g.Go(f)
	time.AfterFunc(1, func() { tenant.Run("x", read) })
	gls.AfterFunc(1, read)
	var wg gls.WaitGroup
	wg.Go(read)
	snapshot := gls.Capture()
	g.Go(func() error { snapshot.Run(read); return nil })
}

// Ok: nothing ambient is read there, or nobody knows what is.
func unread(g *errgroup.Group, s *service) {
	name, _ := tenant.Get()
	time.AfterFunc(1, func() { println(name) })
	time.AfterFunc(1, s.hook)
	g.Go(nil)
}

// Ok: these run it on this goroutine, or give its result to others, which analyzer shared is for.
func here(flight *singleflight.Group, once *sync.Once) {
	flight.Do("key", func() (any, error) { return tenant.Lookup() })
	flight.DoChan("key", func() (any, error) { return tenant.Lookup() })
	once.Do(read)
}

// Ok: a reason is given.
func silenced(g *errgroup.Group) {
	//ambient:detached it warms the cache for everybody
	g.Go(readErr)
	g.Go(readErr) //ambient:detached it warms the cache for everybody
}

// Ok: no flag names them.
func named(q *inhouse.Queue, r inhouse.Runner) {
	q.Submit(1, read)
	r.Later(read)
	inhouse.Async(read, read)
}
