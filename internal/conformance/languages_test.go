package conformance_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

func TestConformanceLanguages(t *testing.T) {
	inEveryState(t, languageRows)
	inOneState(t, languageSizeRows)
}

// languageRows are of the suites of other languages' ambient values.
var languageRows = []row{
	{"P-01 values that are set and reset by tokens", func(t *probe) {
		s := fresh[string](t)
		outer := s.Enter("outer")
		inner := s.Enter("inner")
		inner.Leave()
		sees(t, "outer", s)
		s.Enter("third")
		inner.Leave()
		sees(t, "third", s, "a token is used once")
		c := gls.Capture()
		outer.Leave()
		unset(t, s, "what was set before the token is back")
		outer.Leave()
		unset(t, s)
		c.Run(func() { sees(t, "third", s, "a copy is of the moment at which it was taken") })
	}},
	{"P-02 a token of another context", func(t *probe) {
		s := fresh[string](t)
		var scope gls.Scope
		gls.Capture().Run(func() { scope = s.Enter("in the snapshot") })
		defer s.Enter("outside").Leave()
		scope.Leave()
		sees(t, "outside", s)
		gls.Capture().Run(func() {
			scope.Leave()
			sees(t, "outside", s)
		})
	}},
	{"P-05 arguments and results of bound functions of many shapes", func(t *probe) {
		s := fresh[string](t)
		type variadic func(n int, rest ...string) (string, error)
		var (
			v    variadic
			wide func(in [40]int, call func() int, err error, none any) (out [3]int, m map[string]int, same error)
			exit func(int) int
		)
		s.Run("bound", func() {
			v = gls.Bind(variadic(func(n int, rest ...string) (string, error) {
				return fmt.Sprint(s.GetOrFail(), n, rest == nil, len(rest)), errors.ErrUnsupported
			}))
			wide = gls.Bind(func(in [40]int, call func() int, err error, none any) ([3]int, map[string]int, error) {
				assert.Nil(t, none)
				return [3]int{in[39], call()}, map[string]int{s.GetOrFail(): 1}, err
			})
			exit = gls.Bind(func(int) int {
				s.Enter("entered")
				runtime.Goexit()
				return 1
			})
		})
		s.Run("caller's", func() {
			text, err := v(1)
			assert.Equal(t, "bound1 true 0", text)
			assert.Equal(t, errors.ErrUnsupported, err)
			rest := []string{"a", "b"}
			text, _ = v(2, rest...)
			assert.Equal(t, "bound2 false 2", text)
			out, m, err := wide([40]int{39: 7}, func() int { return len(s.GetOrFail()) }, nil, nil)
			assert.Equal(t, [3]int{7, len("bound")}, out)
			assert.Equal(t, map[string]int{"bound": 1}, m)
			assert.NoError(t, err)
			inGo(func() {
				defer sees(t, "caller's", s)
				exit(1)
			})
			sees(t, "caller's", s)
		})
	}},
	{"P-06 the deferred functions of a task see its values, however it ends", func(t *probe) {
		s := fresh[string](t)
		for _, end := range []func(){func() {}, runtime.Goexit} {
			var wg gls.WaitGroup
			wg.Add(3)
			check := func() {
				defer wg.Done()
				sees(t, "task's", s)
			}
			s.Run("task's", func() {
				gls.Go(func() {
					defer check()
					defer func() {
						gls.Go(check)
						gls.Bind(check)()
					}()
					end()
				})
			})
			wg.Wait()
		}
	}},
	{"P-07 spans that are entered twice and left out of order", func(t *probe) {
		s := fresh[string](t)
		first := s.Enter("A")
		second := s.Enter("B")
		again := s.Enter("A")
		second.Leave() // and with it what was entered inside
		sees(t, "A", s)
		again.Leave()
		sees(t, "A", s)
		third := s.Enter("C")
		first.Leave()
		unset(t, s)
		third.Leave()
		unset(t, s)
	}},
	{"P-08 a worker for several flows, with and without their values", func(t *probe) {
		s := fresh[string](t)
		tasks, done := make(chan func()), make(chan struct{})
		ended := make(chan struct{})
		gls.Isolate(func() {
			go func() {
				defer close(ended)
				for task := range tasks {
					task()
					done <- struct{}{}
				}
			}()
		})
		do := func(task func()) {
			tasks <- task
			<-done
		}
		for _, flow := range []string{"A", "B", "A"} {
			s.Run(flow, func() {
				do(gls.Bind(func() {
					sees(t, flow, s)
					s.Enter("never left")
				}))
				do(func() { unset(t, s, "a task without values") })
				s.Run("inner", func() {
					added := gls.Capture().With(s.With("added"))
					do(func() { added.Run(func() { sees(t, "added", s) }) })
				})
				do(func() { assert.NotNil(t, caught(gls.Bind(func() { panic(flow) }))) })
				do(func() { unset(t, s, "after a panic") })
				sees(t, flow, s)
			})
		}
		close(tasks)
		<-ended
	}},
	{"P-09 a detached task keeps its value alive until it ends, and no longer", func(t *probe) {
		s := fresh[*store](t)
		gate, ended := make(chan struct{}), make(chan struct{})
		held := func() weak.Pointer[store] {
			value := newStore("key", 1)
			s.Run(value, func() {
				gls.Go(func() {
					defer close(ended)
					<-gate
					got, ok := s.Get()
					assert.True(t, ok && got.data["key"] == 1)
				})
				s.Exit(func() { gls.Go(func() { unset(t, s) }) })
			})
			return weak.Make(value)
		}()
		runtime.GC()
		assert.NotNil(t, held.Value())
		close(gate)
		<-ended
		collected(t, held)
	}},
	{"P-10 storages that are made where others were dropped are unset", func(t *probe) {
		before := make(chan struct{})
		dropped, made := make(chan struct{}), make(chan []*gls.Storage[string])
		go func() {
			defer close(before)
			for range 100 {
				gls.New[string]("dropped").Enter("bar")
			}
			runtime.GC()
			close(dropped)
			for _, s := range <-made {
				unset(t, s)
			}
		}()
		<-dropped
		all := make([]*gls.Storage[string], 100)
		for i := range all {
			all[i] = gls.New[string]("made")
		}
		made <- all
		<-before
	}},
	{"P-11 a default is there on every goroutine, whatever others set", func(t *probe) {
		s := gls.NewWithDefault("", "initial")
		is := func(want string, set bool) {
			got, ok := s.Get()
			assert.Equal(t, want, got)
			assert.Equal(t, set, ok)
		}
		inGo(func() { is("initial", false) })
		inGo(func() { s.Enter("child's") })
		is("initial", false)
		s.Run("outer", func() {
			inGo(func() {
				is("outer", true)
				s.Enter("child's")
				s.Exit(func() { apart(func() { is("initial", false) }) })
			})
			is("outer", true)
		})
		is("initial", false)
	}},
}

