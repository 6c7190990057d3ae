package gls_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
	"github.com/ambient-go/ambient/internal/goroutine"
	"github.com/ambient-go/ambient/internal/testexec"
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
	{"the end of a channel", func(tasks chan func()) {
		var mu sync.Mutex
		var queue []func()
		waits, wake := false, make(chan struct{})
		gls.Isolate(func() {
			go func() {
				for more := true; more; {
					task, ok := <-tasks
					more = ok
					for given := false; !given; runtime.Gosched() { // to a worker that waits, as above
						mu.Lock()
						if waits {
							queue, waits, given = append(queue, task), false, true
							close(wake)
							wake = make(chan struct{})
						}
						mu.Unlock()
					}
				}
			}()
		})
		go func() {
			for {
				mu.Lock()
				waits = true
				next := wake
				mu.Unlock()
				<-next
				mu.Lock()
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
	s, other := gls.New[*load]("s"), gls.New[int]("other")
	exited := func(fn func()) { // waits for more than fn's end: nothing is carried any more
		var id uint64
		join(func() { id = goroutine.ID(); fn() })
		for alive := true; alive; runtime.Gosched() {
			alive = false
			carrier.Of(id, func(*frame.Frame) { alive = true })
		}
	}
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
		"Run, with an Enter that is not left": func(value *load, fn func()) {
			s.Run(value, func() { fn(); other.Enter(1) })
		},
		"gls.Go, with two Enters that are not left": func(value *load, fn func()) {
			var group gls.WaitGroup
			s.Run(value, func() {
				group.Go(func() { other.Enter(1); fn(); other.Enter(2); go func() {}() })
			})
			group.Wait()
		},
		"Enter, with an Enter in it that is not left": func(value *load, fn func()) {
			defer s.Enter(value).Leave()
			fn()
			other.Enter(1)
		},
		"Enter, left before one in it": func(value *load, fn func()) {
			outer := s.Enter(value)
			fn()
			inner := other.Enter(1)
			go func() {}()
			outer.Leave()
			inner.Leave()
		},
		"Enter, left before one around the worker": func(value *load, fn func()) {
			outer := s.Enter(value)
			defer other.Enter(1).Leave()
			fn()
			outer.Leave()
		},
		"Enter, on a goroutine that exits": func(value *load, fn func()) {
			exited(func() { s.Enter(value); fn() })
		},
		"Enter, on a goroutine that inherited and exits": func(value *load, fn func()) {
			other.Run(1, func() { exited(func() { s.Enter(value); fn(); other.Enter(2) }) })
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

// A goroutine that a worker starts serves whom the worker served.
func TestInheritedWorkerStartsGoroutinesForOthers(t *testing.T) {
	needsInheritance(t)
	s, own := gls.New[int]("s"), gls.New[int]("own")
	for name, start := range map[string]func(over context.Context, fn func()){
		"go":                func(_ context.Context, fn func()) { go fn() },
		"go in a goroutine": func(_ context.Context, fn func()) { go func() { go fn() }() },
		"WaitGroup":         func(_ context.Context, fn func()) { new(sync.WaitGroup).Go(fn) },
		"time.AfterFunc":    func(_ context.Context, fn func()) { time.AfterFunc(time.Microsecond, fn) },
		"context.AfterFunc": func(over context.Context, fn func()) { context.AfterFunc(over, fn) },
	} {
		for in, scope := range map[string]func(fn func()){
			"here": func(fn func()) { fn() }, "in a scope of its own": func(fn func()) { own.Run(1, fn) },
		} {
			for _, early := range []bool{true, false} {
				t.Run(fmt.Sprintf("%s %s, started while the scope is open: %t", name, in, early), func(t *testing.T) {
					tasks, started, end, seen := make(chan func()), make(chan bool), make(chan struct{}), make(chan string)
					over, cancel := context.WithCancel(t.Context())
					run := func() {
						start(over, func() {
							<-end
							seen <- see(s)
						})
						if early {
							started <- true
						}
					}
					s.Run(1, func() {
						go func() {
							for task := range tasks {
								scope(task)
							}
						}()
						if early {
							tasks <- run
							<-started
							return
						}
						tasks <- func() { started <- true; <-over.Done(); run() } // the scope of its own is older than that
						<-started
					})
					cancel()
					close(tasks)
					close(end)
					assert.Equal(t, "-", <-seen)
				})
			}
		}
	}
}

// A goroutine that has lost all that it inherited is like one that inherited nothing: a frame of its own that it passes
// on is not used again.
func TestInheritedFrameThatIsLostIsNotInForceAgain(t *testing.T) {
	needsInheritance(t)
	s, own := gls.New[int]("s"), gls.New[int]("own")
	tasks, started, over := make(chan func()), make(chan bool), make(chan struct{})
	again, seen := make(chan struct{}), make(chan string)
	s.Run(1, func() {
		go func() {
			for task := range tasks {
				own.Run(1, func() { own.Exit(task) })
			}
		}()
		tasks <- func() {
			go func() {
				<-over
				seen <- see(s)
				own.Run(2, func() {
					go func() {
						<-again
						seen <- see(own)
					}()
				})
				own.Run(3, func() {
					close(again)
					seen <- see(own)
				})
			}()
			started <- true
		}
		<-started
	})
	close(tasks)
	close(over)
	assert.Equal(t, "-", <-seen)
	assert.ElementsMatch(t, []string{"2", "3"}, []string{<-seen, <-seen})
}

// What was captured is captured, though it was inherited there from a scope that has ended since.
func TestInheritedValuesStayInACapture(t *testing.T) {
	needsInheritance(t)
	s, own := gls.New[int]("s"), gls.New[int]("own")
	tasks := make(chan func())
	defer close(tasks)
	own.Run(1, func() {
		go func() {
			for task := range tasks {
				task()
			}
		}()
	})
	for name, capture := range map[string]func(fn func()) func(){
		"Bind":          gls.Bind[func()],
		"Snapshot":      func(fn func()) func() { c := gls.Capture(); return func() { c.Run(fn) } },
		"Snapshot.With": func(fn func()) func() { c := gls.Capture().With(own.With(3)); return func() { c.Run(fn) } },
		"Resume": func(fn func()) func() {
			ctx := gls.NewContext(context.Background(), gls.Capture())
			return func() { gls.Resume(ctx, fn) }
		},
		"Snapshot.Go": func(fn func()) func() { c := gls.Capture(); return func() { c.Go(fn) } },
		"Go": func(fn func()) func() {
			start := make(chan struct{})
			gls.Go(func() { <-start; fn() })
			return func() { close(start) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			seen := make(chan string)
			report := func() { seen <- see(s) }
			twice := func(fn func()) func() { // here, and on a goroutine that inherits from here and receives fn
				return func() {
					fn()
					tasks, done := make(chan func()), make(chan struct{})
					go func() {
						defer close(done)
						(<-tasks)()
					}()
					tasks <- fn
					<-done
				}
			}
			var run func()
			s.Run(1, func() { join(func() { own.Run(2, func() { run = capture(twice(report)) }) }) })
			tasks <- run
			assert.Equal(t, "1", <-seen)
			assert.Equal(t, "1", <-seen, "on a goroutine that fn started")
		})
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

// What the standard library receives for a call of the goroutine's own is no task: an answer, a connection, a result.
func TestInheritedGoroutineKeepsItsFrameInCallsOfTheStandardLibrary(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	get := func(server *httptest.Server) func(t *testing.T) {
		return func(t *testing.T) {
			resp, err := server.Client().Get(server.URL) //nolint:noctx // the server answers at once
			if !assert.NoError(t, err) {
				return
			}
			_, err = io.Copy(io.Discard, resp.Body)
			assert.NoError(t, err)
			assert.NoError(t, resp.Body.Close())
		}
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		for range 3 {
			_, _ = w.Write(make([]byte, 10_000))
			_ = http.NewResponseController(w).Flush()
			time.Sleep(time.Millisecond) // the client waits for more
		}
	})
	plain := httptest.NewServer(handler)
	defer plain.Close()
	h2 := httptest.NewUnstartedServer(handler)
	h2.EnableHTTP2 = true
	h2.StartTLS()
	defer h2.Close()
	calls := map[string]func(t *testing.T){
		"a request over HTTP/1": get(plain),
		"a request over HTTP/2": get(h2),
		"a look-up": func(t *testing.T) {
			_, err := net.DefaultResolver.LookupHost(t.Context(), "localhost")
			assert.NoError(t, err)
		},
		"a dial by name": func(t *testing.T) {
			_, port, err := net.SplitHostPort(plain.Listener.Addr().String())
			assert.NoError(t, err)
			conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", "localhost:"+port)
			if assert.NoError(t, err) {
				assert.NoError(t, conn.Close())
			}
		},
		"a test": func(t *testing.T) { t.Run("sub", func(t *testing.T) { t.Log("done") }) },
	}
	discard := func(pipe io.Reader) {
		gls.Isolate(func() { go func() { _, _ = io.Copy(io.Discard, pipe) }() })
	}
	calls["a write to an io.Pipe"] = func(t *testing.T) {
		reader, writer := io.Pipe()
		discard(reader)
		_, err := io.WriteString(writer, "text")
		assert.NoError(t, err)
		assert.NoError(t, writer.Close())
	}
	calls["a write to a net.Pipe"] = func(t *testing.T) {
		client, server := net.Pipe()
		discard(server)
		_, err := io.WriteString(client, "text")
		assert.NoError(t, err)
		assert.NoError(t, client.Close())
	}
	if cat, err := exec.LookPath("cat"); err == nil {
		calls["a command"] = func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), cat)
			cmd.Stdin, cmd.Stdout = strings.NewReader("text"), new(strings.Builder)
			assert.NoError(t, cmd.Run())
		}
	}
	for name, call := range calls {
		t.Run(name, func(t *testing.T) {
			over, seen := make(chan int), make(chan string)
			s.Run(1, func() {
				go func() {
					<-over
					call(t)
					seen <- see(s)
				}()
			})
			close(over)
			assert.Equal(t, "1", <-seen)
		})
	}
}

// A subtest that waits for its turn belongs to its parent, though package testing hands it a turn.
func TestInheritedParallelSubtestsKeepTheirFrame(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	s.Run(1, func() {
		for range 20 { // more than run at a time
			t.Run("sub", func(t *testing.T) {
				t.Parallel()
				time.Sleep(time.Millisecond)
				assert.Equal(t, "1", see(s))
			})
		}
	})
}

// A worker whose tasks lie in a list is woken by a signal: a value without a size.
func TestInheritedWorkerIsWokenByAnotherFlow(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	soon := func() { time.Sleep(time.Millisecond) } // the other side waits by then
	waits := map[string]func(wake chan struct{}){
		"receive":          func(wake chan struct{}) { <-wake },
		"a receive, later": func(wake chan struct{}) { soon(); <-wake },
		"select": func(wake chan struct{}) {
			select {
			case <-wake:
			case <-t.Context().Done():
			}
		},
	}
	for name, wait := range waits {
		for capacity := range 2 {
			if name == "a receive, later" && capacity == 1 {
				continue // the signal is in the channel, and nobody knows whose it is
			}
			var mu sync.Mutex
			var tasks []func()
			wake, waiting, seen := make(chan struct{}, capacity), make(chan int, 1), make(chan string)
			s.Run(1, func() {
				go func() {
					waiting <- 1
					for wait(wake); ; wait(wake) {
						mu.Lock()
						task := tasks[0]
						tasks = tasks[1:]
						mu.Unlock()
						if task == nil {
							return
						}
						task()
						waiting <- 1
					}
				}()
			})
			do := func(task func()) {
				<-waiting
				if name != "a receive, later" {
					soon()
				}
				mu.Lock()
				tasks = append(tasks, task)
				mu.Unlock()
				wake <- struct{}{}
			}
			for range 2 {
				s.Run(2, func() {
					do(func() { seen <- see(s) })
					assert.Equal(t, "-", <-seen, "%s, capacity %d", name, capacity)
				})
			}
			do(nil)
		}
	}
}

// A goroutine that waits for a signal of its own flow, or of code without one, is no worker.
func TestInheritedGoroutineIsWokenByItsOwnFlow(t *testing.T) {
	needsInheritance(t)
	s, other := gls.New[int]("s"), gls.New[int]("other")
	for name, wait := range map[string]func(signal chan struct{}){
		"its child": func(signal chan struct{}) {
			go func() { time.Sleep(time.Millisecond); signal <- struct{}{} }()
			<-signal
		},
		"its child, in a Run": func(signal chan struct{}) {
			go func() { time.Sleep(time.Millisecond); other.Run(1, func() { signal <- struct{}{} }) }()
			<-signal
		},
		"nobody's": func(signal chan struct{}) {
			gls.Isolate(func() { go func() { time.Sleep(time.Millisecond); signal <- struct{}{} }() })
			<-signal
		},
	} {
		over, seen := make(chan int), make(chan string)
		s.Run(1, func() {
			go func() {
				<-over
				wait(make(chan struct{}))
				seen <- see(s)
			}()
		})
		close(over)
		assert.Equal(t, "1", <-seen, name)
	}
	seen, signal := make(chan string), make(chan struct{})
	s.Run(1, func() {
		go func() { <-signal; seen <- see(s) }()
		defer other.Enter(2).Leave()
		time.Sleep(time.Millisecond)
		signal <- struct{}{}
		assert.Equal(t, "1", <-seen, "its creator's, in another frame")
	})
}

// A pipe may bring the tasks of others, though package io or net receives them.
func TestInheritedWorkerAtAPipeServesNobodyOnceItsScopeHasEnded(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	reader, writer := io.Pipe()
	client, server := net.Pipe()
	for name, pipe := range map[string]struct {
		io.Reader
		io.WriteCloser
	}{"io.Pipe": {reader, writer}, "net.Pipe": {server, client}} {
		seen := make(chan string)
		s.Run(1, func() {
			go func() {
				task := make([]byte, 1)
				for {
					if _, err := pipe.Read(task); err != nil {
						return
					}
					seen <- see(s)
				}
			}()
		})
		for range 2 {
			s.Run(2, func() {
				_, err := pipe.Write([]byte("t"))
				assert.NoError(t, err)
				assert.Equal(t, "-", <-seen, name)
			})
		}
		assert.NoError(t, pipe.Close())
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

	s.Run(4, func() { timer = time.AfterFunc(time.Hour, func() { seen <- see(s) }) })
	s.Run(5, func() { timer.Reset(time.Millisecond) })
	assert.Equal(t, "-", <-seen, "before it has run")
	s.Run(6, func() {
		timer = time.AfterFunc(time.Hour, func() { seen <- see(s) })
		timer.Reset(50 * time.Millisecond)
	})
	assert.Equal(t, "6", <-seen, "it was reset by the same flow")
}

type seer struct {
	s    *gls.Storage[int]
	seen chan string
}

func (w seer) Write(p []byte) (int, error) {
	w.seen <- see(w.s)
	return len(p), nil
}

// A command may go on to work for others.
func TestInheritedCommandOutlivesItsScope(t *testing.T) {
	needsInheritance(t)
	cat, err := exec.LookPath("cat")
	if err != nil {
		t.Skip(err)
	}
	s := gls.New[int]("s")
	out := seer{s, make(chan string)}
	var in io.WriteCloser
	cmd := exec.Command(cat) //nolint:noctx // it ends with its input
	s.Run(1, func() {
		cmd.Stdout = out
		in, err = cmd.StdinPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		io.WriteString(in, "1")
		assert.Equal(t, "1", <-out.seen)
	})
	s.Run(2, func() {
		io.WriteString(in, "2")
		assert.Equal(t, "-", <-out.seen)
	})
	require.NoError(t, in.Close())
	require.NoError(t, cmd.Wait())
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
		`gls_test.TestInheritedEndIsExplained.func\d.* \(.*propagation_test.go:\d+\) from a scope that has ended, and this goroutine `+
		`has received a value since, perhaps of another flow: hand over each task with gls.Bind, or start a goroutine `+
		`that belongs to one flow with gls.Go$`, e.Error())
	assert.False(t, look(never).Ended, "it was not set there")

	// With its goroutine a scope ends without a word about what was set there.
	theirs := make(chan func())
	defer close(theirs)
	join(func() {
		s.Enter(2)
		go func() {
			for task := range theirs {
				task()
			}
		}()
	})
	require.Eventually(t, func() bool {
		theirs <- func() { _, err := s.Lookup(); seen <- err }
		return errors.As(<-seen, &e)
	}, 10*time.Second, time.Millisecond)
	assert.False(t, e.Ended || e.Lost)
	assert.Regexp(t, `^gls: storage "s" is not set on goroutine \d+, started by goroutine \d+ in .*TestInheritedEndIsExplained.*\)$`,
		e.Error())
}

// A plain go statement carries nothing, and nothing goes back.
func TestRule8(t *testing.T) {
	a, b := gls.New[int]("a"), gls.New[int]("b")
	t.Run("a plain go statement", func(t *testing.T) {
		if gls.Propagation() == gls.Inherited {
			t.Skip("it inherits here")
		}
		a.Run(1, func() {
			b.Enter(2)
			join(func() {
				assert.Equal(t, "- -", see(a, b))
				join(func() { assert.Equal(t, "- -", see(a, b)) })
				gls.Capture().Run(func() { assert.Equal(t, "- -", see(a, b)) })
			})
			var group sync.WaitGroup
			group.Go(func() { assert.Equal(t, "- -", see(a, b)) })
			group.Wait()
			t.Run("subtest", func(t *testing.T) { assert.Equal(t, "- -", see(a, b)) })
			assert.Equal(t, "1 2", see(a, b))
		})
	})
	t.Run("a child changes nothing in its parent", func(t *testing.T) {
		for _, c := range carryings() {
			if c.here {
				continue
			}
			a.Run(1, func() {
				before := gls.Capture()
				hold, held, done := make(chan bool), make(chan bool), make(chan bool)
				run := c.capture(func() {
					a.Enter(2)
					b.Enter(2)
					a.Run(3, func() {
						b.Exit(func() {
							held <- true
							<-hold
						})
					})
				})
				go func() {
					run()
					close(done)
				}()
				<-held
				assert.Equal(t, "1 -", see(a, b), "while it runs: %s", c.name)
				close(hold)
				<-done
				assert.Equal(t, "1 -", see(a, b), c.name)
				assert.True(t, before == gls.Capture(), c.name)
			})
		}
	})
	t.Run("siblings are apart", func(t *testing.T) {
		var group gls.WaitGroup
		a.Run(1, func() {
			for i := range 20 {
				group.Go(func() {
					a.Enter(i)
					runtime.Gosched()
					if v, _ := a.Get(); v != i {
						t.Errorf("%d instead of %d", v, i)
					}
				})
			}
		})
		group.Wait()
	})
}

// The tests of this file are about programs built by ambient build: make test-inherited runs them.
func needsInheritance(t *testing.T) {
	t.Helper()
	if gls.Propagation() != gls.Inherited {
		t.Skip("a plain go statement does not propagate in this build")
	}
}

// AMBIENT_EXPECT says in which mode the tests are meant to run: a build that silently is another one fails.
func TestPropagationIsAsExpected(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
	assert.Equal(t, gls.Propagation() == gls.Inherited, carrier.Inherited())
}

func TestInheritedFrameIsThatAtTheGoStatement(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	var seen [6]chan string
	for i := range seen {
		seen[i] = make(chan string, 1)
	}
	report := func(i int) { seen[i] <- see(s) }
	late := make(chan struct{})
	s.Run(1, func() {
		go report(0)
		s.Exit(func() { go report(1) })
		snapshot := gls.Capture()
		s.Run(2, func() {
			go func() {
				<-late // after every scope of its creator has ended
				report(2)
				go report(3)
			}()
			snapshot.Run(func() { go report(4) })
			gls.Isolate(func() { go report(5) })
		})
	})
	close(late)
	for i, want := range []string{"1", "-", "2", "2", "1", "-"} {
		assert.Equal(t, want, <-seen[i], i)
	}
}

// The timers of a bubble run where its first goroutine waits, whose frame is not theirs.
func TestInheritedTimersInABubble(t *testing.T) {
	needsInheritance(t)
	s := gls.New[int]("s")
	var mu sync.Mutex // guards seen
	var seen []string
	note := func() {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, see(s))
	}
	s.Run(1, func() {
		synctest.Test(t, func(*testing.T) {
			gls.Isolate(func() { time.AfterFunc(time.Second, note) })
			s.Run(2, func() { time.AfterFunc(2*time.Second, note) })
			time.AfterFunc(3*time.Second, note)
			time.Sleep(time.Minute)
			synctest.Wait()
		})
	})
	assert.Equal(t, []string{"-", "2", "1"}, seen)
}

// A goroutine that exits in the middle of everything leaves nothing to the next one on its g.
func TestInheritedNothingIsLeftOnAReusedGoroutine(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("s")
	var dirty sync.WaitGroup
	var collectable [50]weak.Pointer[load]
	for i := range collectable {
		dirty.Go(func() {
			var l *load
			l, collectable[i] = newLoad()
			s.Enter(l)
			if i%2 == 0 {
				s.Run(l, runtime.Goexit)
			}
		})
	}
	dirty.Wait()
	var clean sync.WaitGroup
	for range 200 {
		clean.Go(func() {
			_, ok := s.Get()
			assert.False(t, ok)
		})
	}
	clean.Wait()
	for _, p := range collectable {
		assert.True(t, gone(p))
	}
}

// The connection of an http.Client outlives the request that opened it; it keeps no request's frame.
func TestInheritedFramesOfManyRequestsOverOneClient(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("request")
	for _, protocol := range []string{"HTTP/1.1", "HTTP/2.0"} {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, ok := s.Get()
			fmt.Fprint(w, r.Proto, ok)
		}))
		server.EnableHTTP2 = protocol == "HTTP/2.0"
		server.StartTLS()
		defer server.Close()
		client := server.Client()
		frames := make([]weak.Pointer[load], 100)
		for i := range frames {
			l, p := newLoad()
			frames[i] = p
			s.Run(l, func() {
				ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
				defer cancel()
				r, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, http.NoBody)
				require.NoError(t, err)
				resp, err := client.Do(r)
				require.NoError(t, err)
				text, err := io.ReadAll(resp.Body)
				assert.NoError(t, err)
				assert.NoError(t, resp.Body.Close())
				assert.Equal(t, protocol+"false", string(text))
			})
		}
		kept := 0
		for _, p := range frames {
			if !gone(p) {
				kept++
			}
		}
		assert.Zero(t, kept, "%s: frames of requests that are over", protocol)
		client.CloseIdleConnections()
	}
}

