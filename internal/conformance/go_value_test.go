package conformance_test

import (
	"context"
	"math"
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// G-17, the random program, is TestModel.
func TestConformanceGo(t *testing.T) {
	inEveryState(t, valueRows)
	inEveryState(t, unwindingRows)
	inEveryState(t, goroutineRows)
	inEveryState(t, flowRows)
	inEveryState(t, contextRows)
	inEveryState(t, iteratorRows)
	inEveryState(t, libraryRows)
	inEveryState(t, networkRows)
}

var valueRows = []row{
	{"G-01 values that cannot be compared", func(t *probe) {
		s := fresh[any](t)
		for _, value := range []any{
			[]int{1}, map[string]int{"a": 1}, func() {}, struct{ a []int }{[]int{1}}, [1]map[int]int{{}}, chan int(nil),
		} {
			check := func() {
				t.Helper()
				got, ok := s.Get()
				assert.True(t, ok)
				assert.IsType(t, value, got)
			}
			s.Run(value, func() {
				s.Run(value, check)
				c := gls.Capture()
				c.Run(check)
				inGo(check)
				scope := s.Enter(value)
				s.Enter(value)
				scope.Leave()
				gls.Run(check, s.With(value), s.With(value))
				s.Exit(func() { unset(t, s) })
				assert.NotEqual(t, gls.Snapshot{}, c)
				assert.True(t, c == gls.Capture() || c != gls.Capture(), "captures compare without a panic")
				check()
			})
		}
	}},
	{"G-02 values that are not equal to themselves, or equal and not the same", func(t *probe) {
		s := fresh[float64](t)
		is := func(want float64) {
			t.Helper()
			got, ok := s.Get()
			assert.True(t, ok)
			assert.Equal(t, math.Float64bits(want), math.Float64bits(got))
		}
		s.Run(math.NaN(), func() {
			s.Run(math.NaN(), func() {
				s.Enter(1)
				is(1)
			})
			is(math.NaN())
		})
		negative := math.Copysign(0, -1)
		s.Run(0, func() {
			s.Run(negative, func() { is(negative) })
			is(0)
			scope := s.Enter(negative)
			is(negative)
			scope.Leave()
			is(0)
		})
	}},
	{"G-03 nil counts as set", func(t *probe) {
		err, pointer, value := fresh[error](t), fresh[*store](t), fresh[any](t)
		var typedNil *nilError
		gls.Run(func() {
			sees(t, nil, err)
			sees(t, nil, pointer)
			sees(t, nil, value)
			inGo(func() { sees(t, nil, err) })
			gls.Run(func() {
				got, ok := err.Get()
				assert.True(t, ok)
				assert.True(t, got != nil, "a typed nil stays typed")
				sees(t, error(typedNil), err)
				sees(t, any(typedNil), value)
			}, err.With(typedNil), value.With(typedNil))
			sees(t, nil, err)
			_, lookup := err.Lookup()
			assert.NoError(t, lookup)
			assert.Nil(t, err.GetOrFail())
		}, err.With(nil), pointer.With(nil), value.With(nil))
		zero := gls.NewWithDefault("", 42)
		zero.Run(0, func() { sees(t, 0, zero, "zero hides the default") })
		empty := fresh[struct{}](t)
		empty.Run(struct{}{}, func() { sees(t, struct{}{}, empty) })
	}},
	{"G-04 Get returns a copy of a struct", func(t *probe) {
		type big struct{ data [1000]int }
		s := fresh[big](t)
		value := big{}
		s.Run(value, func() {
			value.data[0] = 1
			got, _ := s.Get()
			got.data[1] = 2
			sees(t, big{}, s)
		})
	}},
	{"G-18 a nil function panics in the caller and changes nothing", func(t *probe) {
		s := fresh[string](t)
		var wg gls.WaitGroup
		c := gls.Capture()
		s.Run("v", func() {
			for name, call := range map[string]func(){
				"gls.Storage.Run":  func() { s.Run("w", nil) },
				"gls.Storage.Exit": func() { s.Exit(nil) },
				"gls.Run":          func() { gls.Run(nil, s.With("w")) },
				"gls.Call":         func() { gls.Call[string, int](s, "w", nil) },
				"gls.Go":           func() { gls.Go(nil) },
				"gls.Bind":         func() { gls.Bind[func()](nil) },
				"gls.Snapshot.Run": func() { c.Run(nil) },
				"gls.Snapshot.Go":  func() { c.Go(nil) },
				"gls.Isolate":      func() { gls.Isolate(nil) },
				"gls.AfterFunc":    func() { gls.AfterFunc(0, nil) },
				"gls.WaitGroup.Go": func() { wg.Go(nil) },
				"gls.RunContext":   func() { gls.RunContext(context.Background(), nil) },
			} {
				assert.Equal(t, name+": nil function", caught(call))
				sees(t, "v", s, name)
			}
			wg.Wait()
		})
	}},
	{"G-19 zero Snapshot, zero Scope, nil, zero and copied Storage", func(t *probe) {
		s := fresh[string](t)
		s.Run("v", func() {
			gls.Snapshot{}.Run(func() { unset(t, s) })
			gls.Scope{}.Leave()
			sees(t, "v", s)
		})
		var none *gls.Storage[int]
		for method, call := range map[string]func(){
			"Run":       func() { none.Run(1, func() { assert.Fail(t, "called") }) },
			"Exit":      func() { none.Exit(func() { assert.Fail(t, "called") }) },
			"Enter":     func() { none.Enter(1) },
			"Get":       func() { none.Get() },
			"Lookup":    func() { _, _ = none.Lookup() },
			"GetOrFail": func() { none.GetOrFail() },
			"Disable":   func() { none.Disable() },
			"Name":      func() { none.Name() },
			"String":    func() { _ = none.String() },
			"With":      func() { none.With(1) },
		} {
			assert.Equal(t, "gls.Storage."+method+": called on a nil *Storage", caught(call))
		}
		var zero gls.Storage[int]
		zero.Run(1, func() { sees(t, 1, &zero) })
		unset(t, &zero)
		s.Run("original's", func() {
			var second gls.Storage[string]
			reflect.ValueOf(&second).Elem().Set(reflect.ValueOf(s).Elem()) // a copy, unseen by vet
			unset(t, &second)
			second.Run("copy's", func() {
				sees(t, "copy's", &second)
				sees(t, "original's", s)
				second.Exit(func() { sees(t, "original's", s) })
				second.Disable()
				unset(t, &second)
			})
			sees(t, "original's", s)
		})
	}},
	{"G-60 a struct with a Snapshot is a value like others", func(t *probe) {
		s := fresh[string](t)
		type job struct {
			gls.Snapshot
			id int
		}
		one := job{gls.Call(s, "v", gls.Capture), 1}
		two := one
		byJob := map[job]string{one: "found"}
		assert.Equal(t, "found", byJob[two])
		assert.True(t, one == two)
		two.Snapshot = gls.Call(s, "w", gls.Capture)
		assert.False(t, one == two)
		jobs := make(chan job, 2)
		jobs <- one
		jobs <- two
		(<-jobs).Run(func() { sees(t, "v", s) })
		(<-jobs).Run(func() { sees(t, "w", s) })
	}},
}

type nilError struct{}

func (*nilError) Error() string { return "nil" }
