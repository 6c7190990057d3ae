package gls_test

import (
	"errors"
	"math"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/goroutine"
)

// A scope calls its function once, synchronously, where it was called, and puts back the whole frame, whatever the
// function did and however it ended.
func TestRule1(t *testing.T) {
	s := gls.New[int]("s")
	for _, scope := range entries(s) {
		t.Run(scope.name, func(t *testing.T) {
			t.Run("calls fn once on the calling goroutine", func(t *testing.T) {
				calls, before := 0, goroutine.ID()
				s.Run(1, func() {
					scope.run(func() {
						calls++
						assert.Equal(t, before, goroutine.ID())
					})
					assert.Equal(t, 1, calls, "before it returns")
				})
			})
			t.Run("inside others", func(t *testing.T) { putsBack(t, s, scope, true) })
			t.Run("outermost", func(t *testing.T) { putsBack(t, s, scope, false) })
		})
	}
	t.Run("panic", rule1Panic)
	t.Run("deferred functions", func(t *testing.T) {
		var during, after string
		_ = panicOf(func() {
			s.Run(1, func() {
				defer func() { after = see(s) }()
				s.Run(2, func() {
					defer func() { during = see(s) }()
					panic("x")
				})
			})
		})
		assert.Equal(t, "2", during, "inside fn: fn's value")
		assert.Equal(t, "1", after, "outside, while the panic goes on: the caller's")
	})
	if t.Failed() {
		return // a function that is called twice is called 2^depth times below
	}
	t.Run("nested deeply", func(t *testing.T) {
		depth := 10_000
		if !goroutine.Fast() {
			depth = 1000 // reading the id takes longer the deeper the stack is
		}
		var down func(n int)
		down = func(n int) {
			if n == depth {
				return
			}
			s.Run(n, func() {
				down(n + 1)
				if v, _ := s.Get(); v != n {
					t.Errorf("%d instead of %d is back", v, n)
				}
			})
		}
		down(0)
		assert.Equal(t, "-", see(s))
	})
}

// putsBack runs fn in the scope, with values set around it or not, and lets it enter all storages and leave none.
func putsBack(t *testing.T, s *gls.Storage[int], scope entry, inside bool) {
	entered, late := gls.New[int]("entered"), gls.New[int]("late")
	messUp := func() {
		s.Enter(11)
		entered.Enter(12)
		late.Enter(13)
		assert.Equal(t, "11 12 13", see(s, entered, late))
		s.Run(14, func() { entered.Enter(15) })
		gls.Isolate(func() { late.Enter(16) })
		assert.Equal(t, "11 12 13", see(s, entered, late))
	}
	for name, end := range map[string]func(){
		"return": func() {},
		"panic":  func() { panic("over") },
		"Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			check := func(want string) {
				before, here, records := gls.Capture(), carrier.Here().Goroutine(), carrier.Len()
				returned := false
				defer func() {
					assert.Equal(t, name == "return", returned, "passes through")
					assert.Equal(t, want, see(s, entered, late))
					assert.True(t, before == gls.Capture(), "the very frame")
					assert.LessOrEqual(t, carrier.Len(), records, "no record stays, but at rest")
					assert.Equal(t, before == gls.Snapshot{}, !carried(here))
					if name == "panic" {
						assert.Equal(t, "over", recover())
					}
				}()
				scope.run(func() {
					messUp()
					end()
				})
				returned = true
			}
			join(func() {
				if !inside {
					check("- - -")
					return
				}
				s.Run(1, func() {
					entered.Enter(2)
					check("1 2 -")
				})
				assert.Equal(t, "- - -", see(s, entered, late))
			})
			join(func() {
				if inside { // a goroutine whose only scope is an Enter
					s.Enter(3)
					check("3 - -")
				}
			})
		})
	}
}

func explode(value any) { panic(value) }

// A panic is not recovered on its way: whoever recovers it sees the value that was given and the stack of the panic.
func rule1Panic(t *testing.T) {
	s := gls.New[int]("s")
	value := errors.New("of its own")
	for _, scope := range entries(s) {
		t.Run(scope.name, func(t *testing.T) {
			func() {
				defer func() {
					stack := string(debug.Stack())
					assert.Same(t, value, recover())
					assert.Contains(t, stack, "gls_test.explode(", "the stack is that of the panic")
					assert.Equal(t, 1, strings.Count(stack, "\npanic("), "it is thrown once")
				}()
				scope.run(func() { explode(value) })
			}()
			var null *runtime.PanicNilError
			assert.ErrorAs(t, panicOf(func() { scope.run(func() { explode(nil) }) }).(error), &null)
			var fault runtime.Error
			zero := 0
			assert.ErrorAs(t, panicOf(func() { scope.run(func() { zero = 1 / zero }) }).(error), &fault)
			assert.Equal(t, "again", panicOf(func() {
				scope.run(func() {
					defer func() {
						_ = recover()
						panic("again")
					}()
					explode("first")
				})
			}))
		})
	}
	assert.Equal(t, "-", see(s))
}

