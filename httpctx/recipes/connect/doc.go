// Package connect is the recipe for connectrpc.com/connect, which works with httpctx as it is: httpctx.Middleware
// around the mux that the handlers are in.
//
//	mux := http.NewServeMux()
//	mux.Handle(greetv1connect.NewGreetServiceHandler(&GreetServer{}))
//	http.ListenAndServe(addr, httpctx.Middleware(mux)) // the one line that changes
//
// A procedure, unary or a stream, runs on the goroutine of its request: what it calls finds the request, whose pattern
// is the service's. A stream is one request for as long as it lasts. An interceptor that derives a context hands it to
// the procedure alone; gls.Context is that of the request. In a client, http.Client{Transport: httpctx.Transport(nil)}
// hands the id and a deadline on.
package connect
