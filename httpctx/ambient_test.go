package httpctx_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
)

// withValue returns a GET request whose context has a value and can be cancelled.
func withValue(t *testing.T, key, value any) *http.Request {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithValue(t.Context(), key, value))
	t.Cleanup(cancel)
	return newRequest("/").WithContext(ctx)
}

// When the request is over, however it ends, its context is not the ambient one of any goroutine that it started.
func TestAmbientContextEndsWithTheRequest(t *testing.T) {
	type key struct{}
	own := context.WithValue(context.Background(), key{}, "own")
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			var over gls.Snapshot
			ask, done := make(chan bool), make(chan struct{})
			join(plain, func() {
				defer func() { _ = recover() }()
				r := withValue(t, key{}, "v")
				httpctx.Run(httptest.NewRecorder(), r, func() {
					over = gls.Capture()
					gls.Go(func() {
						defer close(done)
						assert.True(t, gls.Context() == r.Context(), "its own")
						ask <- true
						<-ask
						assert.Equal(t, context.Background(), gls.Context(), "on a goroutine that lives on")
						join(gls.Go, func() { assert.Equal(t, context.Background(), gls.Context(), "in its child") })
						gls.RunContext(own, func() { assert.True(t, gls.Context() == own, "set there") })
					})
					<-ask
					end()
				})
			})
			close(ask)
			within(t, done)
			over.Run(func() { assert.Equal(t, context.Background(), gls.Context(), "in a snapshot") })
			gls.RunContext(own, func() {
				over.Run(func() { assert.Equal(t, context.Background(), gls.Context(), "in a snapshot of another") })
				assert.True(t, gls.Context() == own)
			})
		})
	}
}

// A nested request's context ends with it, and the outer one does not come in its place.
func TestAmbientContextOfANestedRequest(t *testing.T) {
	type key struct{}
	r := withValue(t, key{}, "outer")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		var inner gls.Snapshot
		inside := withValue(t, key{}, "inner")
		httpctx.Run(httptest.NewRecorder(), inside, func() {
			assert.True(t, gls.Context() == inside.Context())
			inner = gls.Capture()
		})
		inner.Run(func() { assert.Equal(t, context.Background(), gls.Context()) })
		assert.True(t, gls.Context() == r.Context())
	})
}

// Detached work keeps its context, in which nothing is cancelled.
func TestAmbientContextOfDetachedWork(t *testing.T) {
	type key struct{}
	over, done := make(chan bool), make(chan struct{})
	httpctx.Run(httptest.NewRecorder(), withValue(t, key{}, "v"), func() {
		httpctx.GoDetached(func() {
			defer close(done)
			<-over
			c := httpctx.GetOrFail()
			assert.True(t, gls.Context() == c.Context() && c.Context() == c.Request().Context())
			assert.Equal(t, "v", gls.Context().Value(key{}))
			assert.NoError(t, gls.Context().Err())
			join(gls.Go, func() { assert.True(t, gls.Context() == c.Context()) })
		})
	})
	close(over)
	within(t, done)
}

// What is made from the ambient context works as what is made from the request's: it is that very context.
func TestAmbientContextIsTheRequests(t *testing.T) {
	type key struct{}
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), key{}, "v"), time.Hour)
	httpctx.Run(httptest.NewRecorder(), newRequest("/").WithContext(ctx), func() {
		child, stop := context.WithCancel(gls.Context())
		defer stop()
		deadline, ok := child.Deadline()
		want, _ := ctx.Deadline()
		assert.True(t, ok)
		assert.Equal(t, want, deadline)
		cancel()
		assert.ErrorIs(t, context.Cause(child), context.Canceled)
		assert.Equal(t, "v", child.Value(key{}))
	})
}

// Who inspects goroutines sees the request's context, and none when the request is over.
func TestAmbientContextInspected(t *testing.T) {
	shown := func() (contexts []any) {
		join(plain, func() {
			for _, g := range inspect.Goroutines() {
				for _, v := range g.Values {
					if v.Type == "context.Context" {
						contexts = append(contexts, v.Value)
					}
				}
			}
		})
		return contexts
	}
	ask, done := make(chan bool), make(chan struct{})
	r := withValue(t, "key", "v")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		gls.Go(func() {
			defer close(done)
			<-ask
		})
		assert.Contains(t, shown(), any(r.Context()))
	})
	assert.NotContains(t, shown(), any(r.Context()))
	for _, v := range shown() {
		assert.NotContains(t, fmt.Sprintf("%T", v), "httpctx")
	}
	close(ask)
	<-done
}
