// Package fiberctx gives any code that serves a request of a github.com/gofiber/fiber/v3 app that request.
//
//	app.Use(fiberctx.Middleware())
//
// In the handlers, in what they call, and on goroutines started with gls.Go, httpctx.Get then finds the request,
// and httpctx.Key, LogHandler, GoDetached, Transport and the rest of package httpctx work as in a handler of
// net/http.
//
// Fiber 2 has package fiberv2ctx.
//
// # The request
//
// Fiber uses a Ctx, and the memory of all that it returns, for the next request. What httpctx.Context.Request
// returns is a *http.Request made of copies: method, URL, host, header, route, remote address and TLS state, as
// they are when Middleware takes the request. It may be kept.
//
// It has no body, since that would be one more copy. To read the body of a request that has one is an error which
// says so: read c.Body() in the handler. The request's context, and with it gls.Context, is c.Context() as
// Middleware finds it. With httpctx.WithRequestContext, c.Context() carries the request for the handlers, so that
// gls.Resume and httpctx.FromContext find it there.
//
// # Routes
//
// Fiber finds the route inside of c.Next. A Middleware of app.Use knows no pattern, and the parameters of its own
// path alone (those of app.Group("/t/:tenant", ...), say): httpctx.Context.LookupParam gives httpctx.ErrNotRouted.
// Put a second one next to the handler where code below it asks for Param or Pattern:
//
//	app.Use(fiberctx.Middleware())
//	app.Get("/posts/:id", fiberctx.Middleware(), show)
//
// The two are one request, with one id and one set of keys; when the inner one has returned, log lines of the outer
// one have the pattern, too. What * and + match has the names *1, *2 and +1.
//
// # Errors and panics
//
// The error of the next handlers is returned as it is. Fiber calls the app's ErrorHandler when all middlewares have
// returned, and it finds no request. One that logs is called inside:
//
//	app.Use(fiberctx.Middleware(), func(c fiber.Ctx) error {
//		if err := c.Next(); err != nil {
//			return c.App().ErrorHandler(c, err)
//		}
//		return nil
//	})
//
// Nothing is recovered. Fiber's recover.New() finds the request inside of Middleware, and none outside.
//
// # The response
//
// A handler has its Ctx for the response. httpctx.Context.Writer writes to the same response: status, fields, body.
// A field that it sets takes the place of the response's own of that name at the first WriteHeader or Write, or at
// the end of the handlers. When they have returned it gives httpctx.ErrFinished, as in net/http. It is not for use
// at the same time as the Ctx on another goroutine.
//
// Fiber sends nothing before the handlers have returned: the Writer is no http.Flusher and no http.Hijacker, and
// http.ResponseController gives http.ErrNotSupported. The function of c.SendStreamWriter runs on another goroutine,
// and mostly when the request is over: it finds none. Take what it needs of the request before, and give it
// gls.Bind(fn) for the values of storages.
//
// # Timeouts
//
// Fiber's timeout.New runs its handler on another goroutine. Put Middleware inside it; outside, httpctx.ErrLost
// names it.
//
//	app.Get("/slow", timeout.New(fiberctx.Middleware(), config), slow)
//
// A handler that goes on after its time has its request until it returns. With httpctx.WithRequestContext, a
// Middleware on each side of timeout.New is one request.
//
// # Cost
//
// The copies and the Context are some ten allocations for each request, see BenchmarkMiddleware.
package fiberctx
