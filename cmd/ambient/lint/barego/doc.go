// Package barego finds go statements whose goroutine reads ambient state that it is not given.
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
// The suggested fix calls gls.Go and evaluates the function, its receiver and its arguments where
// the go statement evaluated them. It uses operands that do not change after the statement as they
// are.
//
// A goroutine that reads the request, or its context, may run after the handler has returned. If
// the flow does not wait for it, by a WaitGroup, a channel or a group's Wait, the fix calls
// httpctx.GoDetached, whose request has no end. If the goroutine writes the response, or takes the
// tasks of many, there is no fix, and the message names the change.
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
