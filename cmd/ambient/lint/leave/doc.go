// Package leave defines an analyzer of scopes that stay open.
//
// # Analyzer leave
//
// leave: find a Scope of Enter that is not left
//
// Enter sets a storage's value for the goroutine, not for the function that calls it. A Scope that is discarded, or
// that a return is reached without leaving, hands its value to the caller, and on a goroutine that serves one piece of
// work after the other to the next piece. A Scope that is returned, stored or passed on is left by whoever has it then,
// and is not reported; calling a function that returns its Scope is like calling Enter.
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
// In a statement of its own, Leave ends the scope before anything has run in it: defer is missing, and the suggested
// fix adds it.
//
//	// WRONG
//	user.Enter("Ada").Leave()
//	greet()
//
//	// RIGHT
//	defer user.Enter("Ada").Leave()
//	greet()
//
// In an HTTP handler, Enter where Run serves is reported too, left or not: the goroutine of a connection serves the next
// request as well, with whatever the last one left open, and a Run cannot be left open.
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
// As with go vet's lostcancel, a path ends where a function that never returns is called, and in main.main only a
// discarded Scope counts. A path through a panic is not looked at: defer the Leave.
package leave
