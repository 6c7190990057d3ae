package conformance_test

import (
	"context"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"iter"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// initially is what a storage is while package-level variables are initialised.
var _, initially = unrelated.Get()

// specificationRows are what the specification's text says.
var specificationRows = []row{
	{"T-21 Run puts the whole frame back", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		for name, run := range map[string]func(fn func()){
			"Run":          func(fn func()) { a.Run("v", fn) },
			"Exit":         a.Exit,
			"Snapshot.Run": gls.Capture().Run,
			"bound":        func(fn func()) { gls.Bind(fn)() },
		} {
			b.Run("before", func() {
				run(func() {
					a.Enter("entered")
					b.Enter("entered")
				})
				unset(t, a, name)
				sees(t, "before", b, name)
				assert.Equal(t, "panic", caught(func() {
					run(func() {
						a.Enter("entered")
						b.Enter("entered")
						panic("panic")
					})
				}))
				unset(t, a, name)
				sees(t, "before", b, name)
			})
		}
	}},
	{"T-22 any number of captures", func(t *probe) {
		s := fresh[int](t)
		captures := make([]gls.Snapshot, 100)
		for i := range captures {
			s.Run(i, func() {
				captures[i] = gls.Capture()
				assert.Equal(t, captures[i], gls.Capture())
				s.Run(-1, func() {})
				s.Enter(-1)
			})
		}
		for i := range captures {
			captures[i].Run(func() { sees(t, i, s) })
		}
	}},
	{"T-23 a capture runs repeatedly, nested, inside itself and concurrently", func(t *probe) {
		s := fresh[string](t)
		c := gls.Call(s, "v", gls.Capture)
		other := gls.Call(s, "other", gls.Capture)
		check := func() {
			for range 3 {
				c.Run(func() {
					sees(t, "v", s)
					other.Run(func() {
						c.Run(func() { sees(t, "v", s) })
						sees(t, "other", s)
					})
					c.Run(func() { sees(t, "v", s) })
					sees(t, "v", s)
				})
			}
		}
		check()
		var wg gls.WaitGroup
		for range 10 {
			wg.Go(check)
		}
		wg.Wait()
	}},
	{"T-25 a storage is its address", func(t *probe) {
		a, b := fresh[string](t), fresh[string](t)
		assert.Equal(t, a.Name(), b.Name())
		a.Run("a", func() {
			unset(t, b)
			b.Run("b", func() {
				sees(t, "a", a)
				sees(t, "b", b)
				a.Exit(func() { sees(t, "b", b) })
				a.Disable()
				sees(t, "b", b)
			})
		})
		var zeros [2]gls.Storage[string]
		zeros[0].Run("0", func() {
			sees(t, "0", &zeros[0])
			unset(t, &zeros[1])
		})
	}},
	{"T-26 no name and no default", func(t *probe) {
		var s gls.Storage[int]
		assert.Equal(t, "", s.Name())
		unset(t, &s)
	}},
	{"T-28 nothing lists storages or values", func(t *probe) {
		for _, opaque := range []reflect.Type{
			reflect.TypeFor[gls.Storage[int]](), reflect.TypeFor[gls.Snapshot](),
			reflect.TypeFor[gls.Binding](), reflect.TypeFor[gls.Scope](),
		} {
			for i := range opaque.NumField() {
				assert.False(t, opaque.Field(i).IsExported(), "%v.%s", opaque, opaque.Field(i).Name)
			}
		}
		for _, opaque := range []reflect.Type{
			reflect.TypeFor[*gls.Snapshot](), reflect.TypeFor[*gls.Binding](), reflect.TypeFor[*gls.Scope](),
		} {
			for i := range opaque.NumMethod() {
				m := opaque.Method(i)
				shows := m.Type.NumOut() > 0 && m.Name != "String" && m.Type.Out(0) != reflect.TypeFor[gls.Snapshot]()
				assert.False(t, shows, "%v.%s has a result", opaque, m.Name)
			}
		}
		declared := 0
		for fn := range exportedFunctions(t) {
			declared++
			for _, result := range fn.Type.Results.List {
				assert.NotRegexp(t, `Seq|map\[|\[\]|chan`, types.ExprString(result.Type), fn.Name.Name)
			}
		}
		assert.Greater(t, declared, 5)
	}},
	{"T-29 panic and Goexit put everything back", func(t *probe) {
		s := fresh[string](t)
		c := gls.Call(s, "captured", gls.Capture)
		for name, run := range map[string]func(fn func()){
			"Run":          func(fn func()) { s.Run("v", fn) },
			"bound":        func(fn func()) { gls.Bind(fn)() },
			"Snapshot.Run": c.Run,
		} {
			s.Run("before", func() {
				assert.Equal(t, "panic", caught(func() { run(func() { panic("panic") }) }), name)
				sees(t, "before", s, name)
				inGo(func() {
					defer sees(t, "before", s, name)
					run(runtime.Goexit)
					assert.Fail(t, "Goexit returns", name)
				})
				sees(t, "before", s, name)
			})
		}
	}},
	{"T-30 the call counts, not when the function runs", func(t *probe) {
		s := fresh[string](t)
		gate := make(chan struct{})
		var wg gls.WaitGroup
		body := func() {
			<-gate
			sees(t, "at the call", s)
		}
		var bound func()
		s.Run("at the call", func() {
			bound = gls.Bind(body)
			wg.Go(body)
			wg.Add(1)
			gls.Go(func() {
				defer wg.Done()
				body()
			})
			s.Enter("later")
		})
		s.Run("even later", func() {
			close(gate)
			wg.Wait()
			bound()
		})
	}},
	{"T-31 registered on what is over and on what is not", func(t *probe) {
		s := fresh[string](t)
		over, cancelOver := context.WithCancel(context.Background())
		cancelOver()
		pending, cancel := context.WithCancel(context.Background())
		var wg sync.WaitGroup
		s.Run("registration", func() {
			for _, ctx := range []context.Context{over, pending} {
				wg.Add(1)
				context.AfterFunc(ctx, gls.Bind(func() {
					defer wg.Done()
					sees(t, "registration", s)
				}))
			}
		})
		s.Run("cancellation", cancel)
		wg.Wait()
	}},
	{"T-33,G-32 finalizers and cleanups, bound and not", func(t *probe) {
		s := fresh[string](t)
		var wg sync.WaitGroup
		wg.Add(4)
		s.Run("registration", func() {
			plain := func() {
				defer wg.Done()
				unset(t, s)
			}
			bound := gls.Bind(func() {
				defer wg.Done()
				sees(t, "registration", s)
			})
			runtime.SetFinalizer(newStore(), func(*store) { plain() })
			runtime.SetFinalizer(newStore(), func(*store) { bound() })
			runtime.AddCleanup(newStore(), func(int) { plain() }, 0)
			runtime.AddCleanup(newStore(), func(int) { bound() }, 0)
		})
		done := make(chan struct{})
		go func() {
			defer close(done)
			wg.Wait()
		}()
		assert.True(t, poll(func(int) bool {
			runtime.GC()
			select {
			case <-done:
				return true
			default:
				return false
			}
		}))
	}},
	{"T-34,T-35 iter.Pull", func(t *probe) {
		s := fresh[string](t)
		body := func(start func()) iter.Seq[int] {
			return func(yield func(int) bool) {
				start()
				yield(1)
				start()
				s.Run("generator's", func() {
					yield(2)
					sees(t, "generator's", s)
				})
				s.Enter("entered")
				yield(3)
				sees(t, "entered", s)
			}
		}
		pull := func(seq iter.Seq[int]) {
			var next func() (int, bool)
			var stop func()
			s.Run("creator's", func() { next, stop = iter.Pull(seq) })
			defer stop()
			for i := 1; i <= 3; i++ {
				s.Run("consumer's", func() {
					got, ok := next()
					assert.True(t, ok)
					assert.Equal(t, i, got)
					sees(t, "consumer's", s)
				})
				unset(t, s)
			}
			_, ok := next()
			assert.False(t, ok)
			unset(t, s)
		}
		pull(body(func() { plainSees(t, "creator's", s) }))
		s.Run("binder's", func() {
			bound := gls.Bind(body(func() { sees(t, "binder's", s) }))
			s.Exit(func() { pull(bound) })
		})
	}},
	{"T-36 package-level variables are initialised with nothing set", func(t *probe) {
		assert.False(t, initially)
	}},
}

// exportedFunctions yields the exported functions and methods with results in the source of package gls.
func exportedFunctions(t *probe) iter.Seq[*ast.FuncDecl] {
	return func(yield func(*ast.FuncDecl) bool) {
		names, err := filepath.Glob("../../gls/*.go")
		assert.NoError(t, err)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
			if !assert.NoError(t, err) {
				continue
			}
			for _, d := range file.Decls {
				fn, ok := d.(*ast.FuncDecl)
				if ok && fn.Name.IsExported() && fn.Type.Results != nil && !yield(fn) {
					return
				}
			}
		}
	}
}
