package glsdebug

import (
	"fmt"
	"log/slog"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/ambient-go/ambient/gls"
)

// Tests alone change them: on a busy machine a goroutine may stand still for as long.
var (
	// slowValue is how long one LogValue may take. A LogValue that only reads fields takes a
	// microsecond.
	slowValue = 50 * time.Millisecond

	// slowPage is how long all LogValues of one page may take.
	slowPage = 300 * time.Millisecond
)

// stuck counts, for each type, the LogValue calls that took too long and still run. LogValue of
// such a type is not called.
var stuck struct {
	mu    sync.Mutex // guards types
	types map[reflect.Type]int
}

func isStuck(typ reflect.Type) bool {
	stuck.mu.Lock()
	defer stuck.mu.Unlock()
	return stuck.types[typ] > 0
}

func addStuck(typ reflect.Type, n int) {
	stuck.mu.Lock()
	defer stuck.mu.Unlock()
	if stuck.types == nil {
		stuck.types = make(map[reflect.Type]int)
	}
	if stuck.types[typ] += n; stuck.types[typ] == 0 {
		delete(stuck.types, typ)
	}
}

// readAll calls LogValue of each value, one after the other, on goroutines of its own. A call that
// takes too long is left behind.
func readAll(values []slog.LogValuer) []shown {
	all := make([]shown, len(values))
	deadline := time.Now().Add(slowPage)
	for next := 0; next < len(values); {
		next = readSome(values, all, next, deadline)
	}
	return all
}

// readSome reads the values from index next on. It returns the index where it stopped: at the end,
// or after a value that took too long or ended its goroutine.
func readSome(values []slog.LogValuer, all []shown, next int, deadline time.Time) int {
	w := &worker{results: make(chan shown), quit: make(chan struct{})}
	defer close(w.quit)
	rest := values[next:]
	go gls.Isolate(func() { w.run(rest) })
	timer := time.NewTimer(slowValue)
	defer timer.Stop()
	for ; next < len(values); next++ {
		if time.Now().After(deadline) {
			for ; next < len(values); next++ {
				all[next].why = "not read: the values before it took too long"
			}
			break
		}
		timer.Reset(slowValue)
		select {
		case s, ok := <-w.results:
			if !ok {
				all[next].why = "LogValue called runtime.Goexit"
				return next + 1
			}
			all[next] = s
		case <-timer.C:
			all[next].why = fmt.Sprintf("LogValue takes longer than %v", slowValue)
			w.leave(reflect.TypeOf(values[next]))
			return next + 1
		}
	}
	return next
}

// A worker calls LogValue of values until quit is closed.
type worker struct {
	results chan shown // closed when the worker ends before the last value
	quit    chan struct{}
	current atomic.Pointer[call] // stored before each LogValue; loaded by leave
}

// A call is one LogValue. It goes from running to one of the other states, once: to done by the
// worker, or to left by readSome, which has counted it as stuck before.
type call struct{ state atomic.Int32 }

const (
	running = iota
	done
	left
)

func (w *worker) run(values []slog.LogValuer) {
	defer close(w.results)
	for _, v := range values {
		select {
		case w.results <- w.ask(v):
		case <-w.quit:
			return
		}
	}
}

// leave counts the current call as stuck for as long as it runs.
func (w *worker) leave(typ reflect.Type) {
	c := w.current.Load()
	if c == nil {
		return // the call has not begun
	}
	addStuck(typ, 1)
	if !c.state.CompareAndSwap(running, left) {
		addStuck(typ, -1)
	}
}

// ask returns what to show of one value, unless a call of its type is stuck.
func (w *worker) ask(value slog.LogValuer) shown {
	typ := reflect.TypeOf(value)
	if isStuck(typ) {
		return shown{why: "LogValue is still running for an earlier value or page"}
	}
	c := new(call)
	w.current.Store(c)
	defer func() { // after a runtime.Goexit too
		if !c.state.CompareAndSwap(running, done) {
			addStuck(typ, -1)
		}
	}()
	return guarded(value)
}

// guarded is show; a panic is returned as the reason.
func guarded(value slog.LogValuer) (s shown) {
	defer func() {
		if p := recover(); p != nil {
			s = shown{why: fmt.Sprintf("LogValue panicked (%T)", p)}
		}
	}()
	return show(value)
}
