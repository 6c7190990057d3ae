package glsotel

import (
	"context"

	"go.opentelemetry.io/otel/trace"
)

// TracerProvider returns tp with tracers that start spans as children of the ambient span where they are given a ctx
// without a span, such as context.Background(): instrumentation that has no better one is part of the trace. A span in
// ctx wins. One that has ended is no parent; see Run.
//
// The span that is started does not become the ambient one: Run does that.
func TracerProvider(tp trace.TracerProvider) trace.TracerProvider {
	if tp == nil {
		panic("glsotel.TracerProvider: nil TracerProvider")
	}
	return provider{tp}
}

type provider struct{ trace.TracerProvider }

func (p provider) Tracer(name string, opts ...trace.TracerOption) trace.Tracer {
	return tracer{p.TracerProvider.Tracer(name, opts...)}
}

type tracer struct{ trace.Tracer }

func (t tracer) Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	return start(ctx, t.Tracer, name, opts)
}
