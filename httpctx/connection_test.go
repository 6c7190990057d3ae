package httpctx_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// What a handler enters and never leaves is seen by the next request on the connection, unless something around the
// handler ends it.
func TestEnterWithoutLeaveOnAConnection(t *testing.T) {
	user := gls.New[string]("user")
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		before, _ := user.Get()
		user.Enter(r.URL.Path)
		if r.URL.Query().Has("panic") {
			panic(http.ErrAbortHandler)
		}
		fmt.Fprintf(w, "%q", before)
	})
	around := func(fn func(w http.ResponseWriter, r *http.Request)) http.Handler { return http.HandlerFunc(fn) }
	for name, test := range map[string]struct {
		handler http.Handler
		second  string
	}{
		"nothing":    {handler, `"/ada"`},
		"Middleware": {httpctx.Middleware(handler), `""`},
		"Middleware inside TimeoutHandler": {
			http.TimeoutHandler(httpctx.Middleware(handler), 1<<40, ""), `""`,
		},
		"httpctx.Run": {around(func(w http.ResponseWriter, r *http.Request) {
			httpctx.Run(w, r, func() { handler(w, r) })
		}), `""`},
		"gls.Isolate": {around(func(w http.ResponseWriter, r *http.Request) {
			gls.Isolate(func() { handler(w, r) })
		}), `""`},
		"gls.Run": {around(func(w http.ResponseWriter, r *http.Request) {
			gls.Run(func() { handler(w, r) })
		}), `""`},
	} {
		t.Run(name, func(t *testing.T) {
			w := dial(t, serve(t, test.handler))
			first, err := w.ask(t, "/ada")
			assert.NoError(t, err)
			assert.Equal(t, `""`, first)
			second, err := w.ask(t, "/bob")
			assert.NoError(t, err)
			assert.Equal(t, test.second, second)
		})
	}
	t.Run("a handler that panics", func(t *testing.T) {
		recovering := around(func(w http.ResponseWriter, r *http.Request) {
			defer func() {
				if recover() != nil {
					left, _ := user.Get()
					fmt.Fprintf(w, "recovered %q", left)
				}
			}()
			httpctx.Middleware(handler).ServeHTTP(w, r)
		})
		w := dial(t, serve(t, recovering))
		first, err := w.ask(t, "/ada?panic")
		assert.NoError(t, err)
		assert.Equal(t, `recovered ""`, first)
		second, err := w.ask(t, "/bob")
		assert.NoError(t, err)
		assert.Equal(t, `""`, second)
	})
	t.Run("switched off it is as without", func(t *testing.T) {
		switchedOff(func() {
			r := newRequest("/ada")
			join(plain, func() {
				httpctx.Middleware(handler).ServeHTTP(httptest.NewRecorder(), r)
				left, _ := user.Get()
				assert.Equal(t, "/ada", left)
			})
		})
	})
}
