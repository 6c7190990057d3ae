package gls_test

import (
	"errors"
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/api"
	"github.com/ambient-go/ambient/internal/carrier"
)

// session is a struct that is used again after `*s = session{}`, as pools do. That resets the storage in it to one that
// has never been set.
type session struct {
	user gls.Storage[string]
	n    int
}

func (s *session) reset() { *s = session{} } // which go vet does not report

func userOf(s *session) string {
	user, ok := s.user.Get()
	if !ok {
		return "nobody"
	}
	return user
}

func TestBindingFromBeforeAReset(t *testing.T) {
	var a, b session
	binding := a.user.With("ada")
	a.reset()
	gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	assert.Equal(t, "nobody", userOf(&a))

	binding = a.user.With("ada")
	a.reset()
	b.user.Run("bob", func() {
		gls.Run(func() {
			assert.Equal(t, "ada", userOf(&a))
			assert.Equal(t, "bob", userOf(&b))
		}, binding, b.user.With("carol"), b.user.With("bob"))
		assert.Equal(t, "nobody", userOf(&a))
	})

	binding = a.user.With("ada")
	a.reset()
	a.user.Run("eve", func() {
		gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding, a.user.With("eve"), binding)
		assert.Equal(t, "eve", userOf(&a))
	})

	binding = a.user.With("ada")
	a.reset()
	a.user.Disable()
	gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	a.reset()
	gls.Snapshot{}.With(binding).Run(func() { assert.Equal(t, "ada", userOf(&a)) })
	assert.True(t, gls.Capture() == gls.Snapshot{})
}

