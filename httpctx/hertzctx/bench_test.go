package hertzctx_test

import (
	"context"
	"testing"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/hertzctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	serve := func(middleware, handler app.HandlerFunc) (addr string) {
		return listen(b, func(h *server.Hertz) {
			h.Use(middleware)
			h.GET("/work/:id", handler)
		})
	}
	framework.Compare(b,
		serve(func(ctx context.Context, c *app.RequestContext) {
			c.Set("id", string(c.GetHeader("X-Request-ID")))
			c.Next(ctx)
		}, func(_ context.Context, c *app.RequestContext) { _, _ = c.WriteString(c.GetString("id")) }),
		serve(hertzctx.Middleware(), func(_ context.Context, c *app.RequestContext) {
			_, _ = c.WriteString(httpctx.GetOrFail().ID())
		}))
}
