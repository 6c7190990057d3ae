// Package twirp is the recipe for github.com/twitchtv/twirp, which works with httpctx as it is: httpctx.Middleware
// around the mux that the servers are in, or around a server.
//
//	server := users.NewUsersServer(&Server{})
//	mux := http.NewServeMux()
//	mux.Handle(server.PathPrefix(), server)
//	http.ListenAndServe(addr, httpctx.Middleware(mux)) // the one line that changes
//
// A method runs on the goroutine of its request: what it calls finds the request, whose pattern is the service's. Hooks
// and interceptors run in it too; a context that they derive is the method's parameter alone. In a client,
// http.Client{Transport: httpctx.Transport(nil)} hands the id and a deadline on.
package twirp
