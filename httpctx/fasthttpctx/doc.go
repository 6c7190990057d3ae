// Package fasthttpctx gives any code that serves a request of a github.com/valyala/fasthttp server that request.
//
//	fasthttp.ListenAndServe(addr, fasthttpctx.Middleware(handler))
//
// In the handler, in what it calls, and on goroutines started with gls.Go, httpctx.Get then finds the request, and
// httpctx.Key, LogHandler, GoDetached, Transport and the rest of package httpctx work as in a handler of net/http.
//
// # The request
//
// Fasthttp uses a RequestCtx, and the memory of all that it returns, for the next request. What
// httpctx.Context.Request returns is a *http.Request made of copies: method, URL, host, header, remote address and
// TLS state, as they are when Middleware takes the request. It may be kept.
//
// It has no body, since that would be one more copy. To read the body of a request that has one is an error which
// says so: read ctx.PostBody() in the handler. The request's context is context.Background(), since fasthttp knows
// neither deadline nor cancellation of one request; httpctx.WithRequestContext changes that context, and no
// RequestCtx.
//
// # The response
//
// A handler has its RequestCtx for the response. httpctx.Context.Writer writes to the same response: status,
// fields, body. A field that it sets takes the place of the response's own of that name at the first WriteHeader or
// Write, or at the end of the handler. When the handler has returned it gives httpctx.ErrFinished, as in net/http.
// It is not for use at the same time as the RequestCtx on another goroutine.
//
// Fasthttp sends nothing before the handler has returned: the Writer is no http.Flusher and no http.Hijacker, and
// http.ResponseController gives http.ErrNotSupported. The function of SetBodyStreamWriter runs on another
// goroutine, and mostly when the request is over: it finds none. Take what it needs of the request before, and give
// it gls.Bind(fn) for the values of storages.
//
// # Routers
//
// Routers for fasthttp keep path parameters in user values. Where Middleware stands inside of the router, next to a
// route's handler, httpctx.Context.Param finds those of type string. It may stand around the router as well: both
// are one request, with one id. Where nothing is inside, httpctx.Context.LookupParam gives httpctx.ErrNotRouted.
//
//	r := router.New()
//	r.GET("/posts/{id}", fasthttpctx.Middleware(show))
//	fasthttp.ListenAndServe(addr, fasthttpctx.Middleware(logging(r.Handler)))
//
// # Panics and timeouts
//
// Nothing is recovered. A middleware that recovers panics finds the request inside of Middleware, and none outside.
//
// fasthttp.TimeoutHandler runs its handler on another goroutine. Put Middleware inside it; outside, httpctx.ErrLost
// names it. A handler that goes on after its time has its request until it returns.
//
// # Cost
//
// The copies and the Context are some ten allocations for each request, see BenchmarkMiddleware.
package fasthttpctx
