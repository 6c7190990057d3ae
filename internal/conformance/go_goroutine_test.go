package conformance_test

import (
	"fmt"
	"strings"
	"sync"
	"text/template"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// goroutineRows are about several goroutines and how each was started.
var goroutineRows = []row{
	{"G-13 a child sees what was set at the call, not at its first Get", func(t *probe) {
		s := fresh[string](t)
		for range 50 { // a child that looks late is late most times
			gate := make(chan struct{})
			var wg gls.WaitGroup
			body := func() {
				defer wg.Done()
				<-gate
				sees(t, "at the call", s)
			}
			wg.Add(2)
			s.Run("before", func() {
				scope := s.Enter("at the call")
				gls.Go(body)
				gls.Capture().Go(body)
				scope.Leave()
				s.Enter("later")
				close(gate)
				wg.Wait()
			})
		}
	}},
	{"G-14 a capture and a bound function used by many goroutines", func(t *probe) {
		s := fresh[int](t)
		var c gls.Snapshot
		var bound func(int) int
		s.Run(-1, func() {
			c = gls.Capture()
			bound = gls.Bind(func(i int) int {
				sees(t, -1, s)
				s.Enter(i)
				return i + s.GetOrFail()
			})
		})
		var wg sync.WaitGroup
		for i := range 1000 {
			wg.Go(func() {
				s.Run(i, func() {
					c.Run(func() {
						sees(t, -1, s)
						s.Enter(-2 - i)
					})
					assert.Equal(t, 2*i, bound(i))
					sees(t, i, s)
				})
			})
		}
		wg.Wait()
	}},
	{"G-15 concurrent Runs while others capture", func(t *probe) {
		s := fresh[int](t)
		var wg gls.WaitGroup
		for i := range 32 {
			wg.Go(func() {
				for j := range 100 {
					s.Run(100*i+j, func() {
						c := gls.Capture()
						s.Run(-1, func() {
							c.Run(func() { sees(t, 100*i+j, s) })
							sees(t, -1, s)
						})
						sees(t, 100*i+j, s)
					})
				}
				unset(t, s)
			})
		}
		wg.Wait()
	}},
	{"G-22 a plain go statement", func(t *probe) {
		s := fresh[string](t)
		c := gls.Call(s, "captured", gls.Capture)
		s.Run("v", func() {
			onGoroutine(func() {
				plainSees(t, "v", s)
				onGoroutine(func() { plainSees(t, "v", s) })
			})
			s.Exit(func() { onGoroutine(func() { unset(t, s) }) })
			c.Run(func() { onGoroutine(func() { plainSees(t, "captured", s) }) })
			inGo(func() { onGoroutine(func() { plainSees(t, "v", s) }) })
			for range func(yield func() bool) { s.Run("iterator's", func() { yield() }) } {
				onGoroutine(func() { plainSees(t, "iterator's", s) })
			}
		})
	}},
	{"G-23 helpers that start goroutines", func(t *probe) {
		s := fresh[string](t)
		var wg sync.WaitGroup
		group := func(fns ...func()) { // as an errgroup does
			for _, fn := range fns {
				wg.Add(1)
				go func() {
					defer wg.Done()
					fn()
				}()
			}
			wg.Wait()
		}
		check := func() { plainSees(t, "v", s) }
		s.Run("v", func() {
			wg.Go(check)
			bound := gls.Bind(func() { sees(t, "v", s) })
			wg.Go(bound)
			wg.Wait()
			group(check, bound, gls.Bind(bound))
		})
	}},
	{"G-24 time.AfterFunc", func(t *probe) {
		s := fresh[string](t)
		fired := make(chan struct{}, 2)
		s.Run("v", func() {
			time.AfterFunc(time.Microsecond, func() {
				plainSees(t, "v", s)
				fired <- struct{}{}
			})
			time.AfterFunc(time.Microsecond, gls.Bind(func() {
				sees(t, "v", s)
				fired <- struct{}{}
			}))
			s.Run("whoever is there", func() {
				<-fired
				<-fired
			})
		})
	}},
	{"G-25 a ticker's loop, and the value after it", func(t *probe) {
		s := gls.New[*store]("")
		held := func() weak.Pointer[store] {
			value := newStore()
			done := make(chan struct{})
			s.Run(value, func() {
				gls.Go(func() {
					defer close(done)
					ticker := time.NewTicker(10 * time.Microsecond)
					defer ticker.Stop()
					for range 3 {
						<-ticker.C
						sees(t, value, s)
					}
				})
			})
			<-done
			return weak.Make(value)
		}()
		collected(t, held)
	}},
	{"G-26 functions that run once run in the first caller's context", func(t *probe) {
		s := fresh[string](t)
		var (
			once  sync.Once
			calls = map[string]int{}
			first = func(name string) func() string {
				return func() string {
					calls[name]++
					sees(t, "first", s)
					return "made by " + s.GetOrFail()
				}
			}
			inOnce = first("Once")
			value  = sync.OnceValue(first("OnceValue"))
			made   = first("Pool.New")
			pool   = sync.Pool{New: func() any { return made() }}
			fails  = sync.OnceFunc(func() { panic("once") })
		)
		for _, caller := range []string{"first", "second"} {
			s.Run(caller, func() {
				once.Do(func() { inOnce() })
				assert.Equal(t, "made by first", value())
				if caller == "first" {
					assert.Equal(t, "made by first", pool.Get())
				}
				assert.Equal(t, "once", caught(fails))
				sees(t, caller, s)
			})
		}
		assert.Equal(t, map[string]int{"Once": 1, "OnceValue": 1, "Pool.New": 1}, calls)
	}},
	{"G-27 a channel carries no context, a Snapshot in its values does", func(t *probe) {
		s := fresh[string](t)
		type message struct {
			sent gls.Snapshot
			text string
		}
		messages := make(chan message)
		var wg gls.WaitGroup
		s.Run("receiver's", func() {
			wg.Go(func() {
				for m := range messages {
					sees(t, "receiver's", s)
					m.sent.Run(func() { sees(t, m.text, s) })
				}
			})
		})
		for i := range 3 {
			text := fmt.Sprint("sender's ", i)
			s.Run(text, func() { messages <- message{gls.Capture(), text} })
		}
		close(messages)
		wg.Wait()
	}},
	{"G-28 a condition variable and an observer registry", func(t *probe) {
		s := fresh[string](t)
		var mu sync.Mutex
		cond, ready, waiting := sync.NewCond(&mu), false, make(chan struct{})
		var wg gls.WaitGroup
		s.Run("waiter's", func() {
			wg.Go(func() {
				mu.Lock()
				defer mu.Unlock()
				close(waiting)
				for !ready {
					cond.Wait()
				}
				sees(t, "waiter's", s)
			})
		})
		<-waiting
		var observers stream
		s.Run("observer's", func() {
			observers.onFinish(func() { sees(t, "firing", s) })
			observers.onFinish(gls.Bind(func() { sees(t, "observer's", s) }))
		})
		s.Run("firing", func() {
			mu.Lock()
			ready = true
			mu.Unlock()
			cond.Broadcast()
			observers.finish()
			inGo(observers.finish)
		})
		wg.Wait()
	}},
	{"G-45 values whose methods use the library", func(t *probe) {
		s := fresh[reentrant](t)
		s.Run(reentrant{s}, func() {
			value := s.GetOrFail()
			assert.Equal(t, "set inside", fmt.Sprint(value))
			assert.Contains(t, fmt.Sprint(s), s.Name())
			var out strings.Builder
			assert.NoError(t, template.Must(template.New("").Parse("{{.}}")).Execute(&out, value))
			assert.Equal(t, "set inside", out.String())
			sees(t, value, s)
			s.Exit(func() {
				_, err := s.Lookup()
				assert.Contains(t, fmt.Sprint(err, value), "set inside")
			})
		})
	}},
	{"G-51 an Enter is invisible to goroutines that have nothing to do with it", func(t *probe) {
		s := fresh[string](t)
		entered, gate := make(chan struct{}), make(chan struct{})
		var wg gls.WaitGroup
		wg.Go(func() {
			scope := s.Enter("A's")
			defer scope.Leave()
			close(entered)
			<-gate
			sees(t, "A's", s)
		})
		<-entered
		for range 2 {
			inGo(func() { unset(t, s) })
			onGoroutine(func() { unset(t, s) })
		}
		unset(t, s)
		close(gate)
		wg.Wait()
	}},
}

// A reentrant value uses the storage that it is stored in.
type reentrant struct {
	storage *gls.Storage[reentrant]
}

func (r reentrant) String() (text string) {
	r.storage.Run(r, func() {
		if _, ok := r.storage.Get(); ok {
			text = "set inside"
		}
	})
	return text
}
