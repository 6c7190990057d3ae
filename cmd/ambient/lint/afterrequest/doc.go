// Package afterrequest defines an analyzer of callbacks and goroutines that read the current HTTP
// request after its end.
//
// # Analyzer afterrequest
//
// afterrequest: find callbacks and goroutines that read the current request after it is over
//
// A callback given to an event API is called when the event comes. By then the handler that
// registered it, or that caused the event, has returned, and there is no current request.
// httpctx.Get finds none and GetOrFail panics, also in a callback that gls.Bind has bound. The
// analyzer reports a callback of the methods On, Once, Subscribe, AddListener, Listen and Handle
// that reads the request, itself or through the functions it calls. Emit the event in
// httpctx.GoDetached, which has a request that does not end, or read the data that the callback
// needs before.
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
// Routers have methods of these names too. The analyzer recognizes a router by the arguments of the
// callback (a ResponseWriter, a Request, or a context that has one, such as gin's and echo's), by
// being an http.Handler, or by belonging to net/http.
//
// A goroutine of gls.Go that reads the request, and that its flow does not wait for, is reported
// too, and so are gls.AfterFunc, gls.WaitGroup.Go and a function of gls.Bind: when they run, the
// handler may have returned. The fix starts them with httpctx.GoDetached or AfterFuncDetached.
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
