package gls_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math/rand/v2"
	"os"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
)

// A flowValue is what a flow sets. Every storage of a flow has a value of the flow, or none.
type flowValue struct {
	flow int
	open atomic.Int64 // pieces of code that may set it
}

// A world is a random program of many flows, which share workers, timers and sequences.
type world struct {
	t        *testing.T
	seed     uint64
	storages []*gls.Storage[*flowValue]
	running  sync.WaitGroup // goroutines
	steps    atomic.Int64   // steps still to do
	reads    atomic.Int64   // that found a value
	foreign  atomic.Int64   // that found the value of another flow whose scope was open

	mu      sync.Mutex
	workers []chan func()
	timers  []*sharedTimer
	pulls   []*sharedPull
}

// A sharedTimer runs the last task that it was given.
type sharedTimer struct {
	timer *time.Timer
	task  atomic.Pointer[func()]
}

// A sharedPull is a sequence whose values all flows ask for. Its body belongs to the flow that made
// it.
type sharedPull struct {
	mu   sync.Mutex
	next func() (int, bool)
	stop func()
}

// A walker is a piece of one flow's code. For a shared one, another flow started the goroutine, and
// it may read that flow's values while that flow's scope is open.
type walker struct {
	*world
	value  *flowValue
	random *rand.Rand
	shared bool
	scoped bool // an Enter that is not left ends by itself
	depth  int
}

func (w walker) check() {
	for i, s := range w.storages {
		v, ok := s.Get()
		switch {
		case !ok:
		case v == w.value:
			w.reads.Add(1)
		case w.shared && v.open.Load() > 0:
			w.foreign.Add(1)
		case w.shared:
			// The goroutine that entered may be about to exit, and wait for a processor.
			gone := func() bool { again, ok := s.Get(); return !ok || again != v }
			for end := time.Now().Add(10 * time.Second); !gone() && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			if !gone() {
				w.t.Errorf("seed %d: flow %d reads %d in storage %d after its end", w.seed, w.value.flow, v.flow, i)
			}
		default:
			w.t.Errorf("seed %d: flow %d reads %d in storage %d", w.seed, w.value.flow, v.flow, i)
		}
	}
}

func (w walker) storage() *gls.Storage[*flowValue] { return w.storages[w.random.IntN(len(w.storages))] }

// fork returns a walker for another goroutine. The caller starts it.
func (w walker) fork(shared bool) func() { return w.forkIn(shared, true) }

func (w walker) forkIn(shared, scoped bool) func() {
	w.running.Add(1)
	child := w
	child.random = rand.New(rand.NewPCG(w.seed, w.random.Uint64()))
	child.shared, child.scoped, child.depth = shared, scoped, 0
	child.value.open.Add(1)
	return func() {
		defer w.running.Done()
		defer child.value.open.Add(-1)
		child.walk()
	}
}

// inside is walk in a scope with a function.
func (w walker) inside() {
	w.scoped = true
	w.walk()
}

func (w walker) walk() {
	if w.depth++; w.depth > 12 || w.t.Failed() {
		return
	}
	w.check()
	for range 1 + w.random.IntN(6) {
		if w.steps.Add(-1) < 0 {
			return
		}
		w.step()
		w.check()
	}
}

var errFlow = errors.New("flow")

