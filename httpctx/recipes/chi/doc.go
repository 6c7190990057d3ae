// Package chi is the recipe for github.com/go-chi/chi/v5: httpctx.Middleware as the last of the router's middlewares,
// behind those that replace the request.
//
//	router := chi.NewRouter()
//	router.Use(httpctx.Middleware) // the one line more
//
// chi hands its middlewares a copy of the request and writes parameters and pattern into the one that they hand on: a
// Middleware around the router alone knows neither. One on the outermost router serves those that are mounted in it,
// unless a middleware of theirs replaces the request; put it there as well then. The pattern is the whole one, and
// known in the handler; before next.ServeHTTP there is none.
package chi
