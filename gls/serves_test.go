package gls_test

import (
	"reflect"
	"runtime"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
)

// A worker is a goroutine of the program's own that runs one task after the other, each for whoever gave it. The tests of
// this file are about workers that a plain go statement starts in a scope, in a build with inheritance.
type worker struct {
	name  string
	start func(tasks chan func())
}

var workers = []worker{
	{"range", func(tasks chan func()) {
		go func() {
			for task := range tasks {
				task()
			}
		}()
	}},
	{"receive", func(tasks chan func()) {
		go func() {
			for {
				if task := <-tasks; task != nil {
					task()
				} else {
					return
				}
			}
		}()
	}},
	{"select", func(tasks chan func()) {
		go func() {
			never := make(chan int)
			for {
				select {
				case <-never:
				case task, ok := <-tasks:
					if !ok {
						return
					}
					task()
				}
			}
		}()
	}},
	{"select with default", func(tasks chan func()) {
		go func() {
			for {
				select {
				case task, ok := <-tasks:
					if !ok {
						return
					}
					task()
				default:
					time.Sleep(time.Microsecond)
				}
			}
		}()
	}},
	{"reflect", func(tasks chan func()) {
		go func() {
			for {
				task, ok := reflect.ValueOf(tasks).Recv()
				if !ok {
					return
				}
				task.Call(nil)
			}
		}()
	}},
	{"condition", func(tasks chan func()) {
		var mu sync.Mutex
		ready := sync.NewCond(&mu)
		var queue []func()
		waits := false
		give := func(task func()) { // to a worker that waits: one that finds a task there has not received it
			for given := false; !given; runtime.Gosched() {
				mu.Lock()
				if waits {
					queue, waits, given = append(queue, task), false, true
				}
				mu.Unlock()
			}
			ready.Signal()
		}
		gls.Isolate(func() {
			go func() {
				for task := range tasks {
					give(task)
				}
				give(nil)
			}()
		})
		go func() {
			for {
				mu.Lock()
				for len(queue) == 0 {
					waits = true
					ready.Wait()
				}
				task := queue[0]
				queue = queue[1:]
				mu.Unlock()
				if task == nil {
					return
				}
				task()
			}
		}()
	}},
	{"signal", func(tasks chan func()) {
		var mu sync.Mutex
		var queue []func()
		wake := make(chan struct{})
		gls.Isolate(func() {
			go func() {
				for task := range tasks {
					mu.Lock()
					queue = append(queue, task)
					mu.Unlock()
					wake <- struct{}{}
				}
				close(wake)
			}()
		})
		go func() {
			for range wake {
				mu.Lock()
				task := queue[0]
				queue = queue[1:]
				mu.Unlock()
				task()
			}
		}()
	}},
	{"in a scope of its own", func(tasks chan func()) {
		own := gls.New[int]("own")
		go own.Run(1, func() {
			for task := range tasks {
				own.Run(2, task)
			}
		})
	}},
	{"with an Enter of its own", func(tasks chan func()) {
		own := gls.New[int]("own")
		go func() {
			own.Enter(1)
			for task := range tasks {
				task()
			}
		}()
	}},
	{"started by one that the scope started", func(tasks chan func()) {
		go func() {
			go func() {
				for task := range tasks {
					task()
				}
			}()
		}()
	}},
	{"each task on a goroutine of its own", func(tasks chan func()) {
		go func() {
			for task := range tasks {
				go task()
			}
		}()
	}},
}

func TestInheritedWorkerServesNobodyOnceItsScopeHasEnded(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("s")
	scopes := map[string]func(value *load, fn func()){
		"Run":   s.Run,
		"Enter": func(value *load, fn func()) { defer s.Enter(value).Leave(); fn() },
		"Enter, ended by a scope around it": func(value *load, fn func()) {
			gls.Isolate(func() { s.Enter(value); fn() })
		},
		"gls.Run": func(value *load, fn func()) { gls.Run(fn, s.With(value)) },
		"Bind":    func(value *load, fn func()) { s.Run(value, func() { fn = gls.Bind(fn) }); fn() },
		"Snapshot.Run": func(value *load, fn func()) {
			var c gls.Snapshot
			s.Run(value, func() { c = gls.Capture() })
			c.Run(fn)
		},
		"gls.Go": func(value *load, fn func()) {
			var group gls.WaitGroup
			s.Run(value, func() { group.Go(fn) })
			group.Wait()
		},
	}
	for _, w := range workers {
		for name, scope := range scopes {
			t.Run(w.name+" in "+name, func(t *testing.T) {
				tasks, seen := make(chan func()), make(chan *load)
				report := func() { v, _ := s.Get(); seen <- v }
				ask := func() *load { tasks <- report; return <-seen }
				ada, theirs := newLoad()
				scope(ada, func() {
					w.start(tasks)
					assert.True(t, ada == ask(), "the scope is open")
				})
				ada = nil
				for i := range 3 {
					bob := new(load)
					s.Run(bob, func() { assert.True(t, ask() == nil, i) })
				}
				if w.name != "in a scope of its own" { // which puts back what was inherited
					assert.True(t, gone(theirs), "nothing is kept")
				}
				close(tasks)
			})
		}
	}
}

