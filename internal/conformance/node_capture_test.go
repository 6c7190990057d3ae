package conformance_test

import (
	"errors"
	"sync"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// nodeCaptureRows are about functions and goroutines that outlive the scope they come from.
var nodeCaptureRows = []row{
	{"N-36 a completion callback bound in Run", func(t *probe) {
		s := fresh[int](t)
		s.Run(1, func() {})
		var st stream
		calls := 0
		s.Run(321, func() {
			st.onFinish(gls.Bind(func() {
				calls++
				sees(t, 321, s)
			}))
		})
		st.finish()
		assert.Equal(t, 1, calls)
	}},
	{"N-37 the same with a zero storage that was never used", func(t *probe) {
		var s gls.Storage[int]
		var st stream
		calls := 0
		s.Run(321, func() {
			st.onFinish(gls.Bind(func() {
				calls++
				sees(t, 321, &s)
			}))
		})
		st.finish()
		assert.Equal(t, 1, calls)
		unset(t, &s)
	}},
	{"N-38 waiting for a future that another goroutine resolves", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			var f future
			gls.Isolate(func() { gls.Go(func() { f.resolve(7) }) })
			sees(t, "v", s)
			assert.Equal(t, 7, f.wait())
			sees(t, "v", s)
		})
	}},
	{"N-39 a deferred function of a flow that returns a future", func(t *probe) {
		s := fresh[string](t)
		flow := func() *future {
			defer func() { sees(t, "v", s) }()
			return &future{}
		}
		var f *future
		s.Run("v", func() { f = flow() })
		f.resolve(nil)
	}},
	{"N-40 a combinator's bound continuation", func(t *probe) {
		s := fresh[string](t)
		all := func(fs []*future, then func()) {
			var mu sync.Mutex
			left := len(fs)
			for _, f := range fs {
				f.then(func(any) {
					mu.Lock()
					defer mu.Unlock()
					if left--; left == 0 {
						then()
					}
				})
			}
		}
		fs := []*future{{}, {}, {}}
		calls := 0
		s.Run("v", func() {
			all(fs, gls.Bind(func() {
				calls++
				sees(t, "v", s)
			}))
		})
		s.Run("resolver's", func() {
			for _, f := range fs {
				inGo(func() { f.resolve(nil) })
			}
		})
		assert.Equal(t, 1, calls)
	}},
	{"N-41 a hundred Exits in Runs", func(t *probe) {
		s := fresh[bool](t)
		var level func(n int)
		level = func(n int) {
			unset(t, s)
			if n == 0 {
				return
			}
			s.Run(true, func() {
				s.Exit(func() { level(n - 1) })
				sees(t, true, s)
			})
			unset(t, s)
		}
		level(100)
	}},
	{"N-42 a goroutine started in Exit does not hold the value", func(t *probe) {
		s := gls.New[*store]("")
		stop, done := make(chan struct{}), make(chan struct{})
		held := func() weak.Pointer[store] {
			value := newStore()
			s.Run(value, func() {
				s.Exit(func() {
					gls.Go(func() {
						defer close(done)
						<-stop
						unset(t, s)
					})
				})
			})
			return weak.Make(value)
		}()
		collected(t, held)
		close(stop)
		<-done
	}},
	{"N-43 a thousand nested Runs", func(t *probe) {
		s := fresh[*store](t)
		var level func(n int)
		level = func(n int) {
			if n == 0 {
				return
			}
			value := newStore()
			s.Run(value, func() {
				sees(t, value, s)
				level(n - 1)
				sees(t, value, s)
			})
		}
		level(1000)
	}},
	{"N-45 a capture run inside another Run", func(t *probe) {
		s := fresh[int](t)
		c := gls.Call(s, 123, gls.Capture)
		got := gls.Call(s, 321, func() (v int) {
			c.Run(func() { v, _ = s.Get() })
			sees(t, 321, s)
			return v
		})
		assert.Equal(t, 123, got)
	}},
	{"N-46 Bind refuses what is no function", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			for name, bind := range map[string]func(){
				"nil func()":     func() { gls.Bind[func()](nil) },
				"nil func(int)":  func() { gls.Bind[func(int)](nil) },
				"nil func error": func() { gls.Bind[func() error](nil) },
				"int":            func() { gls.Bind(1) },
				"bool":           func() { gls.Bind(false) },
				"string":         func() { gls.Bind("") },
				"struct":         func() { gls.Bind(struct{}{}) },
				"slice":          func() { gls.Bind([]func(){}) },
				"nil any":        func() { gls.Bind[any](nil) },
			} {
				assert.Regexp(t, `^gls\.Bind: (nil function|.* is not a function type)$`, caught(bind), name)
				sees(t, "v", s, name)
			}
		})
	}},
	{"N-47 arguments and results of a bound function", func(t *probe) {
		s := fresh[string](t)
		type named func(string) string
		failure := errors.New("failure")
		var (
			two      func(string, int) (int, error)
			variadic func(sep string, parts ...string) []string
			plain    named
			fails    func() error
		)
		s.Run("v", func() {
			two = gls.Bind(func(a string, b int) (int, error) {
				sees(t, "v", s)
				return len(a) + b, failure
			})
			variadic = gls.Bind(func(sep string, parts ...string) []string {
				sees(t, "v", s)
				return append(parts, sep)
			})
			plain = gls.Bind(named(func(a string) string { return a + s.GetOrFail() }))
			fails = gls.Bind(func() error {
				sees(t, "v", s)
				return failure
			})
		})
		n, err := two("abc", 4)
		assert.Equal(t, 7, n)
		assert.Same(t, failure, err)
		assert.Equal(t, []string{"a", "b", "-"}, variadic("-", "a", "b"))
		assert.Equal(t, []string{"-"}, variadic("-"))
		assert.Equal(t, "it is v", plain("it is "))
		assert.Same(t, failure, fails())
	}},
	{"N-49 pools and idle workers do not hold a value", func(t *probe) {
		s := gls.New[*store]("")
		pool := sync.Pool{New: func() any { return newStore() }}
		tasks, done := make(chan func()), make(chan struct{})
		idle := make(chan struct{})
		held := func() weak.Pointer[store] {
			value := newStore()
			s.Run(value, func() {
				pool.Put(pool.Get())
				gls.Isolate(func() {
					gls.Go(func() {
						defer close(done)
						for task := range tasks {
							task()
							idle <- struct{}{}
						}
					})
				})
				tasks <- gls.Bind(func() { sees(t, value, s) })
				<-idle
			})
			return weak.Make(value)
		}()
		collected(t, held)
		close(tasks)
		<-done
	}},
	{"N-50 a value that holds its own capture is collected", func(t *probe) {
		s := gls.New[*store]("")
		held := func() weak.Pointer[store] {
			value := newStore()
			s.Run(value, func() {
				value.link = gls.Capture()
				value.data["bound"] = gls.Bind(func() {})
			})
			return weak.Make(value)
		}()
		collected(t, held)
	}},
	{"N-51 a child's Enter does not reach its parent", func(t *probe) {
		s := fresh[string](t)
		inGo(func() {
			suspend()
			s.Enter("after a suspension")
			sees(t, "after a suspension", s)
		})
		unset(t, s)
		var f future
		f.then(func(any) {
			s.Enter("in a continuation")
			sees(t, "in a continuation", s)
		})
		inGo(func() { f.resolve(nil) })
		unset(t, s)
	}},
	{"N-52 a synchronous callee's Enter reaches its caller", func(t *probe) {
		s := fresh[string](t)
		var scope gls.Scope
		func() { scope = s.Enter("v") }()
		sees(t, "v", s)
		scope.Leave()
	}},
	{"N-53 a bound function called from another flow", func(t *probe) {
		s := fresh[string](t)
		var bound func()
		s.Run("binder's", func() { bound = gls.Bind(func() { sees(t, "binder's", s) }) })
		s.Run("caller's", func() {
			inGo(func() {
				bound()
				sees(t, "caller's", s)
			})
		})
		bound()
	}},
	{"N-55 everything works after a panic out of Snapshot.Run", func(t *probe) {
		s := fresh[string](t)
		var c gls.Snapshot
		s.Run("captured", func() { c = gls.Capture() })
		s.Run("v", func() {
			assert.Equal(t, "caught", caught(func() { c.Run(func() { panic("caught") }) }))
			sees(t, "v", s)
			s.Run("nested", func() { sees(t, "nested", s) })
			gls.Capture().Run(func() { sees(t, "v", s) })
			inGo(func() { sees(t, "v", s) })
			c.Run(func() { sees(t, "captured", s) })
			sees(t, "v", s)
		})
	}},
	{"N-56 results come back out of Snapshot.Run and bound functions", func(t *probe) {
		s := fresh[string](t)
		want := newStore()
		var c gls.Snapshot
		var bound func() *store
		s.Run("v", func() {
			c = gls.Capture()
			bound = gls.Bind(func() *store { return want })
		})
		var got *store
		c.Run(func() { got = want })
		assert.Same(t, want, got)
		assert.Same(t, want, bound())
	}},
	{"N-57 a thousand captures, each run inside the one before", func(t *probe) {
		s := fresh[int](t)
		captures := make([]gls.Snapshot, 1000)
		for i := range captures {
			captures[i] = gls.Call(s, i, gls.Capture)
		}
		var level func(i int)
		level = func(i int) {
			if i == len(captures) {
				return
			}
			captures[i].Run(func() {
				sees(t, i, s)
				level(i + 1)
				sees(t, i, s)
			})
		}
		level(0)
	}},
	{"N-58 defaults", func(t *probe) {
		unset(t, fresh[string](t))
		for _, want := range []any{"default", 42, nil} {
			s := gls.NewWithDefault("", want)
			got, ok := s.Get()
			assert.Equal(t, want, got)
			assert.False(t, ok, "a default does not count as set")
			s.Run("v", func() { sees[any](t, "v", s) })
			got, ok = s.Get()
			assert.Equal(t, want, got)
			assert.False(t, ok)
			got, err := s.Lookup()
			assert.Equal(t, want, got)
			assert.ErrorIs(t, err, gls.ErrNotSet)
			assert.ErrorIs(t, caught(func() { s.GetOrFail() }).(error), gls.ErrNotSet)
		}
	}},
	{"N-59 names", func(t *probe) {
		var zero gls.Storage[int]
		assert.Equal(t, "test", gls.New[int]("test").Name())
		assert.Equal(t, "", gls.New[int]("").Name())
		assert.Equal(t, "", zero.Name())
	}},
}
