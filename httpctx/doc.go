// Package httpctx gives any code that serves an HTTP request that request: the models and helpers below the handler,
// and the goroutines started with gls.Go, find it with [Get] although nobody passed it to them.
//
// A parameter is the better choice where the code is yours and the way is short: a handler has its *http.Request, and
// r.Context() carries cancellation. This package is for the places that it does not reach (a log line, an ORM callback,
// a template function, a method of a model) and for what informs rather than controls.
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
// # One request's data
//
// A [Context] is made for one request, is never used again, and is finished when its handler returns, panics or calls
// runtime.Goexit. From then on Get finds none in every goroutine that belonged to the request, however long it lives:
// a pool's worker that was started lazily during one request never shows it to the next. What a goroutine holds already
// stays readable. The Context's [Context.Writer] is closed; the server's own writer, which the handler was given as it
// is, is not guarded.
//
// # When there is none
//
// [Lookup] and [GetOrFail] tell why, in an [Error] that is one of these:
//
//   - [ErrNotEnabled]: no Middleware in this process, or switched off.
//   - [ErrNoRequest]: outside of a request: in main, in init, in a package-level variable, in [RunOutside].
//   - [ErrLost]: on a goroutine that the request started by a plain go statement, which is named. Use gls.Go, or
//     gls.Bind for a callback. http.TimeoutHandler contains such a statement: put Middleware inside it.
//   - [ErrFinished]: the request that the goroutine belonged to is over. Start work that outlives its request, such as
//     the listeners of an event, with [GoDetached], and a timer that may fire later with [AfterFuncDetached].
//
// A plain goroutine's loss is recognised while the goroutine that started it still serves the request; later it is
// ErrNoRequest. So is that of a goroutine which a lost one has started, unless the program runs with
// GODEBUG=tracebackancestors=10. A plain goroutine started inside RunOutside is taken for lost if it asks after
// RunOutside has returned and before the handler has.
//
// # Where not to read it
//
// In package-level variables and init, there is no request. In sync.Once and caches, it is the request of whoever
// came first: compute there what is the same for all. The contexts of frameworks and routers (gin's, echo's,
// fiber's, chi's) are recycled after the request: keep what you need of them in a [Key], not the pointer.
// [GoDetached] cuts them from the context that it gives. The caveats are examples, in wrong and right pairs, in
// caveats_test.go.
//
// # Routers
//
// [Context.Param] and [Context.Pattern] are what the router has written into the request that the Middleware gave
// on, by SetPathValue and Pattern. Where something in between copies the request, Middleware belongs next to the
// router as well; the outer one then knows the route when the inner one has returned.
//
//	httpctx.Middleware(auth(httpctx.Middleware(mux))) // auth calls r.WithContext
//	router.Use(httpctx.Middleware)                    // chi, after what copies the request
//
// gorilla/mux, gin and echo route otherwise, and need what they found written there, in a middleware of theirs,
// which is added last: for gorilla/mux, r.SetPathValue for each of mux.Vars(r) and then httpctx.Middleware(next);
// for gin,
//
//	for _, p := range c.Params {
//		c.Request.SetPathValue(p.Key, p.Value)
//	}
//	c.Request.Pattern = c.FullPath()
//	httpctx.Run(c.Writer, c.Request, c.Next)
//
// and for echo the same with c.ParamNames, c.Param and c.Path, and err = next(c) in httpctx.Run. [Context.LookupParam]
// says what is missing.
//
// Fasthttp, fiber and hertz are not built on net/http. The modules fasthttpctx, fiberctx, fiberv2ctx and hertzctx below
// this package have a Middleware for each, which gives this one a request made of copies.
//
// # Logs and outgoing requests
//
// [LogHandler] adds the request to every record logged during it, those of slog.Info without a context included, and
// what [AddLogAttrs] has added at any depth: a line that an outer middleware logs after the handler has all of it.
// [Transport] hands the deadline, cancellation and id on to requests that the handler makes. Both leave alone what is
// logged or requested elsewhere.
//
// # Where a ctx is at hand
//
// With [WithRequestContext] the request's context.Context carries the Context and the frame to goroutines that
// somebody else starts and hands a ctx: [FromContext] and gls.Resume find them there, and a Middleware inside
// http.TimeoutHandler is part of the request of the one outside.
//
// # Tests
//
// A test needs one line, and works beside others with t.Parallel:
//
//	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil), func() { ... })
//
// # Concurrency and cost
//
// Everything may be used by many goroutines at once. Middleware allocates a Context and a frame. Get is a gls Get and
// two atomic loads.
package httpctx
