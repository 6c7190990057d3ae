// Package a has goroutines that are waited for, and others.
package a

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"sync"
	"time"

	"github.com/samber/lo"
	"golang.org/x/sync/errgroup"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"

	"help"
)

func read() int { httpctx.GetOrFail(); return 1 }

// A wait group.

func group() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { // want `waited for`
		defer wg.Done()
		read()
	}()
	wg.Wait()
}

func groupInLoops(n int) {
	var wg sync.WaitGroup
	for range n {
		wg.Add(1)
		go func() { // want `waited for`
			read()
			wg.Done()
		}()
	}
	wg.Wait()
}

func groupGo() {
	var wg sync.WaitGroup
	defer wg.Wait()
	wg.Go(func() { read() }) // want `waited for`
}

func earlyReturn(err error) error {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { defer wg.Done(); read() }()
	if err != nil {
		return err
	}
	wg.Wait()
	return nil
}

func earlyReturnBefore(err error) error {
	var wg sync.WaitGroup
	if err != nil {
		return err
	}
	wg.Go(func() { read() }) // want `waited for`
	wg.Wait()
	return nil
}

func deferredAfter(err error) error {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { defer wg.Done(); read() }() // want `waited for`
	defer func() { wg.Wait() }()
	if err != nil {
		return err
	}
	return nil
}

// It reads after it has said that it is done.
func doneTooEarly() {
	var wg sync.WaitGroup
	wg.Add(3)
	go func() {
		wg.Done()
		read()
	}()
	go func() {
		defer read() // it runs after Done
		defer wg.Done()
	}()
	go func() { // want `waited for`
		defer wg.Done()
		defer read() // it runs before Done
	}()
	wg.Wait()
}

type server struct{ wg sync.WaitGroup }

// Shutdown waits, not the handler.
func (s *server) handle() {
	s.wg.Add(1)
	go func() { defer s.wg.Done(); read() }()
	s.wg.Go(func() { read() })
}

func (s *server) Shutdown() { s.wg.Wait() }

func (s *server) both() {
	s.wg.Add(1)
	go func() { defer s.wg.Done(); read() }() // want `waited for`
	s.wg.Wait()
}

func waitedFor(a, b *sync.WaitGroup) {
	a.Add(1)
	go func() { defer a.Done(); read() }()
	b.Wait()
}

// A channel.

func closed() {
	done := make(chan struct{})
	go func() { // want `waited for`
		defer close(done)
		read()
	}()
	<-done
}

func sent() int {
	result := make(chan int, 1)
	go func() { result <- read() }() // want `waited for`
	return <-result
}

func sentThenRead() {
	c := make(chan int, 1)
	go func() {
		c <- 1
		read()
	}()
	<-c
}

