// Package outlives defines an analyzer of request values that are kept longer than their request.
//
// # Analyzer outlives
//
// outlives: find what belongs to a request stored where it outlives the request
//
// A request's *httpctx.Context, its *http.Request, ResponseWriter and context.Context end when its handler returns.
// Whoever finds one of them later has the request of somebody else, a context that is cancelled and a writer that is
// closed. They are reported where they are stored into a package-level variable or what is reachable from one (a field,
// a map, a slice, a channel, a sync.Map, an atomic pointer), put into a sync.Pool, or sent to a channel in a field; a
// struct or a function that holds one counts as well. The values come from httpctx.Get, Lookup and GetOrFail, from
// gls.Context, from storages of these types, and from functions that return them. A copy of what a request says, such as
// its id, may be kept.
//
//	// WRONG
//	func remember() { last = httpctx.GetOrFail() }
//
//	// RIGHT
//	func remember() { lastID = httpctx.GetOrFail().ID() }
//
// What a sync.Once, sync.OnceValue or sync.OnceValues keeps is the first request's for all that follow, a copy included:
//
//	// WRONG
//	var address = sync.OnceValue(func() string { return httpctx.GetOrFail().Request().RemoteAddr })
//
//	// RIGHT
//	var address = func() string { return httpctx.GetOrFail().Request().RemoteAddr }
//
// A context does not belong in a struct that stays: pass it to the methods, or let them ask for it.
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
// An entry that the same function removes again in a deferred call is not reported.
package outlives
