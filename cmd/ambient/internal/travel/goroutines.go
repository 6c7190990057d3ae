package main

import (
	"context"
	"fmt"
	"iter"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/singleflight"

	"github.com/ambient-go/ambient/gls"
)

// carried lists this module's own constructs.
var carried = []way{
	{"`gls.Go(f)`, `gls.WaitGroup.Go`, `Snapshot.Go`", func(report func()) {
		with(func() { gls.Go(report) })
	}},
	{"`gls.Bind(f)` given to anything", func(report func()) {
		var bound func()
		with(func() { bound = gls.Bind(report) })
		elsewhere(func() { go bound() })
	}},
	{"`gls.AfterFunc`", func(report func()) {
		with(func() { gls.AfterFunc(time.Millisecond, report) })
	}},
}

// started lists constructs whose goroutine begins at the call.
var started = []way{
	{"`go f()`", func(report func()) {
		with(func() { go report() })
	}},
	{"`sync.WaitGroup.Go`", func(report func()) {
		var group sync.WaitGroup
		with(func() { group.Go(report) })
		group.Wait()
	}},
	{"`errgroup.Group.Go`", func(report func()) {
		var group errgroup.Group
		with(func() { group.Go(func() error { report(); return nil }) })
		_ = group.Wait()
	}},
	{"`singleflight.Group.DoChan`, and what else other modules start: pools, batchers, drivers", func(report func()) {
		var group singleflight.Group
		with(func() { <-group.DoChan("", func() (any, error) { report(); return nil, nil }) })
	}},
	{"a worker of one's own: a task, while the scope that started it is open", func(report func()) {
		tasks, done := make(chan func()), make(chan struct{})
		with(func() {
			go work(tasks)
			tasks <- func() { report(); close(done) }
			<-done // else the scope may end first
		})
		close(tasks)
	}},
	{"the same, once that scope has ended", func(report func()) {
		tasks := make(chan func())
		with(func() { go work(tasks) })
		elsewhere(func() { tasks <- report })
		close(tasks)
	}},
	{"`t.Run`, also with `t.Parallel`", func(report func()) {
		program, err := os.Executable()
		if err != nil {
			return
		}
		if text, err := exec.Command(program, subtest).Output(); err == nil && strings.Contains(string(text), here) {
			with(report)
		} else if err == nil {
			report()
		}
	}},
	{"`iter.Pull`: the sequence's body", func(report func()) {
		var next func() (int, bool)
		var stop func()
		with(func() { next, stop = iter.Pull(func(func(int) bool) { report() }) })
		elsewhere(func() { next() })
		stop()
	}},
}

func work(tasks chan func()) {
	for task := range tasks {
		task()
	}
}

// runSubtest runs this program as a test: it prints the value that a subtest sees, and ends the
// process.
func runSubtest() {
	os.Args = os.Args[:1]
	testing.Main(func(string, string) (bool, error) { return true, nil }, []testing.InternalTest{{
		Name: "Outer",
		F: func(t *testing.T) {
			with(func() {
				t.Run("inner", func(t *testing.T) {
					t.Parallel()
					v, _ := value.Get()
					fmt.Println(v)
				})
			})
		},
	}}, nil, nil)
}

// later lists constructs whose function runs at an event.
var later = []way{
	{"`time.AfterFunc`", func(report func()) {
		with(func() { time.AfterFunc(time.Millisecond, report) })
	}},
	{"`time.AfterFunc`, after `Reset` elsewhere", func(report func()) {
		var timer *time.Timer
		with(func() { timer = time.AfterFunc(time.Hour, report) })
		elsewhere(func() { timer.Reset(time.Millisecond) })
	}},
	{"the same, when it fires again", func(report func()) {
		fired := false
		var timer *time.Timer
		again := make(chan bool)
		with(func() {
			timer = time.AfterFunc(time.Millisecond, func() {
				if fired {
					report()
				}
				fired = true
				again <- true
			})
		})
		<-again
		elsewhere(func() { timer.Reset(time.Millisecond) })
		<-again
	}},
	{"`context.AfterFunc`, cancelled elsewhere", func(report func()) {
		ctx, cancel := context.WithCancel(context.Background())
		with(func() { context.AfterFunc(ctx, report) })
		elsewhere(cancel)
	}},
	{"`context.AfterFunc`, by a deadline", func(report func()) {
		ctx, cancel := context.Background(), func() {}
		elsewhere(func() { ctx, cancel = context.WithTimeout(ctx, time.Millisecond) })
		defer time.AfterFunc(time.Second, cancel)
		with(func() { context.AfterFunc(ctx, report) })
	}},
	{"`signal.NotifyContext` and `context.AfterFunc`", func(report func()) {
		var ctx context.Context
		var stop func()
		with(func() {
			ctx, stop = signal.NotifyContext(context.Background(), syscall.SIGHUP)
			context.AfterFunc(ctx, report)
		})
		self, err := os.FindProcess(os.Getpid())
		if err == nil {
			err = self.Signal(syscall.SIGHUP)
		}
		if err == nil {
			<-ctx.Done()
		}
		stop()
	}},
}

// byRuntime lists functions that the runtime calls on goroutines of its own.
var byRuntime = []way{
	{"`runtime.SetFinalizer`", func(report func()) {
		with(func() { runtime.SetFinalizer(new([64]byte), func(*[64]byte) { report() }) })
		collect()
	}},
	{"`runtime.AddCleanup`", func(report func()) {
		with(func() { runtime.AddCleanup(new([64]byte), func(struct{}) { report() }, struct{}{}) })
		collect()
	}},
}

func collect() {
	for range 3 {
		with(runtime.GC)
		time.Sleep(time.Millisecond)
	}
}
