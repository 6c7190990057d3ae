package httpctx_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// RunOutside hides the request and the ambient context, and nothing else.
func TestRunOutside(t *testing.T) {
	type key struct{}
	s := gls.New[int]("s")
	own := context.WithValue(context.Background(), key{}, 1)
	outside := func(what string) {
		assert.Nil(t, current(), what)
		assert.Equal(t, context.Background(), gls.Context(), what)
		v, ok := s.Get()
		assert.True(t, ok && v == 1, "%s: gls values stay", what)
		assert.NotErrorIs(t, why(), httpctx.ErrLost, what)
		assert.ErrorIs(t, why(), httpctx.ErrNoRequest, what)
	}
	s.Run(1, func() {
		inRequest(func(c *httpctx.Context) {
			ctx := c.Context()
			for name, end := range ends {
				join(gls.Go, func() {
					defer func() {
						_ = recover()
						assert.Same(t, c, current(), name)
						assert.Equal(t, ctx, gls.Context(), name)
					}()
					httpctx.RunOutside(func() {
						outside(name)
						s.Enter(1)
						end()
					})
				})
			}
			gls.RunContext(own, func() {
				httpctx.RunOutside(func() {
					outside("in RunContext")
					httpctx.RunOutside(func() { outside("twice") })
					outside("after the second")
					join(gls.Go, func() { outside("gls.Go") })
					join(httpctx.GoDetached, func() { outside("GoDetached") })
					gls.RunContext(own, func() { assert.Equal(t, own, gls.Context(), "set inside") })
				})
				assert.Equal(t, own, gls.Context())
			})
			httpctx.RunOutside(func() { join(plain, func() { assert.NotErrorIs(t, why(), httpctx.ErrLost) }) })
		})
		gls.RunContext(own, func() {
			httpctx.RunOutside(func() { outside("outside of a request") })
		})
		_, err := httpctx.Lookup()
		assert.ErrorIs(t, err, httpctx.ErrNoRequest)
		assert.NotContains(t, err.Error(), "RunOutside", "that is over")
	})
}

// A Middleware met inside RunOutside begins a request of its own, which knows nothing of being outside.
func TestRunInsideRunOutside(t *testing.T) {
	explicit(t)
	user := httpctx.NewKey[string]("user")
	inRequest(func(outer *httpctx.Context) {
		user.Set(outer, "Ada")
		httpctx.RunOutside(func() {
			var own *httpctx.Context
			over, done := make(chan bool), make(chan bool)
			inRequest(func(c *httpctx.Context) {
				own = c
				assert.NotEqual(t, outer.ID(), c.ID())
				_, ok := user.Get()
				assert.False(t, ok)
				join(plain, func() { assert.ErrorIs(t, why(), httpctx.ErrLost) })
				httpctx.RunOutside(func() { assert.ErrorIs(t, why(), httpctx.ErrNoRequest) })
				join(gls.Go, func() { assert.Same(t, own, current()) })
				gls.Go(func() {
					defer close(done)
					<-over
					assert.ErrorIs(t, why(), httpctx.ErrFinished)
				})
				inRequest(func(c *httpctx.Context) { assert.Equal(t, own.ID(), c.ID(), "nested in this one") })
			})
			close(over)
			<-done
			assert.ErrorContains(t, why(), "inside httpctx.RunOutside")
		})
		assert.Same(t, outer, current())
	})
}
