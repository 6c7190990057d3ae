package httpctx_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/ambient-go/ambient/httpctx"
)

// implementations are ways to have something of the request below the handler.
var implementations = []struct {
	name string
	wrap func(next http.Handler) http.Handler
}{
	{"ambient", httpctx.Middleware},
	{"context", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			ctx := context.WithValue(r.Context(), benchKey{}, new(User))
			next.ServeHTTP(w, r.WithContext(ctx))
		})
	}},
	{"none", func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { next.ServeHTTP(w, r) })
	}},
}

type benchKey struct{}

// The handler is a variable, so that nothing is inlined into the implementations.
var benchHandler http.Handler = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusOK)
})

// A benchWriter takes no time.
type benchWriter struct{ header http.Header }

func (w benchWriter) Header() http.Header         { return w.header }
func (w benchWriter) Write(p []byte) (int, error) { return len(p), nil }
func (w benchWriter) WriteHeader(int)             {}

// BenchmarkMiddleware is what a request costs on its way to the handler and back.
func BenchmarkMiddleware(b *testing.B) {
	for _, impl := range implementations {
		b.Run("impl="+impl.name, func(b *testing.B) {
			h := impl.wrap(benchHandler)
			var w http.ResponseWriter = benchWriter{make(http.Header)}
			r := newRequest("/orders/7")
			b.ReportAllocs()
			for b.Loop() {
				h.ServeHTTP(w, r)
			}
		})
	}
}

func BenchmarkMiddlewareParallel(b *testing.B) {
	for _, impl := range implementations {
		b.Run("impl="+impl.name, func(b *testing.B) {
			h := impl.wrap(benchHandler)
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				var w http.ResponseWriter = benchWriter{make(http.Header)}
				r := newRequest("/orders/7")
				for pb.Next() {
					h.ServeHTTP(w, r)
				}
			})
		})
	}
}
