// Package afterrequest defines an analyzer of callbacks and goroutines that read the current HTTP request after its end.
//
// # Analyzer afterrequest
//
// afterrequest: find callbacks and goroutines that read the current request after it is over
//
// What is given to an event API is called when the event comes: by then the handler that registered it, or that caused
// the event, has returned, and there is no current request. httpctx.Get finds none and GetOrFail panics, also in a
// callback that gls.Bind has bound. A callback of the methods On, Once, Subscribe, AddListener, Listen and Handle is
// reported if it reads the request, itself or through what it calls. Let whoever emits the event do so in
// httpctx.GoDetached, which has a request that does not end; or read what the callback needs before.
//
//	// WRONG
//	bus.On("sold", func(item string) {
//		log.Print(item, " sold to ", httpctx.GetOrFail().ID())
//	})
//
//	// RIGHT
//	id := httpctx.GetOrFail().ID()
//	bus.On("sold", func(item string) {
//		log.Print(item, " sold to ", id)
//	})
//
// A callback whose event is emitted in GoDetached says so in a comment above the call or behind it:
//
//	//ambient:detached sold is emitted in httpctx.GoDetached
//
// Routers have methods of these names too. They are told apart by what they hand to the callback (a ResponseWriter, a
// Request, or a context that has one, such as gin's and echo's), by being an http.Handler, or by belonging to net/http.
//
// A goroutine of gls.Go that reads the request, and for which nothing in its flow waits, is reported too, and so are
// gls.AfterFunc, gls.WaitGroup.Go and a function of gls.Bind: when they run, the handler may have returned. The fix starts
// them with httpctx.GoDetached or AfterFuncDetached.
//
//	// WRONG
//	gls.Go(func() { mail.Send(user.GetOrFail()) })
//
//	// RIGHT
//	httpctx.GoDetached(func() { mail.Send(user.GetOrFail()) })
//
// The flag -events names further functions and methods, separated by commas, as in
//
//	-events=example.com/app/hooks.After,example.com/app/queue.Topic.Each
package afterrequest
