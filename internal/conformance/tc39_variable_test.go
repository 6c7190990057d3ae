package conformance_test

import (
	"runtime"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// T-19, the random program, is TestModel. T-20, every row in several states, is the harness.
func TestConformanceTC39(t *testing.T) {
	inEveryState(t, variableRows)
	inEveryState(t, wrapRows)
	inEveryState(t, specificationRows)
	inEveryState(t, explainerRows)
}

var variableRows = []row{
	{"T-01 a new storage is not set", func(t *probe) {
		unset(t, gls.New[any](""))
		unset(t, new(gls.Storage[*store]))
	}},
	{"T-02 the result has nothing to do with the value", func(t *probe) {
		s := fresh[string](t)
		assert.Equal(t, 42, gls.Call(s, "v", func() int { return 42 }))
	}},
	{"T-03 Get returns the very value", func(t *probe) {
		s := fresh[*store](t)
		want := newStore()
		s.Run(want, func() { sees(t, want, s) })
	}},
	{"T-04 nested Runs", func(t *probe) {
		s := fresh[int](t)
		s.Run(1, func() {
			sees(t, 1, s)
			s.Run(2, func() { sees(t, 2, s) })
			sees(t, 1, s)
		})
		unset(t, s)
	}},
	{"T-05 nested Runs of two storages", func(t *probe) {
		a, b := fresh[int](t), fresh[int](t)
		a.Run(1, func() {
			sees(t, 1, a)
			unset(t, b)
			b.Run(2, func() {
				sees(t, 1, a)
				sees(t, 2, b)
			})
			sees(t, 1, a)
			unset(t, b)
		})
		unset(t, a)
		unset(t, b)
	}},
	{"T-20 the states are what they say", func(t *probe) {
		for _, s := range states {
			if s.name != t.state {
				continue
			}
			got, ok := unrelated.Get()
			assert.Equal(t, s.unrelated, got)
			assert.Equal(t, s.unrelated != "", ok)
		}
		assert.Len(t, states, 8)
	}},
}

var wrapRows = []row{
	{"T-06 a bound function of nothing set, called in Run", func(t *probe) {
		s := fresh[string](t)
		bound := gls.Bind(func() { unset(t, s) })
		s.Run("v", func() {
			bound()
			sees(t, "v", s)
		})
		bound()
	}},
	{"T-07 a bound function called in Run and after it", func(t *probe) {
		s := fresh[string](t)
		var bound func()
		s.Run("v", func() {
			bound = gls.Bind(func() { sees(t, "v", s) })
			s.Run("caller's", func() {
				bound()
				sees(t, "caller's", s)
			})
			bound()
			sees(t, "v", s)
		})
		bound()
		unset(t, s)
	}},
	{"T-08 Runs in bound functions, and between two Binds", func(t *probe) {
		s := fresh[string](t)
		body := func() {
			sees(t, "first", s)
			s.Run("second", func() { sees(t, "second", s) })
			sees(t, "first", s)
		}
		var before, after func()
		s.Run("first", func() {
			before = gls.Bind(body)
			s.Run("unrelated", func() { sees(t, "unrelated", s) })
			after = gls.Bind(body)
		})
		before()
		after()
		before()
		unset(t, s)
	}},
	{"T-09 a Run of another storage in bound functions, a Run of the same between two Binds", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		body := func() {
			sees(t, "first", a)
			unset(t, b)
			b.Run("second", func() {
				sees(t, "first", a)
				sees(t, "second", b)
			})
			sees(t, "first", a)
			unset(t, b)
		}
		var before, after func()
		a.Run("first", func() {
			before = gls.Bind(body)
			a.Run("other", func() {})
			after = gls.Bind(body)
		})
		before()
		after()
	}},
	{"T-10 a Run of another storage between two Binds", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		body := func() {
			sees(t, "first", a)
			unset(t, b)
			b.Run("second", func() { sees(t, "second", b) })
			unset(t, b)
		}
		var before, after func()
		a.Run("first", func() {
			before = gls.Bind(body)
			b.Run("between", func() {})
			after = gls.Bind(body)
		})
		before()
		after()
	}},
	{"T-11 Binds at two depths called at three", func(t *probe) {
		s := fresh[string](t)
		var outer, inner func()
		s.Run("first", func() {
			outer = gls.Bind(func() { sees(t, "first", s) })
			s.Run("second", func() {
				inner = gls.Bind(func() {
					sees(t, "second", s)
					outer()
					sees(t, "second", s)
				})
				outer()
				inner()
				sees(t, "second", s)
			})
			outer()
			inner()
			sees(t, "first", s)
		})
		outer()
		inner()
		unset(t, s)
	}},
	{"T-12 Binds at two depths of two storages", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		var outer, inner func()
		call := func() {
			outer()
			inner()
		}
		a.Run("a", func() {
			outer = gls.Bind(func() {
				sees(t, "a", a)
				unset(t, b)
			})
			b.Run("b", func() {
				inner = gls.Bind(func() {
					sees(t, "a", a)
					sees(t, "b", b)
					outer()
					sees(t, "b", b)
				})
				call()
				sees(t, "b", b)
			})
			call()
			unset(t, b)
		})
		call()
		unset(t, a)
	}},
	wrapOfThree("T-13 a Bind in three storages", -1),
	wrapOfThree("T-14 the same with an unused capture before the third Run", 2),
	wrapOfThree("T-15 the same with an unused capture before the second Run", 1),
	wrapOfThree("T-16 the same with an unused capture after the third Run", 3),
	wrapOfThree("T-17 the same with an unused capture after the second Run", 4),
	{"T-18 Binds of sibling Runs, called in turn", func(t *probe) {
		s := fresh[int](t)
		bind := func(v int) (bound func()) {
			s.Run(v, func() { bound = gls.Bind(func() { sees(t, v, s) }) })
			return bound
		}
		first, second := bind(1), bind(2)
		for range 2 {
			first()
			second()
		}
		unset(t, s)
	}},
}

// wrapOfThree is a row that returns a bound function out through the Runs of three storages. At the place of that
// number it takes a capture and does not use it.
func wrapOfThree(name string, unused int) row {
	return row{name, func(t *probe) {
		a, b, c := fresh[string](t), fresh[string](t), fresh[string](t)
		capture := func(place int) {
			if place == unused {
				gls.Capture()
				gls.Bind(func() {})
			}
		}
		bound := gls.Call(a, "a", func() func() {
			sees(t, "a", a)
			unset(t, b)
			unset(t, c)
			capture(1)
			bound := gls.Call(b, "b", func() func() {
				sees(t, "a", a)
				sees(t, "b", b)
				unset(t, c)
				capture(2)
				bound := gls.Call(c, "c", func() func() {
					sees(t, "c", c)
					return gls.Bind(func() {
						sees(t, "a", a)
						sees(t, "b", b)
						sees(t, "c", c)
					})
				})
				capture(3)
				sees(t, "a", a)
				sees(t, "b", b)
				unset(t, c)
				return bound
			})
			capture(4)
			sees(t, "a", a)
			unset(t, b)
			unset(t, c)
			return bound
		})
		unset(t, a)
		unset(t, b)
		unset(t, c)
		bound()
		unset(t, a)
		unset(t, b)
		unset(t, c)
		runtime.KeepAlive(bound)
	}}
}
