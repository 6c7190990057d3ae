package pools_test

import (
	"bufio"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// A queue has tasks for the program's own workers.
type queue struct {
	mu    sync.Mutex
	tasks []func()
}

func (q *queue) put(task func()) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.tasks = append(q.tasks, task)
}

// work runs all tasks.
func (q *queue) work() {
	for {
		q.mu.Lock()
		if len(q.tasks) == 0 {
			q.mu.Unlock()
			return
		}
		task := q.tasks[0]
		q.tasks = q.tasks[1:]
		q.mu.Unlock()
		task()
	}
}

// An own is a worker of the program. The first request with a task calls start.
type own struct {
	name string

	// the reason why the worker still reads the first request's values when that is over, "" if it
	// does not
	known string

	make func(t *testing.T) (start func(), put func(task func()), stop func())
}

var ownWorkers = []own{
	{"a channel", "", func(*testing.T) (func(), func(func()), func()) {
		tasks := make(chan func())
		return func() {
			go func() {
				for task := range tasks {
					task()
				}
			}()
		}, func(task func()) { tasks <- task }, func() { close(tasks) }
	}},
	{"a channel, each on a goroutine", "", func(*testing.T) (func(), func(func()), func()) {
		tasks := make(chan func())
		return func() {
			go func() {
				for task := range tasks {
					go task()
				}
			}()
		}, func(task func()) { tasks <- task }, func() { close(tasks) }
	}},
	{"a condition", "", func(*testing.T) (func(), func(func()), func()) {
		var q queue
		wake, stopped := sync.NewCond(&q.mu), false
		return func() {
			go func() {
				for {
					q.mu.Lock()
					for len(q.tasks) == 0 && !stopped {
						wake.Wait()
					}
					ends := stopped
					q.mu.Unlock()
					if ends {
						return
					}
					q.work()
				}
			}()
		}, func(task func()) { q.put(task); wake.Signal() }, func() { q.mu.Lock(); stopped = true; q.mu.Unlock(); wake.Broadcast() }
	}},
	{"a ticker", "", func(*testing.T) (func(), func(func()), func()) {
		var q queue
		ticker, stop := time.NewTicker(100*time.Microsecond), make(chan bool)
		return func() {
			go func() {
				for {
					select {
					case <-ticker.C:
						q.work()
					case <-stop:
						return
					}
				}
			}()
		}, q.put, func() { ticker.Stop(); close(stop) }
	}},
	{"a timer that is set again", "", func(*testing.T) (func(), func(func()), func()) {
		var q queue
		var timer *time.Timer
		return func() { timer = time.AfterFunc(time.Hour, q.work) },
			func(task func()) { q.put(task); timer.Reset(0) }, func() { timer.Stop() }
	}},
	{"signals", "a value without a size is taken for a signal, of which one may come to whoever waits", func(*testing.T) (func(), func(func()), func()) {
		var q queue
		wake := make(chan struct{}, 1)
		return func() {
				go func() {
					for range wake {
						q.work()
					}
				}()
			}, func(task func()) {
				q.put(task)
				select {
				case wake <- struct{}{}:
				default:
				}
			}, func() { close(wake) }
	}},
	{"a connection", "reading from a connection is no receive", func(t *testing.T) (func(), func(func()), func()) {
		ours, theirs := connected(t)
		var tasks sync.Map
		n := 0
		var mu sync.Mutex
		return func() {
				go func() {
					for lines := bufio.NewScanner(theirs); lines.Scan(); {
						task, _ := tasks.LoadAndDelete(lines.Text())
						task.(func())()
					}
				}()
			}, func(task func()) {
				mu.Lock()
				defer mu.Unlock()
				n++
				tasks.Store(fmt.Sprint(n), task)
				_, err := fmt.Fprintln(ours, n)
				assert.NoError(t, err)
			}, func() { ours.Close() }
	}},
	{"polling", "it waits for nothing", func(*testing.T) (func(), func(func()), func()) {
		var q queue
		stop := make(chan bool)
		return func() {
			go func() {
				for {
					select {
					case <-stop:
						return
					default:
						q.work()
						time.Sleep(100 * time.Microsecond)
					}
				}
			}()
		}, q.put, func() { close(stop) }
	}},
}

// A worker of the program that a plain go statement starts in the first request belongs to that
// request while it is open: tasks of other requests see it. Afterwards they see nothing of it.
func TestOwnWorkers(t *testing.T) {
	for _, w := range ownWorkers {
		t.Run(w.name, func(t *testing.T) {
			both(t, func(t *testing.T, stays bool) {
				l := mix.NewLedger()
				var once sync.Once
				start, put, stop := w.make(t)
				r := drive(t, l, stays, func() service {
					return service{func(_ string, task func()) { once.Do(start); put(task) }, stop}
				})
				if w.known != "" && !stays && gls.Propagation() == gls.Inherited && r.another.Load() > 0 {
					t.Skipf("known: %s: %v", w.known, r)
				}
				ofAda(t, l, r, stays)
			})
		})
	}
}

func connected(t *testing.T) (from, to net.Conn) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	from, err = net.Dial("tcp", l.Addr().String())
	require.NoError(t, err)
	to, err = l.Accept()
	require.NoError(t, err)
	return from, to
}

// ofAda checks goroutines that the program itself starts in Ada's request: they may see that
// request while it is open, and no other.
func ofAda(t *testing.T, l *mix.Ledger, r *result, stays bool) {
	if !stays || gls.Propagation() == gls.Explicit {
		assert.Zero(t, r.another.Load())
		assert.Empty(t, l.Faults())
		return
	}
	for _, fault := range l.Faults() {
		assert.Regexp(t, `of "Ada"$`, fault)
	}
}
