// Package glsgrpc makes the call that a google.golang.org/grpc server serves known to all code below its handler, and
// the values of a flow known to the calls that it makes.
//
//	server := grpc.NewServer(glsgrpc.Server()...)
//
//	conn, err := grpc.NewClient(target, glsgrpc.Dial(grpc.WithTransportCredentials(c))...)
//
// Each takes the other options as its arguments. It returns a list because grpc has no option for users that joins two,
// and interceptors of unary calls and of streams are two.
//
// # A server's calls
//
// For the time of a handler, on its goroutine and on those that it starts with gls.Go:
//
//   - [Get] returns the [Call] with its id, method and peer.
//   - The three stand on every line that is logged through glslog.Handler, as request_id, method and peer, those of
//     slog.Info without a ctx included. On a goroutine that outlives the call they still do: its lines are the call's.
//   - The handler's ctx, or the stream's, is the ambient one (see gls.Context).
//   - That ctx carries the frame: gls.Resume(ctx, fn) runs fn in the call on whatever goroutine a library, or an
//     interceptor with a timeout, has started.
//
// Where the ctx that the interceptor is given carries a frame (see gls.NewContext), the handler continues it: one that
// a stats handler's TagRPC has put there, or that of an HTTP request (see httpctx.WithRequestContext) which
// grpc.Server.ServeHTTP serves. The call then has the HTTP request's id, and httpctx.Get finds that request.
//
// Values of one's own are set in an interceptor inside:
//
//	func auth(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
//		user.Run(userOf(ctx), func() { resp, err = next(ctx, req) })
//		return resp, err
//	}
//
//	server := grpc.NewServer(glsgrpc.Server(grpc.ChainUnaryInterceptor(auth))...)
//
// When the handler has returned, panicked or called runtime.Goexit the call is finished: Get and gls.Context find
// nothing on any goroutine that still runs, [Lookup] says [ErrFinished], and a Call that somebody has kept says
// Finished. Nothing is recovered, and nothing stays on the goroutine, which grpc.NumStreamWorkers uses again.
//
// An interceptor that recovers panics is in the call if it is among Server's arguments, and outside of it, without its
// id, if it is that of grpc.UnaryInterceptor or grpc.StreamInterceptor, which grpc calls first.
//
// # A client's calls
//
// A call, or a stream, with context.Background() gets the ambient context: deadline, cancellation, trace, metadata. Any
// other ctx wins. A goroutine that outlives the call it served has no ambient context, so that its calls go on with
// Background. In either case the id of the call or HTTP request being served is sent as x-request-id unless the
// metadata of the ctx has one. Incoming metadata is not passed on. Outside of a call and in gls.Isolate nothing is
// added.
//
// An interceptor of grpc.WithUnaryInterceptor or WithStreamInterceptor comes before this one. If it derives a ctx, that
// is no context.Background() any more.
//
// # Stats handlers
//
// A server's stats handler stands outside of the interceptors. It finds no call in TagRPC, at InHeader, Begin and End,
// nor in a unary call's payloads and OutHeader; in a stream, InPayload, OutHeader and OutPayload come inside Recv and
// Send, on the goroutine that calls them. The ctx that it is given is that of its TagRPC: gls.Resume(ctx, fn) sees what
// TagRPC has put there by gls.NewContext, and not the call. A client's stats handler stands inside: its TagRPC is given
// the ambient context, on the caller's goroutine with the caller's values; what comes later may come on goroutines of
// grpc, with the ctx alone.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once. What grpc says of streams holds: one
// goroutine sends and one receives at a time.
package glsgrpc