// Values are kept as they are and never looked at.
func TestRule2(t *testing.T) {
	t.Run("an equal value is a scope of its own", func(t *testing.T) {
		s, other := gls.New[int]("s"), gls.New[int]("other")
		s.Run(1, func() {
			s.Run(1, func() {
				s.Enter(2)
				other.Enter(2)
			})
			assert.Equal(t, "1 -", see(s, other))
		})
		outer := s.Enter(1)
		inner := s.Enter(1)
		inner.Leave()
		assert.Equal(t, "1", see(s))
		s.Run(1, func() {
			outer.Leave()
			assert.Equal(t, "1", see(s), "the Enter's is not the Run's")
		})
		outer.Leave()
		assert.Equal(t, "-", see(s))

		outer = s.Enter(1)
		inner = s.Enter(1)
		outer.Leave()
		assert.Equal(t, "-", see(s))
		inner.Leave()
		assert.Equal(t, "-", see(s))
	})
	t.Run("zero values and nil are set", func(t *testing.T) {
		isSet(t, 0)
		isSet(t, "")
		isSet[error](t, nil)
		isSet[any](t, nil)
		isSet[*int](t, nil)
		isSet[func()](t, nil)
		isSet(t, struct{}{})
		isSet(t, [0]int{})
		isSet[any](t, (*int)(nil))
		typed := gls.New[any]("typed")
		typed.Run((*int)(nil), func() {
			v, ok := typed.Get()
			assert.True(t, ok && v != nil, "a nil pointer in an interface is not a nil interface")
		})
	})
	t.Run("values that cannot be compared", func(t *testing.T) {
		type odd struct{ list []int }
		for name, v := range map[string]any{
			"slice": []int{1}, "map": map[int]int{}, "func": func() {}, "struct": odd{[]int{1}},
			"array": [1]any{[]int{1}},
		} {
			t.Run(name, func(t *testing.T) { isSet(t, v) })
		}
		isSet(t, []int{1})
		isSet(t, odd{})
		isSet(t, map[int]int{1: 1})
	})
	t.Run("values that differ from themselves", func(t *testing.T) {
		nan := gls.New[float64]("nan")
		nan.Run(math.NaN(), func() {
			nan.Run(math.NaN(), func() {
				v, ok := nan.Get()
				assert.True(t, ok && math.IsNaN(v))
			})
			inner := nan.Enter(math.NaN())
			inner.Leave()
			inner.Leave()
			v, ok := nan.Get()
			assert.True(t, ok && math.IsNaN(v))
		})
		nan.Run(0, func() {
			nan.Run(math.Copysign(0, -1), func() {
				v, _ := nan.Get()
				assert.True(t, math.Signbit(v), "-0 equals 0 and is not 0")
			})
			v, _ := nan.Get()
			assert.False(t, math.Signbit(v))
		})
	})
	t.Run("a large value is a copy", func(t *testing.T) {
		s := gls.New[[1000]int]("large")
		value := [1000]int{1}
		s.Run(value, func() {
			value[0] = 2
			got, _ := s.Get()
			got[0] = 3
			again, _ := s.Get()
			assert.Equal(t, 1, again[0])
		})
	})
}

// isSet sets the value in every way, twice over.
func isSet[T any](t *testing.T, value T) {
	t.Helper()
	s := gls.New[T]("")
	check := func() {
		_, ok := s.Get()
		assert.True(t, ok)
		assert.NotPanics(t, func() { s.GetOrFail() })
		_, err := s.Lookup()
		assert.NoError(t, err)
	}
	require.NotPanics(t, func() {
		s.Run(value, func() {
			check()
			s.Run(value, check)
			check()
			s.Exit(func() {
				_, ok := s.Get()
				assert.False(t, ok)
			})
			check()
			outer := s.Enter(value)
			inner := s.Enter(value)
			check()
			outer.Leave()
			inner.Leave()
			check()
			gls.Run(check, s.With(value), s.With(value))
			gls.Bind(check)()
		})
	})
	_, ok := s.Get()
	assert.False(t, ok)
}
