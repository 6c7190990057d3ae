package conformance_test

import (
	"context"
	"iter"
	"runtime"
	"sync"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// iteratorRows are about iterators and what else is called by somebody else.
var iteratorRows = []row{
	{"G-29 the body of a range-over-func loop runs inside the iterator's Run", func(t *probe) {
		s := fresh[string](t)
		numbers := func(yield func(int) bool) {
			s.Run("iterator's", func() {
				for i := range 3 {
					if !yield(i) {
						return
					}
				}
			})
		}
		type exit func() (returned bool)
		for name, loop := range map[string]exit{
			"end": func() bool {
				for range numbers {
					sees(t, "iterator's", s)
				}
				return false
			},
			"break": func() bool {
				for i := range numbers {
					sees(t, "iterator's", s)
					if i == 1 {
						break
					}
				}
				return false
			},
			"return": func() bool {
				for i := range numbers {
					s.Enter("body's")
					if i == 1 {
						return true
					}
					sees(t, "body's", s)
				}
				return false
			},
			"continue outer": func() bool {
			outer:
				for range 2 {
					for i := range numbers {
						sees(t, "iterator's", s)
						if i == 1 {
							continue outer
						}
					}
				}
				return false
			},
		} {
			s.Run("loop's", func() {
				assert.Equal(t, name == "return", loop(), name)
				sees(t, "loop's", s, name)
			})
			unset(t, s, name)
		}
		s.Run("loop's", func() {
			assert.Equal(t, "panic", caught(func() {
				for range numbers {
					s.Enter("body's")
					panic("panic")
				}
			}))
			sees(t, "loop's", s)
			inGo(func() {
				defer sees(t, "loop's", s)
				for range numbers {
					runtime.Goexit()
				}
			})
		})
	}},
	{"G-30 iter.Pull made, advanced and stopped in three contexts", func(t *probe) {
		s := fresh[string](t)
		body := func(inBody func()) iter.Seq[int] {
			return func(yield func(int) bool) {
				inBody()
				defer inBody()
				s.Run("body's", func() {
					defer func() { sees(t, "body's", s) }()
					for yield(1) {
					}
				})
			}
		}
		use := func(seq iter.Seq[int]) {
			var next func() (int, bool)
			var stop func()
			s.Run("A", func() { next, stop = iter.Pull(seq) })
			for range 2 {
				s.Run("B", func() {
					_, ok := next()
					assert.True(t, ok)
					sees(t, "B", s)
				})
			}
			unset(t, s)
			s.Run("C", func() {
				stop()
				sees(t, "C", s)
			})
		}
		use(body(func() { plainSees(t, "A", s) }))
		var bound iter.Seq[int]
		s.Run("binder's", func() { bound = gls.Bind(body(func() { sees(t, "binder's", s) })) })
		use(bound)
	}},
	{"G-33 context.AfterFunc", func(t *probe) {
		s := fresh[string](t)
		for _, how := range []string{"cancelled later", "cancelled before", "deadline"} {
			ctx, cancel := context.WithCancel(context.Background())
			switch how {
			case "cancelled before":
				cancel()
			case "deadline":
				ctx, cancel = context.WithTimeout(ctx, time.Millisecond)
			}
			var wg sync.WaitGroup
			wg.Add(2)
			s.Run("registrar's", func() {
				context.AfterFunc(ctx, func() {
					defer wg.Done()
					plainSees(t, "registrar's", s, how) // never the canceller's
				})
				context.AfterFunc(ctx, gls.Bind(func() {
					defer wg.Done()
					sees(t, "registrar's", s, how)
				}))
			})
			if how == "cancelled later" {
				s.Run("canceller's", cancel)
			}
			wg.Wait()
			cancel()
		}
	}},
}
