// Package kratos is the recipe for github.com/go-kratos/kratos/v2: httpctx.Middleware as a filter of the HTTP server,
// and a middleware, the last one, for the route and the context that the operation is given.
//
//	srv := http.NewServer(
//		http.Address(":8000"),
//		http.Filter(httpctx.Middleware),             // one line more
//		http.Middleware(recovery.Recovery(), Ambient), // and the name of Ambient
//	)
//
// The first line alone serves programs that need no Param and no Pattern. kratos calls middlewares for its operations,
// the generated ones among them; a handler of srv.Handle has what the first line gives. On a gRPC server Ambient does
// nothing: what that needs is gls/glsgrpc.
package kratos

import (
	"context"

	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/transport"
	"github.com/go-kratos/kratos/v2/transport/http"
	"github.com/gorilla/mux"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the request that kratos has routed the current one.
func Ambient(next middleware.Handler) middleware.Handler {
	return func(ctx context.Context, in any) (out any, err error) {
		server, _ := transport.FromServerContext(ctx)
		route, ok := server.(http.Transporter)
		if !ok {
			return next(ctx, in)
		}
		r := route.Request().WithContext(ctx)
		for name, value := range mux.Vars(r) {
			r.SetPathValue(name, value)
		}
		r.Pattern = route.PathTemplate()
		httpctx.Run(httpctx.GetOrFail().Writer(), r, func() { out, err = next(ctx, in) })
		return out, err
	}
}
