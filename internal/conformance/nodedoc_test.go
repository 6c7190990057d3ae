package conformance_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
)

func TestConformanceNodeDocumentation(t *testing.T) {
	inEveryState(t, documentationRows)
	inEveryState(t, enterDocumentationRows)
	inEveryState(t, twoMindsRows)
	inEveryState(t, leaveRows)
}

var documentationRows = []row{
	{"ND-01 a result comes back unchanged", func(t *probe) {
		s := fresh[string](t)
		want := newStore()
		assert.Same(t, want, gls.Call(s, "v", func() *store {
			sees(t, "v", s)
			return want
		}))
		failure := errors.New("failure")
		assert.Same(t, failure, gls.Call(s, "v", func() error { return failure }))
		assert.NoError(t, gls.Call(s, "v", func() error { return nil }))
		unset(t, s)
	}},
	{"ND-02 the value is not there after Run", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {})
		unset(t, s)
	}},
	{"ND-03 what was made in Run sees the value after it", func(t *probe) {
		s := fresh[string](t)
		check := func() { sees(t, "v", s) }
		var (
			wg    gls.WaitGroup
			c     gls.Snapshot
			bound func()
			fired = make(chan struct{})
			gate  = make(chan struct{})
		)
		s.Run("v", func() {
			c, bound = gls.Capture(), gls.Bind(check)
			wg.Go(func() {
				<-gate
				check()
			})
			gls.AfterFunc(time.Microsecond, func() {
				<-gate
				check()
				close(fired)
			})
		})
		unset(t, s)
		c.Run(check)
		bound()
		wg.Add(1)
		c.Go(func() {
			defer wg.Done()
			check()
		})
		close(gate)
		wg.Wait()
		<-fired
	}},
	{"ND-04 a panic keeps its value and its stack", func(t *probe) {
		s := fresh[string](t)
		want := errors.New("panic")
		for name, run := range map[string]func(fn func()){
			"Run":          func(fn func()) { s.Run("v", fn) },
			"Exit":         s.Exit,
			"Snapshot.Run": gls.Capture().Run,
			"Isolate":      gls.Isolate,
			"gls.Run":      func(fn func()) { gls.Run(fn, s.With("v")) },
			"Call":         func(fn func()) { gls.Call(s, "v", func() int { fn(); return 0 }) },
			"Bind":         func(fn func()) { gls.Bind(fn)() },
		} {
			var stack []string
			func() {
				defer func() { assert.Same(t, want, recover(), name) }()
				defer func() { stack = callers() }()
				run(func() { failsHere(want) })
			}()
			assert.True(t, slices.ContainsFunc(stack, func(fn string) bool {
				return strings.HasSuffix(fn, ".failsHere")
			}), "%s: a caller's deferred function finds where the panic began in %v", name, stack)
			unset(t, s, name)
		}
	}},
	{"ND-05 Exit holds for goroutines started in it", func(t *probe) {
		s := fresh[string](t)
		gate := make(chan struct{})
		var wg gls.WaitGroup
		s.Run("v", func() {
			s.Exit(func() {
				unset(t, s)
				inGo(func() { unset(t, s) })
				onGoroutine(func() { unset(t, s) })
				wg.Go(func() {
					<-gate
					unset(t, s)
				})
			})
		})
		close(gate)
		wg.Wait()
	}},
	{"ND-06 a panic passes through Exit", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			assert.Equal(t, "panic", caught(func() { s.Exit(func() { panic("panic") }) }))
			sees(t, "v", s)
		})
	}},
	{"ND-07 Exit outside of any Run", func(t *probe) {
		s := fresh[string](t)
		calls := 0
		s.Exit(func() {
			calls++
			unset(t, s)
		})
		assert.Equal(t, 1, calls)
		unset(t, s)
	}},
	{"ND-08 Enter replaces the value", func(t *probe) {
		s := fresh[string](t)
		s.Run("before", func() {
			s.Enter("after")
			sees(t, "after", s)
			inGo(func() { sees(t, "after", s) })
		})
	}},
	{"ND-09 an Enter without Leave in one listener is seen by the next", func(t *probe) {
		s := fresh[string](t)
		var e stream
		e.onFinish(func() { s.Enter("first listener's") })
		e.onFinish(func() { sees(t, "first listener's", s) })
		inGo(func() {
			e.finish()
			sees(t, "first listener's", s)
		})
	}},
	{"ND-10 Disable while goroutines are inside Run", func(t *probe) {
		s := fresh[int](t)
		var ready, wg sync.WaitGroup
		gate := make(chan struct{})
		for i := range 8 {
			ready.Add(1)
			wg.Go(func() {
				s.Run(i, func() {
					sees(t, i, s)
					ready.Done()
					<-gate
					unset(t, s)
				})
				unset(t, s)
			})
		}
		ready.Wait()
		s.Disable()
		close(gate)
		wg.Wait()
	}},
	{"ND-11 values are collected when nothing runs with them", func(t *probe) {
		for _, disable := range []bool{true, false} {
			s := gls.New[*store]("")
			held := func() weak.Pointer[store] {
				value := newStore()
				s.Run(value, func() { inGo(func() {}) })
				if disable {
					s.Disable()
				}
				return weak.Make(value)
			}()
			collected(t, held)
			runtime.KeepAlive(s)
		}
	}},
	{"ND-12 Get before any Run", func(t *probe) {
		s, carried := fresh[*store](t), carrier.Len()
		unset(t, s)
		assert.Equal(t, carried, carrier.Len(), "Get records nothing")
		inGo(func() { unset(t, s) })
	}},
	{"ND-13 many storages are independent", func(t *probe) {
		storages := make([]*gls.Storage[int], 100)
		for i := range storages {
			storages[i] = fresh[int](t)
		}
		var level func(i int)
		level = func(i int) {
			for j, s := range storages {
				if j < i {
					sees(t, j, s)
				} else {
					unset(t, s)
				}
			}
			if i < len(storages) {
				storages[i].Run(i, func() { level(i + 1) })
			}
		}
		level(0)
	}},
	{"ND-14 a struct with a Snapshot from its constructor", func(t *probe) {
		s := fresh[int](t)
		type object struct{ created gls.Snapshot }
		read := func(o *object) (got int) {
			o.created.Run(func() { got = s.GetOrFail() })
			return got
		}
		o := gls.Call(s, 123, func() *object { return &object{gls.Capture()} })
		assert.Equal(t, 123, gls.Call(s, 321, func() int { return read(o) }))
	}},
	{"ND-15 one call of a function with a value", func(t *probe) {
		s := fresh[*store](t)
		want := newStore()
		inner := func(set bool) {
			suspend()
			if set {
				sees(t, want, s)
			} else {
				unset(t, s)
			}
		}
		inner(false)
		s.Run(want, func() { inner(true) })
		inner(false)
	}},
	{"ND-16 a logger that knows the request", func(t *probe) {
		s := fresh[int](t)
		var (
			mu    sync.Mutex
			lines []string
			seq   int
			wg    gls.WaitGroup
		)
		log := func(id, text string) {
			mu.Lock()
			defer mu.Unlock()
			lines = append(lines, fmt.Sprintf("%s: %d %s", id, s.GetOrFail(), text))
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			mu.Lock()
			seq++
			n := seq
			mu.Unlock()
			s.Run(n, func() {
				id := r.URL.Query().Get("id")
				log(id, "start")
				wg.Go(func() {
					suspend()
					log(id, "finish")
				})
			})
		}))
		var clients sync.WaitGroup
		for i := range 4 {
			clients.Go(func() {
				for j := range 3 {
					_, err := fetch(server.Client(), fmt.Sprintf("%s?id=%d-%d", server.URL, i, j))
					assert.NoError(t, err)
				}
			})
		}
		clients.Wait()
		server.Close()
		wg.Wait()
		numbers := map[string]string{}
		for _, line := range lines {
			id, rest, _ := strings.Cut(line, ": ")
			n, what, _ := strings.Cut(rest, " ")
			if what == "start" {
				numbers[id] = n
			} else {
				assert.Equal(t, numbers[id], n, "the request's two lines have one number")
			}
		}
		assert.Len(t, lines, 24)
		assert.Len(t, numbers, 12)
	}},
	{"ND-17 a pool of workers, with and without a capture for each task", func(t *probe) {
		s := fresh[int](t)
		type task struct {
			submitter gls.Snapshot
			run       func(worker int)
		}
		tasks := make(chan task)
		var workers gls.WaitGroup
		for i := range 3 {
			s.Run(-1-i, func() {
				workers.Go(func() {
					for next := range tasks {
						sees(t, -1-i, s)
						next.submitter.Run(func() { next.run(i) })
						sees(t, -1-i, s)
						next.run(i)
					}
				})
			})
		}
		for n := range 30 {
			s.Run(n, func() {
				var calls int
				tasks <- task{gls.Capture(), func(worker int) {
					if calls++; calls == 1 {
						sees(t, n, s, "with the capture")
					} else {
						sees(t, -1-worker, s, "without")
					}
				}}
			})
		}
		close(tasks)
		workers.Wait()
	}},
	{"ND-18 an object that calls back in its creator's context", func(t *probe) {
		s := fresh[string](t)
		type query struct {
			created  gls.Snapshot
			callback func(rows int, err error)
		}
		failure := errors.New("failure")
		answered := false
		var q query
		s.Run("creator's", func() {
			q = query{gls.Capture(), func(rows int, err error) {
				answered = true
				assert.Equal(t, 7, rows)
				assert.Same(t, failure, err)
				sees(t, "creator's", s)
			}}
		})
		s.Run("driver's", func() { q.created.Run(func() { q.callback(7, failure) }) })
		assert.True(t, answered)
	}},
	{"ND-19 a bound listener and a plain one", func(t *probe) {
		s := fresh[string](t)
		var e stream
		s.Run("registration", func() {
			e.onFinish(gls.Bind(func() { sees(t, "registration", s) }))
			e.onFinish(func() { sees(t, "emission", s) })
		})
		s.Run("emission", e.finish)
	}},
}

//go:noinline
func failsHere(err error) { panic(err) }

// callers returns the names of the functions on the stack.
func callers() []string {
	pcs := make([]uintptr, 100)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(1, pcs)])
	var names []string
	for {
		f, more := frames.Next()
		names = append(names, f.Function)
		if !more {
			return names
		}
	}
}

// fetch returns the body of the answer.
func fetch(client *http.Client, url string) (string, error) {
	resp, err := client.Get(url)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return string(body), err
}
