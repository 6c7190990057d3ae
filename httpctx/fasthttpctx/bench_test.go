package fasthttpctx_test

import (
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fasthttpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	own := func(next fasthttp.RequestHandler) fasthttp.RequestHandler {
		return func(ctx *fasthttp.RequestCtx) {
			ctx.SetUserValue("id", string(ctx.Request.Header.Peek("X-Request-ID")))
			next(ctx)
		}
	}
	framework.Compare(b,
		listen(b, own(func(ctx *fasthttp.RequestCtx) { _, _ = ctx.WriteString(ctx.UserValue("id").(string)) })),
		listen(b, fasthttpctx.Middleware(func(ctx *fasthttp.RequestCtx) {
			_, _ = ctx.WriteString(httpctx.GetOrFail().ID())
		})))
}
