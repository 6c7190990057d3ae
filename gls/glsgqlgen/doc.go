// Package glsgqlgen lets every resolver of a github.com/99designs/gqlgen server see the values of the flow that its
// operation belongs to.
//
//	srv.Use(glsgqlgen.Extension{})
//
// Gqlgen resolves the elements of lists, and all but one of an object's concurrent fields, on goroutines that it starts
// with plain go statements, where nothing is set. So whatever read a value there found none, in one field of a response
// and not in the next. (In a build with inheritance they inherit, and lack the ambient context of the field.)
//
// With the extension, the frame is taken where the operation comes in, and is in force in operation, response, root field
// and field interceptors, directives of fields, methods and resolvers of queries, mutations and subscriptions; in lists
// and lists of lists, in fragments with @defer, over HTTP, server-sent events and websockets. The ctx of a field is the
// ambient one in it (see gls.Context), and carries the frame: gls.Resume(ctx, fn) finds it on any goroutine. Use it
// before other extensions. A recover function sees the frame too. An error presenter needs one word, because no extension
// can reach it:
//
//	srv.SetErrorPresenter(glsgqlgen.ErrorPresenter(present))
//
// # Which frame
//
// An operation has the frame of the HTTP handler that it came in by: what middlewares have set, by Run or in the request's
// context. That is so for a websocket as well, whose operations run on other goroutines while the handler waits; they all
// have the frame of the one request, for as long as the connection lives. Where InitFunc knows more, it says so in the
// ctx, which wins:
//
//	InitFunc: func(ctx context.Context, p transport.InitPayload) (context.Context, *transport.InitPayload, error) {
//		frame := gls.Capture().With(user.With(userOf(p)))
//		return gls.NewContext(ctx, frame), nil, nil
//	},
//
// A value that an interceptor, a directive or a resolver sets by Run is seen by what it calls. Fields below are not
// called by it: they may run later and elsewhere, and have what their ctx carries. To set one for them, give it to next:
//
//	user.Run(u, func() { response = next(gls.NewContext(ctx, gls.Capture())) })
//
// A subscription's events have the frame of whoever subscribed, and not that of whoever published. An event with a ctx
// of its own (graphql.Event) shows that one's frame to the response interceptors; derive it from the resolver's ctx, as
// gqlgen asks.
//
// # What it does not reach
//
// Unmarshalers of arguments and directives on arguments run before a field's interceptors. Below a list they have the ctx
// alone: gls.Resume(ctx, fn) there.
//
// # Dataloaders
//
// A batch is nobody's. A loader that operations share loads for many of them at once, on a goroutine of the library, and
// finds no value: whatever it needs belongs into the key. Its ctx is that of one of those who asked: do not call
// gls.Resume with it. This is tested with graph-gophers/dataloader and vikstrous/dataloadgen; with one that may call the
// function on the goroutine of who asks, wrap its body in gls.Isolate. A loader that is made for one operation may have
// the frame of it:
//
//	srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
//		loader := dataloadgen.NewLoader(gls.Bind(fetch))
//		return next(context.WithValue(ctx, loaderKey{}, loader))
//	})
//
// # Endings
//
// Errors, panics and runtime.Goexit pass as they are, and nothing stays on any goroutine. What outlives the response
// keeps what it was given; httpctx.Get finds no request then.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once.
package glsgqlgen