func orGivenUp(ctx context.Context) error {
	c := make(chan int, 1)
	go func() { c <- read() }()
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func untilDone(progress chan int) {
	done := make(chan bool)
	go func() { defer close(done); read() }() // want `waited for`
	for {
		select {
		case <-done:
			return
		case <-progress:
		}
	}
}

func oneCase() {
	done := make(chan bool)
	go func() { defer close(done); read() }() // want `waited for`
	select {
	case <-done:
	}
}

func all(n int) (sum int) {
	c := make(chan int)
	for range n {
		go func() { c <- read() }() // want `waited for`
	}
	for range n {
		sum += <-c
	}
	return sum
}

func firstOf(n int) int {
	c := make(chan int, n)
	for range n {
		go func() { c <- read() }()
	}
	return <-c
}

func untilOneFails(n int) error {
	c := make(chan error, n)
	for range n {
		go func() { read(); c <- nil }()
	}
	for range n {
		if err := <-c; err != nil {
			return err
		}
	}
	return nil
}

func two() {
	c := make(chan int, 2)
	go func() { c <- read() }() // want `waited for`
	go func() { c <- read() }() // want `waited for`
	<-c
	<-c
}

func oneOfTwo() {
	c := make(chan int, 2)
	go func() { c <- read() }()
	go func() { c <- read() }()
	<-c
}

func stream() {
	c := make(chan int)
	go func() { // want `waited for`
		defer close(c)
		for range 3 {
			c <- read()
		}
	}()
	for v := range c {
		_ = v
	}
}

func startOfAStream() {
	c := make(chan int, 3)
	go func() {
		defer close(c)
		for range 3 {
			c <- read()
		}
	}()
	<-c
}

func closedByAnother(n int) {
	var wg sync.WaitGroup
	c := make(chan int)
	for range n {
		wg.Add(1)
		go func() { // want `waited for`
			defer wg.Done()
			c <- read()
		}()
	}
	go func() { // want `waited for`
		wg.Wait()
		close(c)
	}()
	for v := range c {
		_ = v
	}
}

func closedByAnotherOrNot(ctx context.Context) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { defer wg.Done(); read() }()
	done := make(chan bool)
	go func() {
		wg.Wait()
		close(done)
	}()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// Through functions.

func work(wg *sync.WaitGroup, n int) {
	defer wg.Done()
	read()
}

func declared() {
	var wg sync.WaitGroup
	wg.Add(2)
	go work(&wg, 1) // want `waited for`
	p := &wg
	go work(p, 1) // want `waited for`
	wg.Wait()
}

func otherPackage(n int) {
	var one, two sync.WaitGroup
	one.Add(1)
	go help.Work(&one) // want `waited for`
	help.Wait(&one)
	two.Add(1)
	go help.Work(&two)
	help.Maybe(&two, n)
	var batch help.Batch
	go func() { // want `waited for`
		defer batch.Done()
		read()
	}()
	batch.Wait()
	c := make(chan int)
	go func() { c <- read() }() // want `waited for`
	help.First(c)
}

func literal() {
	var wg sync.WaitGroup
	wait := func() { wg.Wait() }
	wg.Add(1)
	go func() { defer wg.Done(); read() }() // want `waited for`
	wait()
}

func argument() {
	done := make(chan bool)
	go func(done chan bool) { // want `waited for`
		defer close(done)
		read()
	}(done)
	<-done
}

// Its callers wait.
func start(wg *sync.WaitGroup) {
	wg.Add(1)
	go func() { defer wg.Done(); read() }() // want `waited for`
}

func startsTwo() {
	var wg sync.WaitGroup
	start(&wg)
	start(&wg)
	wg.Wait()
}

// One of its callers does not.
func started(wg *sync.WaitGroup) {
	wg.Add(1)
	go func() { defer wg.Done(); read() }()
}

func waitsForIt() {
	var wg sync.WaitGroup
	started(&wg)
	wg.Wait()
}

func doesNot(wg *sync.WaitGroup) { started(wg) }

func future() <-chan int {
	c := make(chan int, 1)
	go func() { c <- read() }() // want `waited for`
	return c
}

func awaits() int {
	a := future()
	return <-a + <-future()
}

func promise() <-chan int {
	c := make(chan int, 1)
	go func() { c <- read() }()
	return c
}

func drops() { promise() }

// Functions within functions.

func inScope(s *gls.Storage[int]) {
	var wg sync.WaitGroup
	s.Run(1, func() {
		wg.Add(1)
		go func() { defer wg.Done(); read() }() // want `waited for`
	})
	wg.Wait()
}

func waitsInScope(s *gls.Storage[int]) {
	done := make(chan bool)
	go func() { defer close(done); read() }() // want `waited for`
	s.Run(1, func() { <-done })
}

func visitor(names []string) {
	var wg sync.WaitGroup
	visit := func(string) {
		wg.Add(1)
		go func() { defer wg.Done(); read() }() // want `waited for`
	}
	for _, name := range names {
		visit(name)
	}
	wg.Wait()
}

func keptVisitor() func() {
	var wg sync.WaitGroup
	defer wg.Wait()
	visit := func() {
		wg.Add(1)
		go func() { defer wg.Done(); read() }()
	}
	return visit
}

func nested() {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() {
		go func() { defer wg.Done(); read() }() // want `waited for`
	}()
	wg.Wait()
}

// Main waits for the server, not the handler for its goroutine.
func handlers() {
	done := make(chan bool)
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		go func() { read(); done <- true }()
	})
	<-done
}

func request(w http.ResponseWriter, r *http.Request) {
	done := make(chan bool)
	httpctx.Run(w, r, func() {
		go func() { read(); done <- true }()
	})
	<-done
}

// The request of detached work does not end.
func detached() {
	httpctx.GoDetached(func() {
		go read() // want `waited for`
		process()
	})
}

func process() {
	go read() // want `waited for`
}

// What runs functions for others.

func groups(ctx context.Context) error {
	var g errgroup.Group
	g.Go(func() error { read(); return nil }) // want `waited for`
	g.Go(func() error { read(); return nil }) // want `waited for`
	if err := g.Wait(); err != nil {
		return err
	}
	var h errgroup.Group
	h.Go(func() error { read(); return errors.New("") })
	return nil
}

func others(ctx context.Context) {
	next, stop := iter.Pull(func(yield func(int) bool) { yield(read()) }) // want `waited for`
	next()
	stop()
	again, end := iter.Pull(func(yield func(int) bool) { yield(read()) })
	defer end()
	go again()
	time.AfterFunc(time.Minute, func() { read() })
	done := make(chan bool)
	time.AfterFunc(time.Millisecond, func() { // want `waited for`
		defer close(done)
		read()
	})
	<-done
	context.AfterFunc(ctx, func() { read() })
	<-lo.Async(read)    // want `waited for`
	c := lo.Async(read) // want `waited for`
	<-c
	select {
	case <-lo.Async(read):
	case <-ctx.Done():
	}
}

func forget() {
	go read()
	go func() { read() }()
}

type node struct {
	parent *node
	done   chan bool
}

// A variable that moves on is no other name for what it points to.
func up(n *node) {
	for n.parent != nil {
		n = n.parent
	}
	go func() { read(); n.done <- true }() // want `waited for`
	<-n.done
}
