// Package fiberv2ctx gives any code that serves a request of a github.com/gofiber/fiber/v2 app that request.
//
//	app.Use(fiberv2ctx.Middleware())
//
// In the handlers, in what they call, and on goroutines started with gls.Go, httpctx.Get then finds the request,
// and httpctx.Key, LogHandler, GoDetached, Transport and the rest of package httpctx work as in a handler of
// net/http.
//
// It is a module of its own, beside package fiberctx for fiber 3, so that a program requires the fiber that it has.
// A path that ends in v2 would be the second version of fiberctx by the rules of Go modules.
//
// # The request
//
// Fiber uses a Ctx, and the memory of all that it returns, for the next request. What httpctx.Context.Request
// returns is a *http.Request made of copies: method, URL, host, header, route, remote address and TLS state, as
// they are when Middleware takes the request. It may be kept.
//
// It has no body, since that would be one more copy. To read the body of a request that has one is an error which
// says so: read c.Body() in the handler. The request's context, and with it gls.Context, is c.UserContext() as
// Middleware finds it. With httpctx.WithRequestContext, c.UserContext() carries the request for the handlers, so
// that gls.Resume and httpctx.FromContext find it there.
//
// # Routes
//
// Fiber finds the route inside of c.Next. A Middleware of app.Use knows no pattern, and the parameters of its own
// path alone (those of app.Group("/t/:tenant", ...), say): httpctx.Context.LookupParam gives httpctx.ErrNotRouted.
// Put a second one next to the handler where code below it asks for Param or Pattern:
//
//	app.Use(fiberv2ctx.Middleware())
//	app.Get("/posts/:id", fiberv2ctx.Middleware(), show)
//
// The two are one request, with one id and one set of keys; when the inner one has returned, log lines of the outer
// one have the pattern, too. What * and + match has the names *1, *2 and +1.
//
// # Errors and panics
//
// The error of the next handlers is returned as it is. Fiber calls the app's ErrorHandler when all middlewares have
// returned, and it finds no request. One that logs is called inside:
//
//	app.Use(fiberv2ctx.Middleware(), func(c *fiber.Ctx) error {
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
// http.ResponseController gives http.ErrNotSupported. The function of SetBodyStreamWriter runs on another
// goroutine, and mostly when the request is over: it finds none. Take what it needs of the request before, and give
// it gls.Bind(fn) for the values of storages.
//
// # Timeouts
//
// Fiber's timeout.NewWithContext calls its handler on the goroutine that it has; a Middleware around it is enough.
// timeout.New, which is deprecated, runs it on another one: there Middleware belongs inside, and outside
// httpctx.ErrLost names it.
//
// # Cost
//
// The copies and the Context are some ten allocations for each request, see BenchmarkMiddleware.
package fiberv2ctx