// languageSizeRows are those that depend on the number of storages: a frame's form changes with its size.
var languageSizeRows = []row{
	{"P-03 one to forty storages that are set, changed and left in any order", func(t *probe) {
		for n := 1; n <= 40; n++ {
			storages, scopes := make([]*gls.Storage[int], n), make([]gls.Scope, n)
			for i := range storages {
				storages[i] = gls.New[int]("")
				scopes[i] = storages[i].Enter(i)
				for j := range i + 1 {
					change := storages[j].Enter(j + 1)
					sees(t, j+1, storages[j])
					change.Leave()
					sees(t, j, storages[j])
				}
			}
			left := map[int]bool{}
			for _, i := range rand.Perm(n) {
				scopes[i].Leave()
				left[i] = true
				for j, s := range storages {
					if left[j] {
						unset(t, s, n)
					} else {
						sees(t, j, s, n)
					}
				}
			}
		}
	}},
	{"P-04 one to forty storages, a snapshot at each level, run from each other", func(t *probe) {
		for _, n := range []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 15, 16, 17, 40} {
			storages, snapshots := make([]*gls.Storage[int], n), make([]gls.Snapshot, n)
			for i := range storages {
				storages[i] = gls.New[int]("")
			}
			from := func(level int) { // the storages from level on are set
				for i, s := range storages {
					if i < level {
						unset(t, s, n)
					} else {
						sees(t, i, s, n)
					}
				}
			}
			var set func(level int)
			set = func(level int) {
				storages[level].Run(level, func() {
					snapshots[level] = gls.Capture()
					if level > 0 {
						set(level - 1)
					}
					from(level)
				})
			}
			set(n - 1)
			from(n)
			for level, c := range snapshots {
				c.Run(func() {
					gls.Isolate(func() { from(n) })
					for inner, c := range snapshots {
						c.Run(func() { from(inner) })
						from(level)
					}
				})
				from(n)
			}
		}
	}},
	{"P-12 many bindings in one Run, of which some are of one storage", func(t *probe) {
		storages := make([]*gls.Storage[int], 40)
		for i := range storages {
			storages[i] = gls.New[int]("")
		}
		var bind func(outer map[int]int, depth int)
		bind = func(outer map[int]int, depth int) {
			now := map[int]int{}
			maps.Copy(now, outer)
			var bindings []gls.Binding
			for range rand.IntN(60) {
				i, v := rand.IntN(len(storages)), rand.Int()
				bindings = append(bindings, storages[i].With(v))
				now[i] = v // the later wins
			}
			are := func(want map[int]int) {
				for i, s := range storages {
					if v, ok := want[i]; ok {
						sees(t, v, s)
					} else {
						unset(t, s)
					}
				}
			}
			given := slices.Clone(bindings)
			gls.Run(func() {
				are(now)
				clear(bindings) // what the caller does with its slice changes nothing
				are(now)
				if depth > 0 {
					bind(now, depth-1)
				}
				gls.Capture().With(given...).Run(func() { are(now) })
				var wg sync.WaitGroup
				wg.Go(gls.Bind(func() { are(now) }))
				wg.Wait()
			}, bindings...)
			are(outer)
		}
		for range 50 {
			bind(nil, 3)
		}
	}},
}
