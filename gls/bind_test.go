package gls_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

type (
	plainFunc  func()
	errorFunc  func() error
	resultFunc func(int, ...string) (string, error)

	genericFunc[T any] func()
)

type counter struct {
	seen  func()
	count int
}

func (c *counter) add(n int) int {
	c.seen()
	c.count += n
	return c.count
}

func pair[A, B any](a A, b B) (B, A) { return b, a }

var inBind = gls.New[string]("inBind")

// bound returns what fn is after Bind in a scope whose value is "bind".
func bound[F any](fn F) F {
	return gls.Call(inBind, "bind", func() F { return gls.Bind(fn) })
}

// elsewhereSeen calls fn in a scope of another value and checks that the value is back afterwards.
func elsewhereSeen(t *testing.T, fn func(seen func())) {
	t.Helper()
	calls := 0
	inBind.Run("call", func() {
		fn(func() {
			calls++
			assert.Equal(t, "bind", inBind.GetOrFail())
			inBind.Enter("not left")
		})
		assert.Equal(t, "call", inBind.GetOrFail())
	})
	assert.Equal(t, 1, calls)
}

// Every function type keeps its signature, its arguments and its results.
func TestBindOfEveryFunctionType(t *testing.T) {
	for name, test := range map[string]func(seen func()){
		"func()":               func(seen func()) { bound(seen)() },
		"named":                func(seen func()) { bound(plainFunc(seen))() },
		"context.CancelFunc":   func(seen func()) { bound(context.CancelFunc(seen))() },
		"instantiated generic": func(seen func()) { bound(genericFunc[int](seen))() },
		"func() error": func(seen func()) {
			assert.Same(t, io.EOF, bound(func() error { seen(); return io.EOF })())
		},
		"func() error, nil": func(seen func()) {
			err := bound(func() error { seen(); return nil })()
			assert.True(t, err == nil, "the nil interface")
		},
		"named, error": func(seen func()) {
			err := bound(errorFunc(func() error { seen(); return nil }))()
			assert.True(t, err == nil, "the nil interface")
		},
		"http.HandlerFunc": func(seen func()) {
			var handler http.Handler = bound(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				seen()
				_, _ = io.WriteString(w, r.URL.Path)
			}))
			w := httptest.NewRecorder()
			handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/path", nil))
			assert.Equal(t, "/path", w.Body.String())
		},
		"arguments and results": func(seen func()) {
			f := bound(func(a int, b []string, c map[string]int, d *int) (int, error) {
				seen()
				*d = a + len(b) + c["x"]
				return *d, nil
			})
			var d int
			got, err := f(1, []string{"a"}, map[string]int{"x": 3}, &d)
			assert.NoError(t, err)
			assert.Equal(t, 5, got)
			assert.Equal(t, 5, d)
		},
		"variadic": func(seen func()) {
			f := bound(func(first int, rest ...string) string {
				seen()
				return fmt.Sprint(first, len(rest), rest == nil, rest)
			})
			assert.Equal(t, "1 2 false [a b]", f(1, "a", "b"))
		},
		"variadic, nothing given": func(seen func()) {
			f := bound(resultFunc(func(first int, rest ...string) (string, error) {
				seen()
				return fmt.Sprint(first, len(rest), rest == nil), io.EOF
			}))
			got, err := f(1)
			assert.Equal(t, "1 0 true", got)
			assert.Same(t, io.EOF, err)
		},
		"variadic, a list": func(seen func()) {
			list := []int{1, 2}
			bound(func(all ...int) {
				seen()
				all[0] = 7
			})(list...)
			assert.Equal(t, 7, list[0], "the caller's list, not a copy")
		},
		"interface arguments": func(seen func()) {
			f := bound(func(err error, v any) bool { seen(); return err == nil && v == nil })
			assert.True(t, f(nil, nil))
		},
		"method value": func(seen func()) {
			c := &counter{seen: seen}
			assert.Equal(t, 3, bound(c.add)(3))
			assert.Equal(t, 3, c.count)
		},
		"method expression": func(seen func()) {
			c := &counter{seen, 1}
			assert.Equal(t, 3, bound((*counter).add)(c, 2))
		},
		"generic": func(seen func()) {
			f := bound(func(a int, b string) (string, int) { seen(); return pair(a, b) })
			b, a := f(1, "x")
			assert.Equal(t, "x1", fmt.Sprint(b, a))
		},
		"iterator": func(seen func()) {
			seq := bound(func(yield func(int) bool) {
				seen()
				_ = yield(1) && yield(2)
			})
			assert.Equal(t, []int{1, 2}, slices.Collect(seq))
		},
		"a bound function": func(seen func()) {
			inner := bound(func(int) int { seen(); return 1 })
			inBind.Run("outer", func() { assert.Equal(t, 1, gls.Bind(inner)(0)) })
		},
	} {
		t.Run(name, func(t *testing.T) { elsewhereSeen(t, test) })
	}
}

// A panic or Goexit inside a bound function of any type ends its scope and passes through.
func TestBindEndsOnPanicAndGoexit(t *testing.T) {
	value := errors.New("of its own")
	for name, boundTo := range map[string]func(fn func()) func(){
		"func()":       func(fn func()) func() { return bound(fn) },
		"named":        func(fn func()) func() { return bound(plainFunc(fn)) },
		"func() error": func(fn func()) func() { f := bound(func() error { fn(); return nil }); return func() { _ = f() } },
		"other": func(fn func()) func() {
			f := bound(func(int, ...int) (int, error) { fn(); return 1, nil })
			return func() { _, _ = f(1, 2, 3) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBind.Run("call", func() {
				assert.Same(t, value, panicOf(boundTo(func() {
					inBind.Enter("not left")
					explode(value)
				})))
				assert.Equal(t, "call", inBind.GetOrFail())
				var fault runtime.Error
				err, _ := panicOf(boundTo(func() { _ = []int{}[len(name)] })).(error)
				assert.ErrorAs(t, err, &fault)
				assert.Equal(t, "call", inBind.GetOrFail())
			})
			var seen []string
			join(func() {
				inBind.Run("call", func() {
					defer func() { seen = append(seen, inBind.GetOrFail()) }()
					boundTo(func() {
						defer func() { seen = append(seen, inBind.GetOrFail()) }()
						runtime.Goexit()
					})()
					seen = append(seen, "returned")
				})
			})
			assert.Equal(t, "bind call", strings.Join(seen, " "))
		})
	}
}
