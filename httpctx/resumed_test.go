package httpctx_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A ctx that carries the frame of a request shows the request while it lasts, and none of it afterwards.
func TestResumedFrameOfARequest(t *testing.T) {
	user := gls.New[string]("user")
	var ctx context.Context
	gls.Isolate(func() {
		httpctx.Run(httptest.NewRecorder(), newRequest("/x"), func() {
			c := httpctx.GetOrFail()
			user.Run("Ada", func() { ctx = gls.NewContext(c.Context(), gls.Capture()) })
			onPlainGoroutine := func(fn func()) { gls.Isolate(func() { join(plain, fn) }) }
			onPlainGoroutine(func() {
				gls.Resume(ctx, func() {
					assert.Same(t, c, httpctx.GetOrFail())
					assert.Equal(t, "Ada", user.GetOrFail())
				})
				_, ok := httpctx.Get()
				assert.False(t, ok)
			})
		})
		gls.Resume(ctx, func() {
			_, ok := httpctx.Get()
			assert.False(t, ok)
			_, err := httpctx.Lookup()
			assert.ErrorIs(t, err, httpctx.ErrFinished)
			assert.Equal(t, "Ada", user.GetOrFail(), "values of one's own are one's own business")
			assert.Same(t, ctx, gls.Context(), "an explicit ctx")
		})
	})
}
