// Package a has workers that are started in all ways.
package a

import (
	"context"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"github.com/ambient-go/ambient/cmd/ambient/lint/workers/testdata/src/other"
)

var tenant = gls.New[string]("tenant")

func handle(int) { _, _ = tenant.Get() }

type task struct {
	run  func()
	id   int
	from gls.Snapshot
	ctx  context.Context
}

type job interface{ Run() }

var (
	once  sync.Once
	tasks = make(chan func())
	jobs  = make(chan job)
	many  = make(chan task)
	ids   = make(chan int)
)

func work() {
	for f := range tasks {
		f()
	}
}

func submit(f func()) {
	once.Do(func() { go work() }) // want `^the go statement starts a worker that runs functions from tasks: in a build by ambient build all of them see what is set here: start it in gls.Isolate, and let each task bring its frame by gls.Bind or gls.Capture$`
	tasks <- f
}

func carried() {
	gls.Go(work) // want `^gls.Go starts a worker that takes tasks from tasks: all of them see what is set here: start it in`
	var wg gls.WaitGroup
	wg.Go(work)               // want `gls.WaitGroup.Go starts a worker`
	gls.Capture().Go(work)    // want `gls.Snapshot.Go starts a worker`
	gls.Go(func() { work() }) // want `gls.Go starts a worker that takes tasks from tasks`
	go gls.Bind(work)()       // want `the go statement starts a worker`
	f := work
	gls.Go(f)       // want `gls.Go starts a worker`
	gls.Go(func() { // want `takes tasks from ids: all of them see what is set here, and it reads tenant.Get through a.handle: start`
		for {
			select {
			case id := <-ids:
				handle(id)
			case <-time.After(time.Second):
			}
		}
	})
	gls.Go(func() { // want `takes tasks from jobs`
		for j := range jobs {
			j.Run()
		}
	})
	gls.Go(func() { // want `takes tasks from many`
		for t := range many {
			t.run()
		}
	})
	gls.Go(func() { // want `takes tasks from tasks`
		for f := range tasks {
			safely(f)
		}
	})
	gls.Go(func() { // want `takes tasks from tasks`
		for {
			(<-tasks)()
		}
	})
	gls.Go(func() { // want `takes tasks from ids`
		for id := <-ids; id > 0; id = <-ids {
			handle(id)
		}
	})
	gls.Go(func() { // want `takes tasks from ids`
		tenant.Run("x", func() {
			for id := range ids {
				gls.Context()
				handle(id)
			}
		})
	})
}

func safely(f func()) { f() }

// Ok: barego and unbound report a worker that reads and is given nothing.
func plain() {
	go func() {
		for id := range ids {
			handle(id)
		}
	}()
	go func() {
		for f := range tasks {
			handle(1)
			f()
		}
	}()
	var wg sync.WaitGroup
	wg.Go(func() {
		for id := range ids {
			handle(id)
		}
	})
	wg.Go(work) // want `wg.Go starts a worker that runs functions from tasks`
}

type pool struct {
	mu    sync.Mutex
	cond  *sync.Cond
	queue []func()
	tasks chan func()
	ids   chan int

	ticker *time.Ticker
	quit   chan struct{}
	errs   chan error
	stop   chan os.Signal
	ready  chan bool
}

func (p *pool) work() {
	for f := range p.tasks {
		f()
	}
}

func (p *pool) wait() {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 {
			p.cond.Wait()
		}
		f := p.queue[0]
		p.queue = p.queue[1:]
		p.mu.Unlock()
		f()
	}
}

func (p *pool) next() []func() {
	p.mu.Lock()
	defer p.mu.Unlock()
	queue := p.queue
	p.queue = nil
	return queue
}

// A worker whose tasks lie in a list, and whom a signal wakes.
func (p *pool) woken() {
	for {
		tasks := p.next()
		for _, f := range tasks {
			f()
		}
		if len(tasks) == 0 {
			<-p.quit
		}
	}
}

func (p *pool) selects(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.quit:
			for _, f := range p.next() {
				safely(f)
				f()
			}
		}
	}
}

func (p *pool) ranges() {
	for range p.quit {
		for _, f := range p.next() {
			f()
		}
	}
}

// Ok: it runs no functions of others.
func (p *pool) flushes() {
	for {
		<-p.quit
		flush := func() { p.next() }
		flush()
	}
}

func wakes(ctx context.Context, p *pool) {
	gls.Go(p.woken)                       // want `^gls.Go starts a worker that takes tasks from p.quit: all of them see what is set here: start it in`
	gls.Go(func() { p.selects(ctx) })     // want `takes tasks from p.quit`
	gls.Go(p.ranges)                      // want `takes tasks from p.quit`
	once.Do(func() { go p.woken() })      // want `the go statement starts a worker that runs functions from p.quit: in a build by ambient build`
	once.Do(func() { go p.selects(ctx) }) // want `the go statement starts a worker that runs functions from p.quit`
	gls.Go(p.flushes)
	gls.Isolate(func() { go p.woken() })
}

func (p *pool) handle() {
	for {
		p.mu.Lock()
		for len(p.queue) == 0 {
			p.cond.Wait()
		}
		p.mu.Unlock()
		handle(1)
	}
}

