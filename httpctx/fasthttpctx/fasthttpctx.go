package fasthttpctx

import (
	"context"
	"net/http"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/internal/adapt"
)

// Middleware wraps a handler so that it, everything it calls, and every goroutine it starts with gls.Go find the
// current request with httpctx.Get. It panics if next is nil.
//
// Path values are the user values of type string that are set when it takes the request. Routers keep path parameters
// there: inside of a router, next to the route's handler, Middleware is where httpctx.Context.Param finds them.
func Middleware(next fasthttp.RequestHandler, opts ...httpctx.Option) fasthttp.RequestHandler {
	if next == nil {
		panic("fasthttpctx.Middleware: nil handler")
	}
	adapter := adapt.New(opts)
	return func(ctx *fasthttp.RequestCtx) {
		if !httpctx.Enabled() {
			next(ctx)
			return
		}
		r := NewRequest(context.Background(), ctx)
		ctx.VisitUserValues(func(name []byte, value any) {
			if s, ok := value.(string); ok {
				r.SetPathValue(string(name), strings.Clone(s))
			}
		})
		adapter.Serve(r, &ctx.Response.Header, ctx, func(*http.Request) { next(ctx) })
	}
}

// NewRequest returns a request with this context.Context, made of copies of what from has received. It has no body: to
// read that of a request with one is an error that says so. It is for adapters of frameworks that are built on
// fasthttp.
func NewRequest(ctx context.Context, from *fasthttp.RequestCtx) *http.Request {
	received := &from.Request.Header
	head := adapt.NewHead(received.Method(), received.RequestURI(), string(received.Protocol()), received.Host(),
		from.RemoteAddr())
	received.VisitAll(head.Field)
	return head.Request(ctx, int64(received.ContentLength()), from.TLSConnectionState())
}
