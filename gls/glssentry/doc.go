// Package glssentry finds the hub of github.com/getsentry/sentry-go that belongs to the running flow, in code that is
// handed no ctx:
//
//	glssentry.CaptureException(err)
//
// In place of
//
//	if hub := sentry.GetHubFromContext(ctx); hub != nil {
//		hub.CaptureException(err)
//	}
//
// CaptureMessage, CaptureEvent, AddBreadcrumb, ConfigureScope and WithScope are sentry's likewise, and [Hub] is for all
// else. Package sentry's own functions use one hub for the whole process: a tag or breadcrumb that one request sets by
// them stands on the errors of all others.
//
// # Requests
//
// The hub of a request is the one that sentryhttp, or sentry's middleware of a framework, puts into the request's ctx.
// httpctx.Middleware makes that ctx the ambient one, so it stands inside:
//
//	sentryhttp.New(sentryhttp.Options{Repanic: true}).Handle(httpctx.Middleware(mux))
//
// The other way round the hub is not found where httpctx.Middleware does not stand between it and the handler once more.
// When the request is over, what still runs has the process's hub.
//
// # Other flows
//
// A job, a message or a part of a request gets a hub of its own by [Run], which clones the one in force:
//
//	glssentry.Run(func() {
//		glssentry.ConfigureScope(func(scope *sentry.Scope) { scope.SetTag("job", "nightly") })
//		work()
//	})
//
// It is a value of package gls: goroutines started with gls.Go have it, one hub for all, and those of a plain go
// statement do not. A goroutine that changes the scope for itself begins with Run. Of Run and an ambient context with a
// hub the inner one wins.
//
// Nothing is recovered. To report a panic, as with sentry:
//
//	defer glssentry.Hub().Recover(nil)
//
// # Concurrency
//
// All functions may be called from any number of goroutines at once.
package glssentry