// What is no task takes nothing away: the end of a channel, a signal, a timer that fires once.
func TestInheritedGoroutineThatWaitsKeepsItsFrame(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	for name, wait := range map[string]func(release chan struct{}, over <-chan int){
		"the end of a channel": func(_ chan struct{}, over <-chan int) { <-over },
		"a range that ends": func(_ chan struct{}, over <-chan int) {
			for range over {
			}
		},
		"a signal":    func(release chan struct{}, over <-chan int) { <-over; release <- struct{}{}; <-release },
		"time.After":  func(_ chan struct{}, over <-chan int) { <-over; <-time.After(time.Millisecond) },
		"a WaitGroup": func(_ chan struct{}, over <-chan int) { var g sync.WaitGroup; g.Go(func() { <-over }); g.Wait() },
		"a receive too early": func(_ chan struct{}, over <-chan int) {
			c := make(chan int, 1)
			select {
			case <-c:
			case <-over:
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			release, over, seen := make(chan struct{}, 1), make(chan int), make(chan string, 1)
			s.Run(1, func() {
				go func() {
					wait(release, over)
					seen <- see(s)
				}()
			})
			close(over)
			assert.Equal(t, "1", <-seen)
		})
	}
}

// Workers of one request that share its work keep its values until its scope ends.
func TestInheritedWorkersWithinAScope(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	s.Run(1, func() {
		jobs, results := make(chan int), make(chan string)
		var group sync.WaitGroup
		for range 3 {
			group.Go(func() {
				for range jobs {
					s.Run(2, func() { assert.Equal(t, "2", see(s)) })
					results <- see(s)
				}
			})
		}
		defer gls.New[int]("other").Enter(3).Leave()
		for i := range 30 {
			jobs <- i
			assert.Equal(t, "1", <-results)
		}
		close(jobs)
		group.Wait()
	})
}

func TestInheritedTimerRunsForOthersOnceItIsReset(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	seen := make(chan string)
	var timer *time.Timer
	s.Run(1, func() { timer = time.AfterFunc(time.Millisecond, func() { seen <- see(s) }) })
	assert.Equal(t, "1", <-seen)
	s.Run(2, func() { timer.Reset(time.Millisecond) })
	assert.Equal(t, "-", <-seen)

	s.Run(3, func() {
		timer = time.AfterFunc(time.Millisecond, func() { seen <- see(s) })
		assert.Equal(t, "3", <-seen)
		timer.Reset(time.Millisecond)
		assert.Equal(t, "3", <-seen, "the scope is open")
	})
}

func TestInheritedEndIsExplained(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	never := gls.New[int]("never")
	tasks, seen := make(chan func()), make(chan error)
	defer close(tasks)
	s.Run(1, func() {
		go func() {
			for task := range tasks {
				task()
			}
		}()
	})
	look := func(s *gls.Storage[int]) *gls.NotSetError {
		tasks <- func() { _, err := s.Lookup(); seen <- err }
		var e *gls.NotSetError
		require.ErrorAs(t, <-seen, &e)
		return e
	}
	e := look(s)
	assert.True(t, e.Ended)
	assert.False(t, e.Lost)
	assert.Regexp(t, `^gls: storage "s" is not set on goroutine \d+: it was inherited at the go statement in .*`+
		`gls_test.TestInheritedEndIsExplained.func\d.* \(.*serves_test.go:\d+\) from a scope that has ended, and this goroutine `+
		`has received a value since, perhaps of another flow: hand over each task with gls.Bind, or start a goroutine `+
		`that belongs to one flow with gls.Go$`, e.Error())
	assert.False(t, look(never).Ended, "it was not set there")
}