// A worker that is started in Isolate inherits nothing at all.
func TestInheritedWorkersStartCleanInIsolate(t *testing.T) {
	needsInheritance(t)
	s := gls.New[*load]("s")
	jobs := make(chan func())
	defer close(jobs)
	worker := func() {
		for job := range jobs {
			job()
		}
	}
	var started weak.Pointer[load]
	func() {
		var l *load
		l, started = newLoad()
		s.Run(l, func() { gls.Isolate(func() { go worker() }) })
	}()
	seen := make(chan bool)
	s.Run(new(load), func() {
		jobs <- func() { _, ok := s.Get(); seen <- ok }
	})
	assert.False(t, <-seen)
	assert.True(t, gone(started))
}

// TestInheritedUnderGCStress runs a process in which every allocation may collect, freed memory is overwritten and each
// mark is checked by a second one.
func TestInheritedUnderGCStress(t *testing.T) {
	needsInheritance(t)
	if os.Getenv("AMBIENT_GC_STRESS") != "" {
		gcStress(t, scale(100_000, 1_000_000))
		return
	}
	cmd := testexec.Command("-test.run=^TestInheritedUnderGCStress$", "-test.v", "-test.timeout=60m")
	cmd.Env = append(os.Environ(), "AMBIENT_GC_STRESS=1", "GOGC=1", "GODEBUG=clobberfree=1,gccheckmark=1")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	t.Logf("%s", text)
}

