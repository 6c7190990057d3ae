package glsotel

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// LogHandler returns a handler that adds trace_id and span_id to every record, those of slog.Info without a ctx
// included, and hands it to next. They are those of the span in the record's ctx, or of the ambient span where that
// has none, and stand at the top level, also below WithGroup. Outside of a trace nothing is added. One that WithAttrs
// has put at the top level is not repeated, and two of these handlers add each once. It goes with the handlers of
// packages glslog and httpctx:
//
//	slog.SetDefault(slog.New(glslog.Handler(glsotel.LogHandler(slog.NewJSONHandler(os.Stdout, nil)))))
func LogHandler(next slog.Handler) slog.Handler {
	if next == nil {
		panic("glsotel.LogHandler: nil handler")
	}
	return toplevel.New(next, func(s traceSource) traceSource { return s })
}

// A traceSource adds the ids of the span.
type traceSource struct{}

// Attrs makes traceSource a toplevel.Source.
func (traceSource) Attrs(ctx context.Context, h *toplevel.Handler) (*toplevel.Set, []slog.Attr) {
	span := trace.SpanContextFromContext(ctx)
	if !span.IsValid() {
		span = trace.SpanContextFromContext(ambientOf(ctx))
	}
	if !span.IsValid() {
		return nil, nil
	}
	attrs := make([]slog.Attr, 0, 2)
	if !h.Has("trace_id") {
		attrs = append(attrs, slog.String("trace_id", span.TraceID().String()))
	}
	if !h.Has("span_id") {
		attrs = append(attrs, slog.String("span_id", span.SpanID().String()))
	}
	return nil, attrs
}
