// Package glsotel carries values of a flow on into other processes, by OpenTelemetry's propagators: every library that
// OpenTelemetry instruments (net/http, gRPC, Kafka, NATS, Temporal) calls the global one, and none needs an adapter of
// its own. It also finds the parents of spans where no ctx says them.
//
//	otel.SetTextMapPropagator(glsotel.Propagator(glsotel.Value("tenant", tenant, glswire.String[string]())))
//
// In a program all of whose functions have a ctx, with the values in OpenTelemetry's own baggage, that baggage does
// the same. This package is for values that are in a gls.Storage, where code without a ctx finds them.
//
// # What travels
//
// The values that are named by [Value], where they are set, each as a member of W3C baggage: key=value,
// percent-encoded, written and read by a codec of package glswire. Nothing else of the flow does. With them go
// traceparent, tracestate and the members of other people's baggage, which stay as they are. Span and baggage are
// those of the ctx that Inject is given, or of the ambient context where that has none. A member that other code puts
// into the baggage by the key of a value is not sent.
//
// At the other end Extract puts the values into a frame that the ctx carries (see gls.NewContext). httpctx.Middleware,
// glsgrpc.Server and whoever else calls gls.Resume continue it:
//
//	http.ListenAndServe(addr, glsotel.Handler(mux))
//	grpc.NewServer(glsgrpc.Server(grpc.StatsHandler(otelgrpc.NewServerHandler()))...)
//
// [Handler] is otelhttp's and httpctx's in the right order. By hand it is otelhttp.NewHandler(httpctx.Middleware(mux),
// "name").
//
// A member may have 4,096 bytes, all of them 8,192, and there may be 64: the values come first, in the order in which
// they are named, and then others. What does not fit is left out as a whole, as is what does not decode, and a hook is
// told: [OnError].
//
// # Where trust ends
//
// Incoming: a service takes what it is sent, and so belongs behind one that does not. That is the edge, with [Edge]:
// it takes nothing from outside, neither values, nor baggage of others, nor the trace, unless it is named. A process
// with listeners for both has a propagator for each:
//
//	glsotel.Handler(mux, otelhttp.WithPropagators(glsotel.New(values, glsotel.Edge())))
//
// Outgoing: a propagator does not see the host that a request goes to. So no value goes into an HTTP header by
// default. [Transport] sends them to the hosts that it is given, and to no other, redirects included; what a proxy or
// a caller has put into the field itself is taken away. To a host that is not among them goes no baggage at all.
// Through otelhttp's own transport values go nowhere, unless with [AnyHost], and other people's baggage goes
// everywhere, as always.
//
//	client := &http.Client{Transport: glsotel.Transport(nil, []string{"*.example.internal:*"})}
//
// Metadata of gRPC and the headers of messages are written for the one peer that the program has dialled, and get the
// values. Where that is somebody else's service, its client has a propagator without them:
//
//	otelgrpc.NewClientHandler(otelgrpc.WithPropagators(glsotel.Propagator()))
//
// Who reads a queue reads its messages' values. Put neither propagation.Baggage nor propagation.TraceContext beside
// this propagator: they would take what it does not.
//
// # Spans without a ctx
//
// [Run] starts a child of the ambient span and makes it the ambient one, so that trace.SpanFromContext(gls.Context())
// is the innermost span; after a bare tracer.Start it is still the one around. [TracerProvider] finds the parent for
// instrumentation that is called with context.Background(). In both a span that has ended is no parent: a goroutine
// that outlives it gets the innermost one around that has not, or the root of a trace of its own, linked to the ended
// one. [LogHandler] puts trace_id and span_id on every line.
//
// # Cost
//
// With three values, Inject takes about 1.1 times what OpenTelemetry's TraceContext and Baggage take for three
// members, and Extract about half (BenchmarkInTurn). They allocate what those do: 14 and 15 times, against 13 and 22.
// Nothing is done between requests. httpctx.Middleware looks into each request's context for a frame.
//
// # Concurrency
//
// All functions, and the methods of what they return, may be called from any number of goroutines at once. The hook of
// OnError is called on the goroutine that injects or extracts.
package glsotel
