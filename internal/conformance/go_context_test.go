package conformance_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

type ctxKey struct{}

// contextRows are about frames that travel in a context.Context.
var contextRows = []row{
	{"G-66 Resume continues the flow of a ctx on a goroutine that has none of it", func(t *probe) {
		s, own := fresh[string](t), fresh[string](t)
		var ctx context.Context
		s.Run("flow", func() { ctx = gls.NewContext(context.Background(), gls.Capture()) })
		unset(t, s)
		apart(func() {
			own.Run("consumer", func() {
				calls := 0
				gls.Resume(ctx, func() {
					calls++
					sees(t, "flow", s)
					unset(t, own)
					assert.Same(t, ctx, gls.Context())
					inGo(func() {
						sees(t, "flow", s)
						assert.Same(t, ctx, gls.Context())
					})
				})
				assert.Equal(t, 1, calls)
				unset(t, s)
				sees(t, "consumer", own)
				assert.Equal(t, context.Background(), gls.Context())
			})
		})
	}},
	{"G-67 Resume of a ctx that carries nothing stays in the caller's frame", func(t *probe) {
		s := fresh[string](t)
		ctx := context.WithValue(context.Background(), ctxKey{}, 1)
		_, carries := gls.FromContext(ctx)
		assert.False(t, carries)
		s.Run("caller", func() {
			gls.RunContext(context.TODO(), func() {
				gls.Resume(ctx, func() {
					sees(t, "caller", s)
					assert.Equal(t, ctx, gls.Context())
					s.Enter("entered")
				})
				sees(t, "caller", s)
				assert.Equal(t, context.TODO(), gls.Context())
			})
		})
	}},
	{"G-68 the newest snapshot of a chain of contexts wins", func(t *probe) {
		s := fresh[int](t)
		captured := func(i int) (c gls.Snapshot) {
			s.Run(i, func() { c = gls.Capture() })
			return c
		}
		for name, between := range betweens {
			one := between(gls.NewContext(context.Background(), captured(1)))
			two := between(gls.NewContext(one, captured(2)))
			three := between(gls.NewContext(two, gls.Snapshot{}))
			for i, ctx := range []context.Context{one, two} {
				got, ok := gls.FromContext(ctx)
				assert.True(t, ok, name)
				got.Run(func() { sees(t, i+1, s, name) })
				gls.Resume(ctx, func() {
					sees(t, i+1, s, name)
					assert.True(t, gls.Context() == ctx, name)
				})
			}
			s.Run(7, func() {
				gls.Resume(three, func() { unset(t, s, "nothing set is carried too: "+name) })
				got, ok := gls.FromContext(three)
				assert.True(t, ok && got == gls.Snapshot{}, name)
			})
		}
	}},
	{"G-69 a ctx with a snapshot is its parent in everything else", func(t *probe) {
		s := fresh[string](t)
		cause := errors.New("cause")
		parent, cancel := context.WithCancelCause(context.WithValue(context.Background(), ctxKey{}, "value"))
		parent, cancelTimeout := context.WithTimeout(parent, time.Hour)
		defer cancelTimeout()
		var ctx context.Context
		s.Run("flow", func() { ctx = gls.NewContext(parent, gls.Capture()) })
		goroutines := runtime.NumGoroutine()
		child, cancelChild := context.WithCancel(ctx)
		defer cancelChild()
		assert.LessOrEqual(t, runtime.NumGoroutine(), goroutines, "package context watches such a parent without a goroutine")
		assert.Equal(t, "value", child.Value(ctxKey{}))
		assert.Nil(t, child.Value("another"))
		at, ok := child.Deadline()
		wantAt, _ := parent.Deadline()
		assert.True(t, ok && at.Equal(wantAt))
		assert.NoError(t, ctx.Err())
		cancel(cause)
		<-child.Done()
		assert.Equal(t, context.Canceled, ctx.Err())
		assert.Equal(t, cause, context.Cause(child))
		assert.NotContains(t, fmt.Sprint(child), "flow", "no value is printed")
		assert.Contains(t, fmt.Sprint(child), ".WithSnapshot.WithCancel")
	}},
	{"G-70 Resume in a function of context.AfterFunc", func(t *probe) {
		s := fresh[string](t)
		s.Run("flow", func() {
			ctx, cancel := context.WithCancel(gls.NewContext(context.Background(), gls.Capture()))
			done := make(chan struct{})
			gls.Isolate(func() {
				context.AfterFunc(ctx, func() {
					defer close(done)
					unset(t, s)
					gls.Resume(ctx, func() {
						sees(t, "flow", s)
						assert.ErrorIs(t, gls.Context().Err(), context.Canceled)
					})
					unset(t, s)
				})
			})
			cancel()
			<-done
		})
	}},
	{"G-71 scopes and Resumes nest", func(t *probe) {
		s, other := fresh[int](t), fresh[int](t)
		var one, two context.Context
		s.Run(1, func() { one = gls.NewContext(context.Background(), gls.Capture()) })
		gls.Run(func() { two = gls.NewContext(one, gls.Capture()) }, s.With(2), other.With(2))
		s.Run(7, func() {
			gls.Resume(one, func() {
				other.Run(3, func() {
					gls.Resume(two, func() {
						sees(t, 2, s)
						sees(t, 2, other)
						gls.Resume(one, func() {
							sees(t, 1, s)
							unset(t, other)
						})
						sees(t, 2, other)
						assert.Same(t, two, gls.Context())
					})
					sees(t, 1, s)
					sees(t, 3, other)
					assert.Same(t, one, gls.Context())
				})
			})
			sees(t, 7, s)
		})
	}},
	{"G-72 an Enter and Resume", func(t *probe) {
		s := fresh[int](t)
		outer := s.Enter(1)
		ctx := gls.NewContext(context.Background(), gls.Capture())
		s.Enter(2)
		for range 2 {
			gls.Resume(ctx, func() {
				sees(t, 1, s, "an Enter in the Resume before is not seen")
				outer.Leave() // a scope of where the snapshot was taken
				sees(t, 1, s)
				defer s.Enter(3).Leave()
				s.Enter(4)
			})
			sees(t, 2, s)
		}
		outer.Leave()
		unset(t, s)
		gls.Resume(ctx, func() { sees(t, 1, s) })
	}},
	{"G-73 Resume ends by a panic or runtime.Goexit as by a return", func(t *probe) {
		s := fresh[int](t)
		var carries context.Context
		s.Run(1, func() { carries = gls.NewContext(context.Background(), gls.Capture()) })
		for _, ctx := range []context.Context{carries, context.TODO()} {
			s.Run(2, func() {
				value := new(int)
				assert.Same(t, value, caught(func() {
					gls.Resume(ctx, func() {
						s.Enter(3)
						panic(value)
					})
				}))
				sees(t, 2, s)
				assert.Equal(t, context.Background(), gls.Context())
			})
			onGoroutine(func() {
				defer unset(t, s)
				gls.Resume(ctx, func() {
					s.Enter(3)
					runtime.Goexit()
				})
			})
		}
	}},
	{"G-74 nil arguments and the zero Binding", func(t *probe) {
		s := fresh[int](t)
		var none context.Context
		s.Run(1, func() {
			before := gls.Capture()
			for text, call := range map[string]func(){
				"gls.Resume: nil function":        func() { gls.Resume(context.Background(), nil) },
				"gls.Resume: nil context":         func() { gls.Resume(none, func() { t.Errorf("called") }) },
				"gls.NewContext: nil context":     func() { gls.NewContext(none, before) },
				"gls.FromContext: nil context":    func() { gls.FromContext(none) },
				"gls.Snapshot.With: zero Binding": func() { before.With(s.With(2), gls.Binding{}) },
			} {
				assert.Equal(t, text, caught(call))
				assert.Equal(t, before, gls.Capture(), text)
			}
		})
	}},
	{"G-75 a storage that is disabled is not set in a ctx made before", func(t *probe) {
		s, other := fresh[int](t), fresh[int](t)
		var ctx context.Context
		var c gls.Snapshot
		gls.Run(func() {
			c = gls.Capture()
			ctx = gls.NewContext(context.Background(), c)
		}, s.With(1), other.With(1))
		bound := s.With(2)
		s.Disable()
		gls.Resume(ctx, func() {
			unset(t, s)
			sees(t, 1, other)
			s.Run(3, func() { sees(t, 3, s) })
		})
		c.With(bound).Run(func() { sees(t, 2, s, "With is a setting of its own, later than Disable") })
		c.With(other.With(2)).Run(func() { unset(t, s) })
	}},
	{"G-76 one ctx and one snapshot on many goroutines at once", func(t *probe) {
		s, other := fresh[int](t), fresh[int](t)
		gls.Run(func() {
			c := gls.Capture()
			ctx := gls.NewContext(context.Background(), c)
			var wg sync.WaitGroup
			for i := range 50 {
				wg.Go(func() {
					for range 20 {
						mine := c.With(s.With(i))
						mine.Run(func() { sees(t, i, s) })
						gls.Resume(gls.NewContext(ctx, mine), func() {
							sees(t, i, s)
							sees(t, -1, other)
						})
						gls.Resume(ctx, func() {
							sees(t, -1, s)
							s.Enter(i)
							runtime.Gosched()
							sees(t, i, s)
						})
					}
				})
			}
			wg.Wait()
			sees(t, -1, s)
		}, s.With(-1), other.With(-1))
	}},
	{"G-77 a ctx keeps what it carries and nothing that was replaced", func(t *probe) {
		s := fresh[*store](t)
		var ctx context.Context
		var replaced, replacedInWith, older, carried weak.Pointer[store]
		func() {
			values := [4]*store{newStore(), newStore(), newStore(), newStore()}
			replaced, replacedInWith = weak.Make(values[0]), weak.Make(values[1])
			older, carried = weak.Make(values[2]), weak.Make(values[3])
			s.Run(values[2], func() { ctx = gls.NewContext(context.Background(), gls.Capture()) })
			s.Run(values[0], func() {
				s.Run(values[1], func() {
					ctx = gls.NewContext(ctx, gls.Capture().With(s.With(values[3])))
				})
			})
		}()
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		collected(t, replaced, "replaced before Capture")
		collected(t, replacedInWith, "replaced by With")
		collected(t, older, "of the NewContext before")
		runtime.GC()
		assert.NotNil(t, carried.Value())
		gls.Resume(ctx, func() {
			v, ok := s.Get()
			assert.True(t, ok && v == carried.Value())
		})
	}},
	{"G-78 Snapshot.With", func(t *probe) {
		s, other := fresh[int](t), fresh[string](t)
		var c gls.Snapshot
		s.Run(1, func() { c = gls.Capture() })
		assert.Equal(t, c, c.With())
		assert.Equal(t, gls.Snapshot{}, gls.Snapshot{}.With())
		check := func(c gls.Snapshot, number int, text string) {
			t.Helper()
			c.Run(func() {
				sees(t, number, s)
				if text == "" {
					unset(t, other)
				} else {
					sees(t, text, other)
				}
			})
		}
		check(c.With(s.With(2)), 2, "")
		check(c.With(s.With(2), other.With("a"), s.With(3), other.With("b")), 3, "b")
		check(c.With(other.With("a")).With(s.With(0)), 0, "a")
		check(gls.Snapshot{}.With(s.With(5)), 5, "")
		check(c, 1, "")
		ctx := context.TODO()
		c.With(gls.WithContext(ctx)).Run(func() { assert.Equal(t, ctx, gls.Context()) })
		// As long as one likes: each is a snapshot of its own.
		many := []gls.Snapshot{c}
		for i := range 40 {
			many = append(many, many[i].With(fresh[int](t).With(i), s.With(i)))
		}
		for i, c := range many[1:] {
			check(c, i, "")
		}
	}},
	{"G-79 With of a snapshot with open Enters does not open them elsewhere", func(t *probe) {
		s, other := fresh[int](t), fresh[int](t)
		scope := s.Enter(1)
		c := gls.Capture().With(other.With(2))
		c.Run(func() {
			scope.Leave()
			sees(t, 1, s)
			sees(t, 2, other)
		})
		scope.Leave()
		unset(t, s)
	}},
	{"G-80 a goroutine started in Resume", func(t *probe) {
		s := fresh[int](t)
		var ctx context.Context
		s.Run(1, func() { ctx = gls.NewContext(context.Background(), gls.Capture()) })
		gls.Resume(ctx, func() {
			onGoroutine(func() {
				plainSees(t, 1, s)
				gls.Resume(ctx, func() { sees(t, 1, s) })
				gls.Resume(context.TODO(), func() { plainSees(t, 1, s) })
			})
		})
	}},
	{"G-81 a ctx whose Value is anybody's code", func(t *probe) {
		s := fresh[int](t)
		s.Run(1, func() {
			ctx := gls.NewContext(context.Background(), gls.Capture())
			s.Run(2, func() {
				gls.Resume(valuer{ctx, func() { s.Enter(3) }}, func() { sees(t, 1, s) })
				sees(t, 3, s, "its Enter was before the scope of Resume")
				assert.Equal(t, "x", caught(func() {
					gls.Resume(valuer{ctx, func() { panic("x") }}, func() { t.Errorf("called") })
				}))
				sees(t, 3, s)
				gls.Resume(valuer{context.TODO(), func() { s.Run(4, func() {}) }}, func() { sees(t, 3, s) })
			})
			sees(t, 1, s)
		})
	}},
}

// A valuer does something when it is asked for a value.
type valuer struct {
	context.Context

	do func()
}

func (v valuer) Value(key any) any {
	v.do()
	return v.Context.Value(key)
}

// betweens are what may stand between a NewContext and whoever is handed the ctx.
var betweens = map[string]func(ctx context.Context) context.Context{
	"nothing":       func(ctx context.Context) context.Context { return ctx },
	"WithValue":     func(ctx context.Context) context.Context { return context.WithValue(ctx, ctxKey{}, 1) },
	"WithoutCancel": context.WithoutCancel,
	"WithCancel": func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancel(ctx)
		cancel()
		return ctx
	},
	"WithTimeout": func(ctx context.Context) context.Context {
		ctx, cancel := context.WithTimeout(ctx, 0)
		cancel()
		return ctx
	},
	"all of them": func(ctx context.Context) context.Context {
		ctx, cancel := context.WithCancelCause(context.WithoutCancel(context.WithValue(ctx, ctxKey{}, 1)))
		cancel(nil)
		return context.WithValue(ctx, ctxKey{}, 2)
	},
	"a type of the user's": func(ctx context.Context) context.Context { return &valuer{ctx, func() {}} },
}
