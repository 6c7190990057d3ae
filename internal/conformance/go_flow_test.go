package conformance_test

import (
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// flowRows are about flows that meet: in a storage, in a worker, in a statement.
var flowRows = []row{
	{"G-55 captures, bound functions and children of Exit", func(t *probe) {
		s, other := fresh[string](t), fresh[string](t)
		check := func() {
			unset(t, s)
			sees(t, "other", other)
		}
		var (
			c     gls.Snapshot
			bound func()
			gate  = make(chan struct{})
			wg    gls.WaitGroup
		)
		gls.Run(func() {
			s.Exit(func() {
				c, bound = gls.Capture(), gls.Bind(check)
				wg.Go(func() {
					<-gate
					check()
				})
			})
		}, s.With("v"), other.With("other"))
		s.Run("later", func() {
			c.Run(check)
			bound()
			close(gate)
			wg.Wait()
			sees(t, "later", s)
			unset(t, other)
		})
	}},
	{"G-56 Exit on one goroutine does not affect others", func(t *probe) {
		s := fresh[int](t)
		inside(t, s, 100, func() {
			s.Exit(func() { unset(t, s) })
		}, func(i int) { sees(t, i, s) })
	}},
	{"G-57 Disable while goroutines are inside Run", func(t *probe) {
		s := fresh[int](t)
		inside(t, s, 100, s.Disable, func(i int) {
			unset(t, s)
			s.Run(-i, func() { sees(t, -i, s) })
			unset(t, s)
			s.Enter(-i)
			sees(t, -i, s)
		})
		s.Run(1, func() { sees(t, 1, s) })
	}},
	{"G-61 a worker that recovers a task's panic", func(t *probe) {
		s, scratch := fresh[int](t), fresh[int](t)
		tasks := make(chan func())
		var wg gls.WaitGroup
		for range 2 {
			wg.Go(func() {
				for task := range tasks {
					unset(t, s)
					unset(t, scratch)
					if v := caught(task); v != nil {
						assert.Equal(t, "task 7", v)
					}
				}
			})
		}
		for i := range 20 {
			s.Run(i, func() {
				tasks <- gls.Bind(func() {
					sees(t, i, s)
					scratch.Enter(i)
					if i == 7 {
						panic("task 7")
					}
				})
			})
		}
		close(tasks)
		wg.Wait()
	}},
	{"G-62 in defer and go statements Bind captures at the statement, Go when it runs", func(t *probe) {
		s := fresh[string](t)
		var wg sync.WaitGroup
		wg.Add(3)
		expect := func(want string) func() {
			return func() {
				sees(t, want, s)
				wg.Done()
			}
		}
		s.Run("run's", func() {
			scope := s.Enter("at the statement")
			defer gls.Go(expect("run's"))
			defer gls.Bind(expect("at the statement"))()
			go gls.Bind(expect("at the statement"))()
			scope.Leave()
			sees(t, "run's", s)
		})
		wg.Wait()
	}},
}

// inside calls once while n goroutines are in a Run of s, each with its own number, which then call each.
func inside(t *probe, s *gls.Storage[int], n int, once func(), each func(i int)) {
	t.Helper()
	var ready, wg sync.WaitGroup
	gate := make(chan struct{})
	for i := range n {
		ready.Add(1)
		wg.Go(func() {
			s.Run(i, func() {
				sees(t, i, s)
				ready.Done()
				<-gate
				each(i)
			})
			unset(t, s)
		})
	}
	ready.Wait()
	once()
	close(gate)
	wg.Wait()
}