// A reset ends the storage's values, as Disable does. What was set before does not come back.
func TestResetInsideAScope(t *testing.T) {
	var a, other session
	other.user.Run("bob", func() {
		a.user.Run("ada", func() {
			scope := a.user.Enter("eve")
			snapshot := gls.Capture()
			a.reset()
			assert.Equal(t, "nobody", userOf(&a))
			assert.Error(t, func() error { _, err := a.user.Lookup(); return err }())
			a.user.Exit(func() { assert.Equal(t, "nobody", userOf(&a)) })
			a.user.Run("carol", func() {
				assert.Equal(t, "carol", userOf(&a))
				a.user.Exit(func() { assert.Equal(t, "nobody", userOf(&a)) })
				snapshot.Run(func() { assert.Equal(t, "nobody", userOf(&a)) })
				inner := a.user.Enter("dan")
				scope.Leave()
				assert.Equal(t, "dan", userOf(&a))
				inner.Leave()
				assert.Equal(t, "carol", userOf(&a))
			})
			scope.Leave()
			assert.Equal(t, "nobody", userOf(&a))
			assert.Equal(t, "bob", userOf(&other))
		})
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
	runtime.KeepAlive(&a)
}

// overwrite copies a session in a way that go vet does not report.
func overwrite(to, from *session) { reflect.ValueOf(to).Elem().Set(reflect.ValueOf(from).Elem()) }

func TestManyResetsInOneScope(t *testing.T) {
	var a, b session
	b.user.Run("bob", func() {
		for i := range 1000 {
			a.user.Run("ada", func() {
				assert.Equal(t, "ada", userOf(&a))
				a.reset()
				assert.Equal(t, "nobody", userOf(&a))
			})
			binding := a.user.With("ada")
			if i%2 == 0 {
				a.reset()
			}
			gls.Run(func() {
				assert.Equal(t, "ada", userOf(&a))
				assert.Equal(t, "bob", userOf(&b))
			}, binding)
		}
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
}

func TestStorageOverwrittenWithAnother(t *testing.T) {
	var a, b session
	b.user.Run("bob", func() {
		overwrite(&a, &b) // the copy is a storage of its own
		assert.Equal(t, "nobody", userOf(&a))
		binding := a.user.With("ada")
		a.user.Run("carol", func() {
			assert.Equal(t, "carol", userOf(&a))
			assert.Equal(t, "bob", userOf(&b))
		})
		overwrite(&b, &a) // and so is this
		assert.Equal(t, "nobody", userOf(&b))
		b.user.Run("dan", func() { assert.Equal(t, "dan", userOf(&b)) })
		gls.Run(func() { assert.Equal(t, "ada", userOf(&a)) }, binding)
	})
	assert.True(t, gls.Capture() == gls.Snapshot{})
	_ = a.n
}

// Values of storages that were reset while they were set do not pile up on a goroutine that never leaves its scopes.
func TestResetValuesAreGivenBack(t *testing.T) {
	type large struct {
		storage gls.Storage[*[4096]byte]
	}
	var others [4]session
	var bindings []gls.Binding
	for i := range others {
		bindings = append(bindings, others[i].user.With("bob"))
	}
	gls.Run(func() {
		var s large
		before := liveHeap()
		for range 1000 {
			s.storage.Enter(new([4096]byte))
			s = large{}
		}
		assert.Less(t, liveHeap()-before, int64(100*4096))
		for i := range others {
			assert.Equal(t, "bob", userOf(&others[i]))
		}
		runtime.KeepAlive(&s)
	}, bindings...)
}

func liveHeap() int64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

func TestSmoke(t *testing.T) {
	s := gls.New[string]("user")
	s2 := gls.New[error]("err")
	_, ok := s.Get()
	assert.False(t, ok)
	s.Run("a", func() {
		s2.Run(nil, func() {
			e, ok := s2.Get()
			assert.True(t, ok)
			assert.NoError(t, e)
			a := s.Enter("b")
			b := s.Enter("c")
			a.Leave()
			v, _ := s.Get()
			assert.Equal(t, "a", v)
			b.Leave()
			v, _ = s.Get()
			assert.Equal(t, "a", v)
			done := make(chan struct{})
			gls.Go(func() {
				v, _ := s.Get()
				assert.Equal(t, "a", v)
				close(done)
			})
			<-done
			errc := make(chan error)
			go func() {
				_, err := s.Lookup()
				errc <- err
			}()
			err := <-errc
			if gls.Propagation() == gls.Inherited {
				assert.NoError(t, err)
				return
			}
			var nse *gls.NotSetError
			assert.True(t, errors.As(err, &nse) && nse.Lost && errors.Is(err, gls.ErrNotSet))
		})
	})
	_, ok = s.Get()
	assert.False(t, ok)
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

// Disable ends values, everywhere, and no scope.
func TestRule13(t *testing.T) {
	t.Run("everywhere", func(t *testing.T) {
		a, b := gls.NewWithDefault("a", 9), gls.New[int]("b")
		hold, held := make(chan bool), make(chan bool)
		var snapshot gls.Snapshot
		var bound func() string
		var binding gls.Binding
		var group gls.WaitGroup
		gls.Run(func() {
			snapshot = gls.Capture()
			bound = gls.Bind(func() string { return see(a, b) })
			binding = a.With(5)
			for range 10 {
				group.Go(func() {
					a.Enter(3)
					held <- true
					<-hold
					if got := see(a, b); got != "- 2" {
						t.Errorf("on another goroutine: %q", got)
					}
					a.Run(4, func() {
						if got := see(a, b); got != "4 2" {
							t.Errorf("anew: %q", got)
						}
					})
					if got := see(a, b); got != "- 2" {
						t.Errorf("after that: %q", got)
					}
				})
				<-held
			}
			a.Disable()
			assert.Equal(t, "- 2", see(a, b), "here, and the other storage keeps its value")
			assert.Equal(t, "- 2", bound(), "in a bound function")
			snapshot.Run(func() { assert.Equal(t, "- 2", see(a, b), "in a snapshot") })
			v, ok := a.Get()
			assert.True(t, v == 9 && !ok, "the default shows")
			_, err := a.Lookup()
			assert.ErrorIs(t, err, gls.ErrNotSet)
			gls.Run(func() { assert.Equal(t, "5 2", see(a, b), "a binding is set by Run") }, binding)
		}, a.With(1), b.With(2))
		close(hold)
		group.Wait()
		assert.Equal(t, "- 2", bound())
	})
	t.Run("unwinding brings nothing back", func(t *testing.T) {
		s := gls.New[int]("s")
		s.Run(1, func() {
			scope := s.Enter(2)
			s.Run(3, func() {
				s.Exit(func() {
					s.Run(4, func() { s.Disable() })
					assert.Equal(t, "-", see(s))
				})
				assert.Equal(t, "-", see(s))
			})
			assert.Equal(t, "-", see(s))
			scope.Leave()
			assert.Equal(t, "-", see(s))
		})
		assert.Equal(t, "-", see(s))
	})
	t.Run("a new value at once, in the same scope", func(t *testing.T) {
		s := gls.New[int]("s")
		s.Run(1, func() {
			s.Disable()
			s.Run(2, func() {
				assert.Equal(t, "2", see(s))
				join(func() { assert.Equal(t, inChild("2"), see(s)) })
			})
			assert.Equal(t, "-", see(s))
			scope := s.Enter(3)
			assert.Equal(t, "3", see(s))
			seen := make(chan string)
			gls.Go(func() { seen <- see(s) })
			assert.Equal(t, "3", <-seen)
			s.Disable()
			assert.Equal(t, "-", see(s))
			scope.Leave()
			assert.Equal(t, "-", see(s))
			s.Enter(4)
			assert.Equal(t, "4", see(s))
		})
		assert.Equal(t, "-", see(s))
	})
	t.Run("never set", func(t *testing.T) {
		var s gls.Storage[int]
		s.Disable()
		s.Disable()
		assert.Equal(t, "-", see(&s))
		s.Run(1, func() { assert.Equal(t, "1", see(&s)) })
	})
	t.Run("while it is used", func(t *testing.T) {
		s := gls.New[int]("s")
		var group sync.WaitGroup
		stop := time.Now().Add(50 * time.Millisecond)
		for i := range 8 {
			group.Go(func() {
				for time.Now().Before(stop) {
					s.Run(i, func() {
						scope := s.Enter(i)
						if v, ok := s.Get(); ok && v != i {
							t.Errorf("%d instead of %d", v, i)
						}
						scope.Leave()
					})
					if see(s) != "-" {
						t.Error("a value outside of any scope")
					}
				}
			})
		}
		for time.Now().Before(stop) {
			s.Disable()
		}
		group.Wait()
	})
	t.Run("a nil storage", func(t *testing.T) {
		var s *gls.Storage[int]
		fn := func() { assert.Fail(t, "called") }
		methods := map[string]func(){
			"Run":       func() { s.Run(1, fn) },
			"Exit":      func() { s.Exit(fn) },
			"Enter":     func() { s.Enter(1) },
			"Get":       func() { s.Get() },
			"Lookup":    func() { _, _ = s.Lookup() },
			"GetOrFail": func() { s.GetOrFail() },
			"Disable":   func() { s.Disable() },
			"Name":      func() { _ = s.Name() },
			"String":    func() { _ = s.String() },
			"With":      func() { s.With(1) },
			"Call":      func() { gls.Call(s, 1, func() int { fn(); return 1 }) },
		}
		for _, name := range api.Names(func(name string, _ api.Function) bool { return strings.HasPrefix(name, "gls.Storage.") }) {
			assert.Contains(t, methods, strings.TrimPrefix(name, "gls.Storage."))
		}
		for method, call := range methods {
			before, place := gls.Capture(), carrier.Here()
			assert.Equal(t, "gls.Storage."+method+": called on a nil *Storage", panicOf(call))
			assert.True(t, before == gls.Capture() && place == carrier.Here(), method)
		}
		assert.Equal(t, "<nil>", fmt.Sprint(s), "fmt asks String and does not die of it")
	})
}
