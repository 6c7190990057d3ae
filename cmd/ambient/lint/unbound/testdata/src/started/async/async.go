// Package async starts functions.
package async

import (
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
)

func Go(fn func()) {
	go func() {
		defer func() { _ = recover() }()
		fn()
	}()
}

func Safe(name string, fn func() error) { Go(func() { _ = fn() }) }

func All(fns ...func()) {
	var wg sync.WaitGroup
	for _, fn := range fns {
		wg.Add(1)
		go func() {
			defer wg.Done()
			fn()
		}()
	}
	wg.Wait()
}

func Later(fn func()) *time.Timer { return time.AfterFunc(time.Second, fn) }

type Group struct{ wg sync.WaitGroup }

func (g *Group) Go(fn func()) { g.wg.Go(fn) }

func Each[T any](all []T, fn func(T)) {
	for _, x := range all {
		go fn(x)
	}
}

// Those that follow carry the values, or start nothing that needs them.

func Carried(fn func()) { gls.Go(fn) }

func Bound(fn func()) {
	bound := gls.Bind(fn)
	go bound()
}

func Rebound(fn func()) {
	fn = gls.Bind(fn)
	go fn()
}

func Resumed(fn func()) {
	snapshot := gls.Capture()
	go func() { snapshot.Run(fn) }()
}

func Detached(fn func()) {
	//ambient:detached what is given serves all users
	go fn()
}

func Isolated(fn func()) { gls.Isolate(func() { go fn() }) }

func Here(fn func()) { fn() }

var tasks = make(chan func())

func Queued(fn func()) { tasks <- fn }

// Those that follow serve many: bound, the function would have the values of one.

func NewWorker(jobs chan int, fn func(int)) { go work(jobs, fn) }

func work(jobs chan int, fn func(int)) {
	for j := range jobs {
		fn(j)
	}
}

func Every(t *time.Ticker, fn func()) {
	go func() {
		for range t.C {
			fn()
		}
	}()
}

func Serve(accept func() int, fn func(int)) {
	go func() {
		for {
			go fn(accept())
		}
	}()
}

func Wrapped(jobs chan int, fn func(int)) { NewWorker(jobs, func(j int) { fn(j) }) }
