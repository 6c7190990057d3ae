// Package barego finds go statements that start goroutines which read ambient state.
//
// # Analyzer barego
//
// barego: a plain go statement starts a goroutine that reads ambient state.
//
// A goroutine that a plain go statement starts has nothing set: no value of a gls.Storage, no HTTP
// request, no ambient context. The analyzer reports the statement if its function reads any of
// these, itself or through the functions it calls, in other packages too. A goroutine may read
// values that it sets itself, by Run or Enter.
//
//	// WRONG
//	func (s *Server) save(p Post) {
//		go s.audit(p) // audit calls user.Current, which finds no user here
//	}
//
//	// RIGHT
//	func (s *Server) save(p Post) {
//		gls.Go(func() { s.audit(p) })
//	}
//
// The suggested fix calls gls.Go. As a go statement does, it evaluates the function, the receiver
// and the arguments at once, in variables before the call. An operand that does not change after
// the statement needs no variable and stays in the function literal.
//
// A goroutine that reads the request, or its context, may run after the handler has returned. If no
// WaitGroup, channel or Wait method makes the caller wait for it, the fix calls httpctx.GoDetached,
// which gives it a request that does not end. If the goroutine writes the response, or takes the
// tasks of many requests, there is no fix, and the message says what to change.
//
//	// WRONG
//	func handle(w http.ResponseWriter, r *http.Request) {
//		go mail() // mail reads the user of the request
//	}
//
//	// RIGHT
//	func handle(w http.ResponseWriter, r *http.Request) {
//		httpctx.GoDetached(mail)
//	}
//
// Where a goroutine is meant to start with nothing, a directive with a reason says so:
//
//	//ambient:detached the sweeper serves all users
//	go s.sweep()
package barego
