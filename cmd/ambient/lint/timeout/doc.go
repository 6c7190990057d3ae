// Package timeout defines an analyzer of http.TimeoutHandler inside of httpctx.Middleware.
//
// # Analyzer timeout
//
// timeout: find httpctx.Middleware around http.TimeoutHandler
//
// http.TimeoutHandler runs its handler on a goroutine of its own, which a plain go statement
// starts. With Middleware around it, that goroutine has no request: httpctx.Get finds none, and
// GetOrFail panics. With Middleware inside, the request begins on that goroutine. The suggested fix
// swaps the two where both calls stand in one expression.
//
//	// WRONG
//	http.Handle("/", httpctx.Middleware(http.TimeoutHandler(app, time.Second, "too slow")))
//
//	// RIGHT
//	http.Handle("/", http.TimeoutHandler(httpctx.Middleware(app), time.Second, "too slow"))
//
// The analyzer follows handlers through variables, a ServeMux's routes, other middleware, and
// functions that return handlers, those of other packages included:
//
//	// WRONG
//	mux := http.NewServeMux()
//	mux.Handle("/slow", http.TimeoutHandler(app, time.Second, "too slow"))
//	http.Handle("/", httpctx.New(httpctx.WithLogger(nil))(mux))
//
//	// RIGHT
//	mux := http.NewServeMux()
//	mux.Handle("/slow", http.TimeoutHandler(httpctx.Middleware(app), time.Second, "too slow"))
//	http.Handle("/", mux)
//
// A Middleware on both sides makes two requests of one, with two ids, and the inner request has
// none of the outer one's keys. With the option httpctx.WithRequestContext the outer Middleware
// shares its request, and nothing is reported:
//
//	// WRONG
//	inner := http.TimeoutHandler(httpctx.Middleware(app), time.Second, "too slow")
//	http.Handle("/", httpctx.Middleware(inner))
//
//	// RIGHT
//	inner := http.TimeoutHandler(httpctx.Middleware(app), time.Second, "too slow")
//	http.Handle("/", inner)
package timeout