// gcStress lets n goroutines inherit, swap and clear frames, and counts wrong reads.
func gcStress(t *testing.T, n int) {
	s, other := gls.New[*stressed]("s"), gls.New[*stressed]("other")
	var wrong, alive atomic.Int64
	make1 := func(id int) *stressed {
		v := &stressed{id: id, check: ^id, bytes: garbage()}
		alive.Add(1)
		runtime.AddCleanup(v, func(struct{}) { alive.Add(-1) }, struct{}{})
		return v
	}
	check := func(s *gls.Storage[*stressed], id int) {
		if v, ok := s.Get(); !ok || v.id != id || v.check != ^id {
			wrong.Add(1)
		}
	}
	manyInTurn(n/4, func(fn func()) { go fn() }, func() {
		id := rand.Int()
		var group sync.WaitGroup
		s.Run(make1(id), func() {
			group.Go(func() {
				check(s, id)
				other.Enter(make1(id + 1)) // and never left
				go func() { check(other, id+1) }()
			})
			group.Go(func() {
				s.Run(make1(id+2), func() {
					runtime.KeepAlive(garbage())
					check(s, id+2)
				})
				check(s, id)
				gls.Isolate(func() {
					if _, ok := s.Get(); ok {
						wrong.Add(1)
					}
				})
			})
			check(s, id)
		})
		group.Wait()
	})
	assert.Zero(t, wrong.Load(), "wrong reads")
	assert.Eventually(t, func() bool {
		runtime.GC()
		return alive.Load() == 0
	}, time.Minute, time.Millisecond, "everything is collected")
	t.Logf("%d goroutines, %d wrong reads, %d values alive", n, wrong.Load(), alive.Load())
}

type stressed struct {
	id    int
	check int
	bytes []byte
}

//go:noinline
func garbage() []byte { return make([]byte, 100) }
