// Package httpctx makes the current HTTP request available to all code that serves it: models and
// helpers below the handler, and goroutines started with gls.Go, get it from [Get], without a
// parameter.
//
//	var user = httpctx.NewKey[*User]("user")
//
//	func (p *Post) IsLiked() bool { // takes no parameter
//		u, ok := user.Get()
//		return ok && p.LikedBy(u)
//	}
//
//	func main() {
//		mux := http.NewServeMux()
//		mux.HandleFunc("GET /posts/{id}", func(w http.ResponseWriter, r *http.Request) {
//			user.Set(httpctx.GetOrFail(), authenticate(r))
//			fmt.Fprintln(w, loadPost(r.PathValue("id")).IsLiked())
//		})
//		http.ListenAndServe(addr, httpctx.Middleware(mux))
//	}
//
// A parameter is the better choice where the code is yours and the way is short: a handler has its
// *http.Request, and r.Context() carries cancellation. This package is for places that the request
// does not reach (a log line, an ORM callback, a template function, a method of a model) and for
// values that inform rather than control.
//
// # What to call
//
//   - [Middleware] goes around the server's handler, once.
//   - [Get] returns the current request's [Context]. [Lookup] also says why there is none.
//   - [NewKey] declares a typed value of requests, such as the signed-in user.
//   - [LogHandler] adds the request's id, method and path to every line of package slog, and
//     [AddLogAttrs] adds attributes to the request's lines.
//   - [Transport] hands the request's id, deadline and cancellation on to outgoing requests.
//   - [GoDetached] and [AfterFuncDetached] start work that outlives the request, [RunOutside] work
//     that does not belong to it.
//
// A test serves a request in one line, and may call t.Parallel:
//
//	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), func() { ... })
//
// # The life of a Context
//
// A [Context] is made for one request and is never used again. It is finished when its handler
// returns, panics or calls runtime.Goexit. From then on Get finds none on every goroutine that
// belonged to the request, however long it lives: a pool's worker that was started during one
// request never shows it to the next. The methods of a Context that a goroutine holds still work.
// Its [Context.Writer] is closed. The server's own writer, which the handler gets as it is, is not
// guarded.
//
// # When there is none
//
// [Lookup] and [GetOrFail] give an [Error] that is one of these:
//
//   - [ErrNotEnabled]: no Middleware in this process, or switched off.
//   - [ErrNoRequest]: outside of a request: in main, in init, in a package-level variable, in
//     [RunOutside].
//   - [ErrLost]: on a goroutine that the request started by a plain go statement, which is named.
//     Use gls.Go, or gls.Bind for a callback. http.TimeoutHandler contains such a statement: put
//     Middleware inside it.
//   - [ErrFinished]: the request that the goroutine belonged to is over. Start such work with
//     GoDetached, and timers with AfterFuncDetached.
//
// A loss is recognized while the goroutine that started the lost one still serves the request;
// later it is ErrNoRequest. The loss on a goroutine that a lost one has started is recognized only
// if the program runs with GODEBUG=tracebackancestors=10. A plain goroutine started inside
// RunOutside is taken for lost if it asks after RunOutside has returned and before the handler has.
//
// # Where not to read it
//
// Package-level variables and init have no request. In sync.Once and caches the request is that of
// the first caller: compute values there that are the same for all. The contexts of frameworks and
// routers (gin, echo, fiber, chi) are recycled after the request: keep the data that you need in a
// [Key], not the pointer. The examples in caveats_test.go show each of these caveats wrong and
// right.
//
// # Routers
//
// [Context.Param] and [Context.Pattern] read the values that the router has written into the
// request that the Middleware gave to its handler, by SetPathValue and Pattern. If a handler in
// between copies the request, put a second Middleware next to the router. The outer Context then
// knows the route when the inner one has returned.
//
//	httpctx.Middleware(auth(httpctx.Middleware(mux))) // auth calls r.WithContext
//	router.Use(httpctx.Middleware)                    // chi, after handlers that copy the request
//
// gorilla/mux, gin and echo write elsewhere. Copy their values in a middleware of theirs, which is
// added last: for gorilla/mux call r.SetPathValue for each of mux.Vars(r) and then
// httpctx.Middleware(next); for gin,
//
//	for _, p := range c.Params {
//		c.Request.SetPathValue(p.Key, p.Value)
//	}
//	c.Request.Pattern = c.FullPath()
//	httpctx.Run(c.Writer, c.Request, c.Next)
//
// and for echo the same with c.ParamNames, c.Param and c.Path, and err = next(c) in httpctx.Run.
// [Context.LookupParam] says why a value is missing.
//
// Fasthttp, fiber and hertz are not built on net/http. The modules fasthttpctx, fiberctx,
// fiberv2ctx and hertzctx below this package have a Middleware for each, which gives this one a
// request made of copies.
//
// # Where a ctx is at hand
//
// With [WithRequestContext] the request's context.Context carries the Context and the frame to
// goroutines that other code starts and hands a ctx: [FromContext] and gls.Resume find them there,
// and a Middleware inside http.TimeoutHandler is part of the request of the Middleware outside.
//
// # Concurrency and cost
//
// Any number of goroutines may use everything at once. Middleware allocates a Context and a frame.
// Get is a gls Get and three atomic loads.
package httpctx