func newPool() *pool {
	p := &pool{tasks: make(chan func())}
	gls.Go(p.work)   // want `takes tasks from p.tasks`
	gls.Go(p.wait)   // want `takes tasks from p.cond`
	gls.Go(p.handle) // want `takes tasks from p.cond: .* reads tenant.Get through a.pool.handle, a.handle`
	return p
}

func (p *pool) start(n int) {
	for range n {
		gls.Go(p.work) // want `takes tasks from p.tasks`
	}
	q := p
	gls.Go(q.work) // want `takes tasks from p.tasks`
	ch := make(chan int)
	gls.Go(func() { // want `takes tasks from ch`
		for id := range ch {
			handle(id)
		}
	})
	p.ids = ch
}

func given(p *pool, tasks chan func()) {
	gls.Go(p.work)                       // want `takes tasks from p.tasks`
	gls.Go(func() { other.Each(tasks) }) // want `takes tasks from tasks`
}

func closure() func(func()) {
	tasks := make(chan func())
	gls.Go(func() { other.Each(tasks) }) // want `takes tasks from tasks`
	return func(f func()) { tasks <- f }
}

func packages(p *other.Pool) {
	gls.Go(p.Work)       // want `takes tasks from p.Tasks`
	gls.Go(other.Drain)  // want `takes tasks from Shared: .* reads tenant.Get through other.Drain, other.Name`
	go other.Each(tasks) // want `runs functions from tasks`
}

// Ok: the tasks are of the flow that starts the workers, which keeps the channel to itself.
func shared(list []int) {
	ids := make(chan int)
	var wg gls.WaitGroup
	for range 4 {
		wg.Go(func() {
			for id := range ids {
				handle(id)
			}
		})
	}
	own := make(chan func())
	gls.Go(func() { other.Each(own) })
	go func(tasks chan func()) {
		for f := range tasks {
			f()
		}
	}(own)
	for _, id := range list {
		ids <- id
	}
	close(ids)
	wg.Wait()
}

// Ok: a stage of a pipeline, in the flow of who calls it.
func stage(in <-chan int) <-chan int {
	out := make(chan int)
	gls.Go(func() {
		defer close(out)
		for id := range in {
			handle(id)
			out <- id
		}
	})
	return out
}

// Ok: a subscription of this request; its client is registered and not returned.
func stream(hub *hub) {
	c := &pool{ids: make(chan int)}
	hub.clients["x"] = c
	gls.Go(func() {
		for id := range c.ids {
			handle(id)
		}
	})
	gls.Go(func() {
		for id := range subscribe() {
			handle(id)
		}
	})
}

type hub struct{ clients map[string]*pool }

func subscribe() chan int { return make(chan int) }

// Ok: no tasks come: it waits, counts, or ticks.
func none(ctx context.Context, done chan struct{}, p *pool) {
	gls.Go(func() {
		<-p.ids
		handle(1)
	})
	gls.Go(func() {
		for range 3 {
			handle(<-p.ids)
		}
	})
	gls.Go(func() {
		for i := 0; i < 3; i++ {
			handle(<-p.ids)
		}
	})
	gls.Go(func() {
		for {
			select {
			case t := <-p.ticker.C:
				handle(t.Second())
			case <-ctx.Done():
				return
			case err := <-p.errs:
				_ = err
			case s := <-p.stop:
				_ = s
			case x := <-p.quit:
				_ = x
			case ok := <-p.ready:
				_ = ok
			}
		}
	})
	gls.Go(func() {
		for range p.ticker.C {
			handle(1)
		}
	})
	gls.Go(func() {
		for {
			select {
			case id := <-p.ids:
				handle(id)
				return
			case <-done:
			}
		}
	})
	gls.Go(func() {
		p.mu.Lock()
		for len(p.queue) == 0 {
			p.cond.Wait()
		}
		handle(1)
	})
	gls.Go(func() { handle(1) })
}

// Ok: nothing of who starts it is seen by the tasks.
func harmless() {
	gls.Go(func() {
		for id := range ids {
			_ = id
		}
	})
	go func() {
		for t := range many {
			t.from.Run(func() { handle(t.id) })
			t.from.Run(t.run)
			gls.Resume(t.ctx, func() { handle(t.id) })
			gls.Resume(t.ctx, t.run)
		}
	}()
	gls.Isolate(func() {
		go work()
		gls.Go(work)
	})
	//ambient:detached the tasks are bound by submit's callers
	go work()
	go func() { //ambient:detached it counts for everybody
		for id := range ids {
			handle(id)
		}
	}()
}

var bound = make(chan func())

// Ok: all that this package sends carries its frame.
func send(f func()) {
	once.Do(func() {
		gls.Go(func() { other.Each(nil) })
		go func() {
			for f := range bound {
				f()
			}
		}()
		go func() {
			for t := range boundTasks {
				t.run()
			}
		}()
	})
	bound <- gls.Bind(f)
	b := gls.Bind(f)
	bound <- b
	boundTasks <- task{run: gls.Bind(f)}
}

var boundTasks = make(chan task)

// One that is not bound suffices.
func sendSome(f func()) {
	go func() { // want `runs functions from some`
		for f := range some {
			f()
		}
	}()
	some <- gls.Bind(f)
	some <- f
}

var some = make(chan func())

// Ok: a literal that the worker only registers is run by nobody here.
func registers() {
	go func() {
		http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
			httpctx.GetOrFail()
			for f := range tasks {
				f()
			}
		})
	}()
}

func init() {
	go work() // ok: nothing is set here
}
