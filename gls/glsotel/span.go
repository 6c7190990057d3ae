package glsotel

import (
	"context"
	"slices"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/flow"
)

const scope = "github.com/ambient-go/ambient/gls/glsotel"

// Run calls fn in a span with this name, a child of the ambient span, and with the span as the ambient one:
// trace.SpanFromContext(gls.Context()) is it. The span ends when fn does, with an error status where fn panics or calls
// runtime.Goexit, which pass as they are. Run ends as gls.Storage.Run does.
//
// An ambient span that has ended, on a goroutine that outlives it, is no parent. The innermost one around it that has
// not ended is, if Run or TracerProvider has started the ended one. Where there is none in this process, the span is
// the root of a trace of its own, with a link to the ended one.
//
// A chain of timers, say, in which each begins in the Run of the one before keeps all their contexts alive.
//
// The span is made by the TracerProvider of the ambient span, or by otel.GetTracerProvider() where there is none.
func Run(name string, fn func(), opts ...trace.SpanStartOption) {
	if fn == nil {
		panic("glsotel.Run: nil function")
	}
	around := gls.Context()
	provider := otel.GetTracerProvider()
	if span := trace.SpanFromContext(around); span.IsRecording() {
		provider = span.TracerProvider()
	}
	ctx, span := start(around, provider.Tracer(scope), name, opts)
	returned := false
	defer func() {
		if !returned {
			span.SetStatus(codes.Error, "panic or runtime.Goexit")
		}
		span.End()
	}()
	gls.RunContext(ctx, fn)
	returned = true
}

// start starts a span as a child of ctx's, or of the ambient one where ctx has none, unless that has ended: see Run.
func start(
	ctx context.Context, t trace.Tracer, name string, opts []trace.SpanStartOption,
) (context.Context, trace.Span) {
	from, given := ctx, trace.SpanContextFromContext(ctx)
	if !given.IsValid() {
		from = ambientOf(ctx)
	}
	parent, ended := living(from)
	if ended.IsValid() {
		opts = append(slices.Clip(opts), trace.WithLinks(trace.Link{SpanContext: ended}))
	}
	if !given.Equal(parent.span.SpanContext()) {
		ctx = trace.ContextWithSpan(ctx, parent.span)
	}
	ctx, span := t.Start(ctx, name, opts...)
	return context.WithValue(ctx, spansKey{}, &spans{span, parent}), span
}

// ambientOf returns the ambient context of the flow that ctx belongs to.
func ambientOf(ctx context.Context) context.Context {
	around := gls.Context()
	if s, other := flow.Other(ctx); other {
		s.Run(func() { around = gls.Context() }) //nolint:fatcontext // another one, not one around it
	}
	return around
}

// A spans is a span and those around it. A context carries it, because a trace.Span knows its parent by number alone.
// It is immutable.
type spans struct {
	span   trace.Span
	around *spans // nil for the outermost
}

type spansKey struct{}

// living returns ctx's span, or the innermost around it that has not ended and is this process's. Where all have, it
// returns a span that is none, and the one of ctx, which has ended.
func living(ctx context.Context) (alive *spans, ended trace.SpanContext) {
	span := trace.SpanFromContext(ctx)
	around, _ := ctx.Value(spansKey{}).(*spans)
	if !over(span) {
		return &spans{span, around}, trace.SpanContext{}
	}
	for ; around != nil; around = around.around {
		if c := around.span.SpanContext(); c.IsValid() && !c.IsRemote() && !over(around.span) {
			return around, trace.SpanContext{}
		}
	}
	return &spans{span: trace.SpanFromContext(context.Background())}, span.SpanContext()
}

// over reports whether a span has ended. One that does not record may never have begun: it is over if it says when.
func over(span trace.Span) bool {
	if span.IsRecording() {
		return false
	}
	s, ok := span.(interface{ EndTime() time.Time })
	return ok && !s.EndTime().IsZero()
}
