// Package leave defines an analyzer of scopes that stay open.
//
// # Analyzer leave
//
// leave: find a Scope of Enter that is not left
//
// Enter sets a storage's value for the goroutine, not for the function that calls it. If a Scope is
// discarded, or a return is reached without Leave, the caller sees the value, and on a goroutine
// that serves one piece of work after another the next piece does. A Scope that is returned, stored
// or passed on is not reported: its new holder leaves it. A call of a function that returns its
// Scope, or a function that leaves it, counts as a call of Enter.
//
//	// WRONG: the early return skips Leave.
//	scope := user.Enter("Ada")
//	if !allowed() {
//		return
//	}
//	greet()
//	scope.Leave()
//
//	// RIGHT
//	defer user.Enter("Ada").Leave()
//	if !allowed() {
//		return
//	}
//	greet()
//
// A deferred Leave in a loop runs when the function ends: each round leaves its scope open for what
// follows.
//
//	// WRONG
//	for _, name := range names {
//		defer user.Enter(name).Leave()
//		greet()
//	}
//
//	// RIGHT
//	for _, name := range names {
//		user.Run(name, greet)
//	}
//
// In a statement of its own, Leave ends the scope before any code has run in it: defer is missing,
// and the suggested fix adds it.
//
//	// WRONG
//	user.Enter("Ada").Leave()
//	greet()
//
//	// RIGHT
//	defer user.Enter("Ada").Leave()
//	greet()
//
// In an HTTP handler, Enter is reported where Run would do, left or not: the goroutine of a
// connection serves the next request as well, with every scope that the last one left open, and a
// Run cannot be left open.
//
//	// WRONG
//	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
//		scope := user.Enter(r.Host)
//		greet()
//		scope.Leave()
//	})
//
//	// RIGHT
//	http.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
//		user.Run(r.Host, greet)
//	})
//
// Leave on another goroutine than that of its Enter panics, and is reported.
//
// As with go vet's lostcancel, a path ends at a call of a function that never returns, and in
// main.main only a discarded Scope counts. Paths through a panic are not checked: defer the Leave.
package leave
