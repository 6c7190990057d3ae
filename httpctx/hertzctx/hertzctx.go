package hertzctx

import (
	"context"
	"crypto/tls"
	"net/http"
	"strings"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/network"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/internal/adapt"
)

// Middleware returns a handler that calls the next ones so that they, everything they call, and every goroutine they
// start with gls.Go find the current request with httpctx.Get.
func Middleware(opts ...httpctx.Option) app.HandlerFunc {
	adapter := adapt.New(opts)
	return func(ctx context.Context, c *app.RequestContext) {
		if !httpctx.Enabled() {
			c.Next(ctx)
			return
		}
		adapter.Serve(newRequest(ctx, c), &c.Response.Header, c, func(r *http.Request) { c.Next(r.Context()) })
	}
}

// newRequest returns a request made of copies.
func newRequest(ctx context.Context, c *app.RequestContext) *http.Request {
	received := &c.Request.Header
	head := adapt.NewHead(received.Method(), received.RequestURI(), received.GetProtocol(), received.Host(),
		c.RemoteAddr())
	received.VisitAll(head.Field)
	var state *tls.ConnectionState
	if conn, ok := c.GetConn().(network.ConnTLSer); ok {
		s := conn.ConnectionState()
		state = &s
	}
	r := head.Request(ctx, int64(received.ContentLength()), state)
	r.Pattern = c.FullPath()
	for _, p := range c.Params {
		r.SetPathValue(p.Key, strings.Clone(p.Value))
	}
	return r
}
