package conformance_test

import (
	"errors"
	"math/rand/v2"
	"runtime"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// unwindingRows are about what is put back, when and in which order.
var unwindingRows = []row{
	{"G-05 every kind of panic passes", func(t *probe) {
		s := fresh[string](t)
		failure := errors.New("failure")
		var nothing *store
		var index = 3
		for name, test := range map[string]struct {
			fn   func()
			want any
		}{
			"nil":     {func() { panic(nil) }, new(runtime.PanicNilError)},
			"error":   {func() { panic(failure) }, failure},
			"nil map": {func() { nothing.data["a"] = 1 }, nil},
			"index":   {func() { _ = []int{}[index] }, nil},
			"again": {func() {
				defer func() { panic([]any{recover(), "second"}) }()
				panic("first")
			}, []any{"first", "second"}},
		} {
			s.Run("before", func() {
				got := caught(func() {
					s.Run("v", func() {
						s.Exit(func() { gls.Capture().Run(test.fn) })
					})
				})
				if test.want != nil {
					assert.Equal(t, test.want, got, name)
				} else {
					assert.Implements(t, (*runtime.Error)(nil), got, name)
				}
				sees(t, "before", s, name)
			})
		}
	}},
	{"G-06 Goexit unwinds every kind of scope", func(t *probe) {
		s := fresh[string](t)
		for name, run := range map[string]func(fn func()){
			"Run":          func(fn func()) { s.Run("v", fn) },
			"Exit":         s.Exit,
			"Snapshot.Run": gls.Capture().Run,
			"Isolate":      gls.Isolate,
			"bound":        func(fn func()) { gls.Bind(fn)() },
			"bound int":    func(fn func()) { gls.Bind(func(int) { fn() })(1) },
			"gls.Run":      func(fn func()) { gls.Run(fn, s.With("v")) },
			"Call":         func(fn func()) { gls.Call(s, "v", func() int { fn(); return 1 }) },
		} {
			for _, outer := range []func(fn func()){func(fn func()) { s.Run("outer", fn) }, apart} {
				outer(func() {
					before, set := s.Get()
					inGo(func() {
						defer func() {
							got, ok := s.Get()
							assert.Equal(t, before, got, name)
							assert.Equal(t, set, ok, name)
							assert.Nil(t, recover())
						}()
						run(func() {
							s.Enter("entered")
							defer sees(t, "entered", s, name)
							runtime.Goexit()
						})
						assert.Fail(t, "Goexit returns", name)
					})
				})
			}
		}
	}},
	{"G-07 deferred functions while panicking", func(t *probe) {
		s := fresh[string](t)
		inner, outer := false, false
		s.Run("outer", func() {
			defer func() { assert.Equal(t, "panic", recover()) }()
			defer func() {
				outer = true
				sees(t, "outer", s)
			}()
			s.Run("inner", func() {
				defer func() {
					inner = true
					sees(t, "inner", s)
				}()
				panic("panic")
			})
		})
		assert.True(t, inner && outer)
	}},
	{"G-08 no function changes the goroutine or starts one", func(t *probe) {
		s := fresh[string](t)
		id, n := goroutine.ID(), runtime.NumGoroutine()
		check := func() {
			t.Helper()
			assert.Equal(t, id, goroutine.ID())
			assert.LessOrEqual(t, runtime.NumGoroutine(), n)
		}
		s.Run("v", check)
		s.Exit(check)
		gls.Capture().Run(check)
		gls.Isolate(check)
		gls.Bind(check)()
		gls.Run(check, s.With("v"))
		scope := s.Enter("v")
		check()
		scope.Leave()
		check()
	}},
	{"G-16 recursion with storages in random order", func(t *probe) {
		storages := []*gls.Storage[int]{fresh[int](t), fresh[int](t), fresh[int](t)}
		random := rand.New(rand.NewPCG(1, 2))
		var level func(n int, values [3]int)
		level = func(n int, values [3]int) {
			check := func() {
				for i, s := range storages {
					if values[i] == 0 {
						unset(t, s)
					} else {
						sees(t, values[i], s)
					}
				}
			}
			check()
			if n > 0 {
				i, inside := random.IntN(3), values
				inside[i] = n
				storages[i].Run(n, func() { level(n-1, inside) })
				check()
			}
		}
		level(200, [3]int{})
	}},
	{"G-52 a capture does not change with later Enters and Leaves", func(t *probe) {
		s := fresh[int](t)
		s.Run(0, func() {
			c := gls.Capture()
			check := func() {
				t.Helper()
				c.Run(func() { sees(t, 0, s) })
			}
			var scopes []gls.Scope
			for i := 1; i <= 3; i++ {
				scopes = append(scopes, s.Enter(i))
				check()
			}
			for i := 3; i >= 1; i-- {
				sees(t, i, s)
				scopes[i-1].Leave()
				check()
			}
		})
	}},
	{"G-53 Exit between two Enters and their Leaves", func(t *probe) {
		s := fresh[int](t)
		first := s.Enter(1)
		second := s.Enter(2)
		s.Exit(func() {
			unset(t, s)
		})
		sees(t, 2, s)
		second.Leave()
		sees(t, 1, s)
		first.Leave()
		unset(t, s)
	}},
	{"G-54 an Enter in Run ends with it in every way", func(t *probe) {
		s := fresh[string](t)
		s.Run("before", func() {
			s.Run("run's", func() { s.Enter("entered") })
			sees(t, "before", s)
			assert.NotNil(t, caught(func() {
				s.Run("run's", func() {
					s.Enter("entered")
					panic("panic")
				})
			}))
			sees(t, "before", s)
			inGo(func() {
				defer sees(t, "before", s)
				s.Run("run's", func() {
					s.Enter("entered")
					runtime.Goexit()
				})
			})
		})
	}},
	{"G-64 a panic in a recovery in Run in Exit", func(t *probe) {
		s := fresh[string](t)
		s.Run("outermost", func() {
			got := caught(func() {
				defer func() { sees(t, "outermost", s) }()
				s.Exit(func() {
					defer func() { unset(t, s) }()
					s.Run("run's", func() {
						defer func() {
							first := recover()
							sees(t, "run's", s)
							defer func() { sees(t, "run's", s) }()
							panic([]any{first, "second"})
						}()
						panic("first")
					})
				})
			})
			assert.Equal(t, []any{"first", "second"}, got)
			sees(t, "outermost", s)
		})
	}},
}