func (w walker) step() {
	s := w.storage()
	switch k := w.random.IntN(34); k {
	case 0:
		s.Run(w.value, w.inside)
	case 1:
		s.Exit(func() {
			if v, ok := s.Get(); ok {
				w.t.Errorf("seed %d: flow %d reads %d after Exit", w.seed, w.value.flow, v.flow)
			}
			w.inside()
		})
	case 2:
		gls.Isolate(func() {
			for _, s := range w.storages {
				if v, ok := s.Get(); ok {
					w.t.Errorf("seed %d: flow %d reads %d in Isolate", w.seed, w.value.flow, v.flow)
				}
			}
			w.inside()
		})
	case 3:
		gls.Run(w.inside, s.With(w.value), w.storage().With(w.value))
	case 4:
		if w.scoped {
			s.Enter(w.value)
		}
	case 5:
		scope := s.Enter(w.value)
		w.walk()
		scope.Leave()
	case 6:
		a, b := s.Enter(w.value), w.storage().Enter(w.value)
		w.walk()
		a.Leave()
		w.walk()
		b.Leave()
	case 7, 8, 9:
		go w.fork(w.shared)()
	case 10:
		var g sync.WaitGroup
		for range 2 {
			g.Go(w.fork(w.shared))
		}
		g.Wait()
	case 11:
		time.AfterFunc(time.Duration(w.random.IntN(300))*time.Microsecond, w.fork(w.shared))
	case 12:
		ctx, cancel := context.WithCancel(context.Background())
		context.AfterFunc(ctx, w.fork(w.shared))
		cancel()
	case 13:
		run := w.fork(w.shared)
		go func() {
			defer run()
			runtime.Goexit()
		}()
	case 14:
		func() {
			defer func() { _ = recover() }()
			s.Run(w.value, func() { w.inside(); panic(errFlow) })
		}()
	case 15:
		next, stop := iter.Pull(func(yield func(int) bool) {
			for i := range 3 {
				w.check()
				if !yield(i) {
					return
				}
			}
			w.walk()
		})
		for range 1 + w.random.IntN(4) {
			next()
			w.check()
		}
		stop()
	case 16: // a worker, which lives on
		w.mu.Lock()
		defer w.mu.Unlock()
		tasks := make(chan func())
		w.workers = append(w.workers, tasks)
		work := func() {
			for task := range tasks {
				switch w.value.flow % 4 {
				case 0:
					go task()
				case 1:
					w.storages[0].Exit(task)
				default:
					task()
				}
			}
		}
		go work()
	case 17, 18, 19, 20:
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.workers) > 0 {
			tasks := w.workers[w.random.IntN(len(w.workers))]
			task := w.forkIn(true, false)
			gls.Isolate(func() { go func() { tasks <- task }() })
		}
	case 21:
		w.mu.Lock()
		defer w.mu.Unlock()
		t := new(sharedTimer)
		t.timer = time.AfterFunc(time.Hour, func() {
			if task := t.task.Swap(nil); task != nil {
				(*task)()
			}
		})
		w.timers = append(w.timers, t)
	case 22, 23:
		w.mu.Lock()
		defer w.mu.Unlock()
		if len(w.timers) > 0 {
			t := w.timers[w.random.IntN(len(w.timers))]
			task := w.fork(true)
			if t.task.CompareAndSwap(nil, &task) {
				t.timer.Reset(time.Duration(w.random.IntN(300)) * time.Microsecond)
			} else {
				w.running.Done()
				w.value.open.Add(-1)
			}
		}
	case 24:
		w.mu.Lock()
		defer w.mu.Unlock()
		p := new(sharedPull)
		p.next, p.stop = iter.Pull(func(yield func(int) bool) {
			for yield(1) {
				w.check()
			}
		})
		w.pulls = append(w.pulls, p)
	case 25, 26:
		w.mu.Lock()
		var p *sharedPull
		if len(w.pulls) > 0 {
			p = w.pulls[w.random.IntN(len(w.pulls))]
		}
		w.mu.Unlock()
		if p != nil && p.mu.TryLock() {
			p.next()
			p.next()
			p.mu.Unlock()
		}
	case 27:
		if !w.shared {
			gls.Go(w.fork(false))
		}
	case 28:
		if !w.shared {
			bound := gls.Bind(w.fork(false))
			w.mu.Lock()
			defer w.mu.Unlock()
			if len(w.workers) > 0 {
				tasks := w.workers[w.random.IntN(len(w.workers))]
				gls.Isolate(func() { go func() { tasks <- bound }() })
			} else {
				go bound()
			}
		}
	case 29:
		if !w.shared {
			gls.AfterFunc(time.Microsecond, w.fork(false))
		}
	case 30:
		if !w.shared {
			ctx := gls.NewContext(context.Background(), gls.Capture())
			run := w.fork(false)
			gls.Isolate(func() { go gls.Resume(ctx, run) })
		}
	case 31:
		if !w.shared {
			c := gls.Capture().With(s.With(w.value))
			c.Run(w.inside)
			c.Go(w.fork(false))
		}
	case 32:
		reply := make(chan int) // it receives, and stays of the flow
		run := w.fork(w.shared)
		go func() {
			<-reply
			run()
		}()
		reply <- 1
	case 33:
		if w.random.IntN(20) == 0 {
			s.Disable()
		}
		runtime.Gosched()
	}
}

// Whatever flows do at once, none reads what another has set. One exception is documented: a worker
// that a plain go statement started may read what its flow set while that flow's scope is open.
// AMBIENT_ROUNDS runs other programs, and as many as it says; AMBIENT_SEED names the first.
func TestRandomFlowsReadNoValueOfAnother(t *testing.T) {
	rounds, seed := 20, uint64(0) // each run of CI has the same programs
	if n, err := strconv.Atoi(os.Getenv("AMBIENT_ROUNDS")); err == nil {
		rounds, seed = n, rand.Uint64()>>32
	}
	if n, err := strconv.ParseUint(os.Getenv("AMBIENT_SEED"), 10, 64); err == nil {
		seed = n
	}
	before := carrier.Len()
	for range rounds {
		seed++
		w := &world{t: t, seed: seed}
		random := rand.New(rand.NewPCG(seed, 0))
		for i := range 1 + random.IntN(6) {
			w.storages = append(w.storages, gls.New[*flowValue](fmt.Sprint(i)))
		}
		w.steps.Store(2000)
		var flows sync.WaitGroup
		for n := range 30 {
			value := &flowValue{flow: n}
			value.open.Add(1)
			f := walker{world: w, value: value, random: rand.New(rand.NewPCG(seed, uint64(n)))}
			flows.Go(func() {
				for w.steps.Load() > 0 && !t.Failed() {
					s := f.storage()
					switch f.random.IntN(3) {
					case 0:
						s.Run(value, f.inside)
					case 1:
						gls.Isolate(func() { defer s.Enter(value).Leave(); f.inside() })
					default:
						gls.Run(f.inside, s.With(value), f.storage().With(value))
					}
					value.open.Add(-1)
					value = &flowValue{flow: n}
					value.open.Add(1)
					f.value = value
					for i, s := range w.storages {
						if v, ok := s.Get(); ok {
							t.Errorf("seed %d: %d in storage %d outside of any scope", seed, v.flow, i)
						}
					}
				}
			})
		}
		flows.Wait()
		w.running.Wait()
		for _, p := range w.pulls {
			p.stop()
		}
		for _, tasks := range w.workers {
			close(tasks)
		}
		for _, timer := range w.timers {
			timer.timer.Stop()
		}
		t.Log("seed", seed, "own", w.reads.Load(), "of an open scope", w.foreign.Load())
		if t.Failed() {
			return
		}
	}
	eventually(t, func() bool { runtime.GC(); return carrier.Len() <= before }, "goroutines that have exited leave nothing")
	assert.LessOrEqual(t, carrier.Len(), before)
}
