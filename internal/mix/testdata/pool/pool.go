// Package pool is a typical library: its workers serve all callers.
package pool

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
)

// A Pool runs tasks on workers that its first task starts.
type Pool struct {
	how   string
	once  sync.Once
	wait  sync.WaitGroup
	group errgroup.Group
	tasks chan func()
}

// New returns a Pool. how is the way in which it starts workers: "go", or the name of a function.
func New(how string) *Pool { return &Pool{how: how, tasks: make(chan func())} }

// Submit passes task to a worker.
func (p *Pool) Submit(task func()) {
	p.once.Do(p.start)
	p.tasks <- task
}

func (p *Pool) start() {
	for range 4 {
		switch p.how {
		case "go":
			go p.work()
		case "sync.WaitGroup":
			p.wait.Go(p.work)
		case "errgroup":
			p.group.Go(func() error { p.work(); return nil })
		case "time.AfterFunc":
			time.AfterFunc(0, p.work)
		case "context.AfterFunc":
			ctx, cancel := context.WithCancel(context.Background())
			context.AfterFunc(ctx, p.work)
			cancel()
		}
	}
}

func (p *Pool) work() {
	for task := range p.tasks {
		task()
	}
}

// Close ends the workers.
func (p *Pool) Close() { close(p.tasks) }

// Starter returns a function that starts another one on a goroutine. Starter is small enough to be
// inlined, and the function it returns is then compiled as part of the calling package.
func Starter() func(fn func()) {
	return func(fn func()) { go fn() }
}
