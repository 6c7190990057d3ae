package httpctx

import (
	"context"
	"log/slog"
	"slices"
)

// The keys of the attributes that LogHandler adds.
const (
	logID      = "request_id"
	logMethod  = "method"
	logPath    = "path"
	logPattern = "pattern"
)

// attrs are the attributes of the request, with or without the id.
func (c *Context) attrs(id bool, pattern string) []slog.Attr {
	attrs := make([]slog.Attr, 0, 4)
	if id {
		attrs = append(attrs, slog.String(logID, c.ID()))
	}
	attrs = append(attrs, slog.String(logMethod, c.request.Method), slog.String(logPath, c.url().Path))
	if pattern != "" {
		attrs = append(attrs, slog.String(logPattern, pattern))
	}
	return attrs
}

// LogHandler returns a handler that adds request_id, method, path (and pattern when there is one) to every record logged
// during a request, those of slog.Info without a context included, and hands it to next. They stand at the top level of
// the record, also below WithGroup. Outside of a request, and after it, records pass as they are. A request_id that
// Context.Logger or WithAttrs has put at the top level is not repeated.
//
// Give next a handler of your own, as slog.NewJSONHandler: the handler that slog.Default has at the start writes through
// package log, and slog.SetDefault makes package log write through what it is given, which then waits for itself.
func LogHandler(next slog.Handler) slog.Handler {
	if next == nil {
		panic("httpctx.LogHandler: nil handler")
	}
	return &logHandler{next: next, root: next}
}

// A logHandler is immutable.
type logHandler struct {
	next slog.Handler // with all WithAttrs and WithGroup applied

	// root is next before the first WithGroup, and inner what was applied since, so that attributes can still be put
	// at the top level.
	root  slog.Handler
	inner []func(slog.Handler) slog.Handler

	hasID bool // root has the attribute request_id
}

func (h *logHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *logHandler) Handle(ctx context.Context, record slog.Record) error {
	c, ok := Get()
	if !ok {
		return h.next.Handle(ctx, record)
	}
	attrs := c.attrs(!h.hasID, c.Pattern())
	if len(h.inner) == 0 {
		record = record.Clone()
		record.AddAttrs(attrs...)
		return h.next.Handle(ctx, record)
	}
	next := h.root.WithAttrs(attrs)
	for _, apply := range h.inner {
		next = apply(next)
	}
	return next.Handle(ctx, record)
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	with := func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) }
	if len(h.inner) > 0 {
		return h.withInner(with)
	}
	next := with(h.root)
	hasID := h.hasID || slices.ContainsFunc(attrs, func(a slog.Attr) bool { return a.Key == logID })
	return &logHandler{next: next, root: next, hasID: hasID}
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	return h.withInner(func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
}

func (h *logHandler) withInner(apply func(slog.Handler) slog.Handler) slog.Handler {
	return &logHandler{
		next:  apply(h.next),
		root:  h.root,
		inner: append(slices.Clip(h.inner), apply),
		hasID: h.hasID,
	}
}
