package gls_test

import (
	"errors"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

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
