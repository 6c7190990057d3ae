// Package huma is the recipe for github.com/danielgtaylor/huma/v2. What huma needs is what the router needs that its
// adapter is for:
//
//	mux := http.NewServeMux()
//	api := humago.New(mux, huma.DefaultConfig("Greetings", "1.0.0"))
//	http.ListenAndServe(addr, httpctx.Middleware(mux)) // the one line that changes
//
//	router := chi.NewRouter()
//	router.Use(httpctx.Middleware) // the one line more
//	api := humachi.New(router, huma.DefaultConfig("Greetings", "1.0.0"))
//
// and so on with humagin, humaecho, humamux. Where middlewares of huma set values (huma.WithValue), they set them in a
// context that only the operation is given. One line more makes it the ambient one:
//
//	api.UseMiddleware(Ambient) // the last one
//
// It is httpctx.Run and not gls.RunContext, so that the context is gone for everybody when the request is over.
package huma

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the operation's context the current request's, and so the ambient one.
func Ambient(ctx huma.Context, next func(huma.Context)) {
	outer := httpctx.GetOrFail()
	httpctx.Run(outer.Writer(), outer.Request().WithContext(ctx.Context()), func() { next(ctx) })
}
