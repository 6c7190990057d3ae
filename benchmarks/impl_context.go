package main

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"
)

type (
	valueKey struct{}
	unsetKey struct{}
	otherKey int
)

// passed passes a context.Context as a parameter.
func passed() impl {
	v := &value{1}
	base := context.Background()
	ctx := context.WithValue(base, valueKey{}, v)
	return impl{
		name: "context",
		get: func(storages int, measure timed) {
			ctx := ctx
			for i := range storages / 2 { // on average half of the others lie above the one that is read
				ctx = context.WithValue(ctx, otherKey(i), v)
			}
			measure(reading(ctx))
		},
		miss: func(measure timed) {
			measure(func(n int) {
				var last *value
				for range n {
					last, _ = ctx.Value(unsetKey{}).(*value)
				}
				sink = last
			})
		},
		read: func(depth int, measure timed) {
			ctx := ctx
			for i := range depth - 1 {
				ctx = context.WithValue(ctx, otherKey(i), v)
			}
			measure(reading(ctx))
		},
		nested: func(measure timed) {
			measure(func(n int) {
				for range n {
					take(context.WithValue(ctx, valueKey{}, v))
				}
			})
		},
		outermost: func(measure timed) {
			measure(func(n int) {
				for range n {
					take(context.WithValue(base, valueKey{}, v))
				}
			})
		},
		spawn: func(width int, measure timed) {
			measure(func(n int) {
				for range n {
					var done sync.WaitGroup
					done.Add(width)
					for range width {
						go func(ctx context.Context) {
							sink, _ = ctx.Value(valueKey{}).(*value)
							done.Done()
						}(ctx)
					}
					done.Wait()
				}
			})
		},
		park: func(n int, release <-chan struct{}, measure func()) {
			parking(n, release, goStatement, func() { _, _ = ctx.Value(valueKey{}).(*value) }, measure)
		},
		middleware: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, v)))
			})
		},
		handler: func(measure timed) {
			measure(func(n int) {
				for range n {
					layerContext(ctx, 5)
				}
			})
		},
	}
}

// passedWithStart has a middleware alone, one that also keeps the request's start time, as httpctx
// does.
func passedWithStart() impl {
	return impl{
		name: "context+start",
		middleware: func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), valueKey{}, &request{start: time.Now()})))
			})
		},
	}
}

type request struct {
	value
	start time.Time
}

func reading(ctx context.Context) func(n int) {
	return func(n int) {
		var last *value
		for range n {
			last, _ = ctx.Value(valueKey{}).(*value)
		}
		sink = last
	}
}

//go:noinline
func take(context.Context) {}

// layerContext is layer with a context as its parameter.
func layerContext(ctx context.Context, depth int) {
	for range 4 {
		sink, _ = ctx.Value(valueKey{}).(*value)
	}
	if depth > 1 {
		layerContext(ctx, depth-1)
		return
	}
	spawning(4, goStatement, func() { sink, _ = ctx.Value(valueKey{}).(*value) })(1)
}

func goStatement(fn func()) { go fn() }

func newExchange() (http.ResponseWriter, *http.Request) {
	return httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/posts/7", http.NoBody)
}
