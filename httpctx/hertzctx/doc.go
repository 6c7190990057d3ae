// Package hertzctx gives any code that serves a request of a github.com/cloudwego/hertz server that request.
//
//	h.Use(hertzctx.Middleware())
//
// In the handlers, in what they call, and on goroutines started with gls.Go, httpctx.Get then finds the request,
// and httpctx.Key, LogHandler, GoDetached, Transport and the rest of package httpctx work as in a handler of
// net/http.
//
// # The request
//
// Hertz uses a RequestContext, and the memory of all that it returns, for the next request. What
// httpctx.Context.Request returns is a *http.Request made of copies: method, URL, host, header, route, remote
// address and TLS state, as they are when Middleware takes the request. It may be kept. Hertz has found the route
// by then: httpctx.Context.Param and Pattern are those of c.Param and c.FullPath.
//
// It has no body, since that would be one more copy. To read the body of a request that has one is an error which
// says so: read c.Body() in the handler. The request's context, and with it gls.Context, is the ctx that Middleware
// is given: where the server senses the client's disconnection, that cancels it. With httpctx.WithRequestContext
// the ctx of the next handlers carries the request, so that gls.Resume and httpctx.FromContext find it there.
//
// # The response
//
// A handler has its RequestContext for the response. httpctx.Context.Writer writes to the same response: status,
// fields, body. A field that it sets takes the place of the response's own of that name at the first WriteHeader or
// Write, or at the end of the handlers. When they have returned it gives httpctx.ErrFinished, as in net/http. It is
// not for use at the same time as the RequestContext on another goroutine.
//
// It is no http.Flusher and no http.Hijacker, and http.ResponseController gives http.ErrNotSupported: to send a
// part of the response before the end, use hertz's own writers. What hertz reads when the handlers have returned, a
// body stream, finds no request: take what it needs before.
//
// # Panics and timeouts
//
// Nothing is recovered. Hertz's recovery.Recovery() finds the request inside of Middleware, and none outside.
//
// Hertz itself has no timeout for handlers. A middleware that runs the next ones on a goroutine of its own starts
// that one with gls.Go, or stands outside of Middleware. A task for gopool is given in gls.Bind.
//
// # Cost
//
// The copies and the Context are some twelve allocations for each request, see BenchmarkMiddleware.
package hertzctx
