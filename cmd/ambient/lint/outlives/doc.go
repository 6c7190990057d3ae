// Package outlives defines an analyzer of request values that are kept longer than their request.
//
// # Analyzer outlives
//
// outlives: find what belongs to a request stored where it outlives the request
//
// A request's *httpctx.Context, its *http.Request, ResponseWriter and context.Context end when its
// handler returns. Code that finds one of them later has another user's request, a context that is
// cancelled and a writer that is closed. The analyzer reports such a value that is stored into a
// package-level variable or a place that is reachable from one (a field, a map, a slice, a channel,
// a sync.Map, an atomic pointer), put into a sync.Pool, or sent to a channel in a field. A struct
// or a function that holds such a value counts as well. The values come from httpctx.Get, Lookup
// and GetOrFail, from gls.Context, from storages of these types, from the parameters of an HTTP
// handler, and from functions that return them. A copy of a request's data, such as its id, may be
// kept, and so may what a handler sends to another goroutine and then waits for.
//
//	// WRONG
//	func remember() { last = httpctx.GetOrFail() }
//
//	// RIGHT
//	func remember() { lastID = httpctx.GetOrFail().ID() }
//
// A value that a sync.Once, sync.OnceValue or sync.OnceValues keeps is the first request's for all
// that follow, a copy included:
//
//	// WRONG
//	var address = sync.OnceValue(func() string { return httpctx.GetOrFail().Request().RemoteAddr })
//
//	// RIGHT
//	var address = func() string { return httpctx.GetOrFail().Request().RemoteAddr }
//
// So is a package-level variable that the first request fills because it is empty, by hand:
//
//	// WRONG
//	var cached string
//
//	func remote() string {
//		if cached == "" {
//			cached = httpctx.GetOrFail().Request().RemoteAddr
//		}
//		return cached
//	}
//
//	// RIGHT
//	func remote() string { return httpctx.GetOrFail().Request().RemoteAddr }
//
// A context does not belong in a struct that stays: pass it to the methods, or let them call
// gls.Context.
//
//	// WRONG
//	type job struct{ ctx context.Context }
//
//	func newJob() *job { return &job{ctx: gls.Context()} }
//
//	// RIGHT
//	type job struct{}
//
//	func newJob() *job { return &job{} }
//
//	func (*job) run() error { return work(gls.Context()) }
//
// Nor does a snapshot or a bound function belong in a package-level variable or in a field of the
// handler, if a handler or what it calls assigns it: code that runs it later has the values of that
// request.
//
//	// WRONG
//	func handle(w http.ResponseWriter, r *http.Request) { flush = gls.Bind(flushAll) }
//
//	// RIGHT
//	func handle(w http.ResponseWriter, r *http.Request) { flush = flushAll }
//
// A struct from a sync.Pool is a later request's next. What a request gave is reported in a field
// that not every use sets and that nothing in the package empties:
//
//	// WRONG
//	func list() {
//		s := scratches.Get().(*scratch)
//		if id, ok := userID.Get(); ok {
//			s.user = id
//		}
//		s.query()
//		scratches.Put(s)
//	}
//
//	// RIGHT
//	func list() {
//		s := scratches.Get().(*scratch)
//		if id, ok := userID.Get(); ok {
//			s.user = id
//		}
//		s.query()
//		s.user = ""
//		scratches.Put(s)
//	}
//
// An entry that the same function removes again in a deferred call is not reported.
package outlives
