package httpctx

import (
	"context"
	"log/slog"

	"github.com/ambient-go/ambient/internal/toplevel"
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
	attrs = append(attrs, slog.String(logMethod, c.method), slog.String(logPath, c.path))
	if pattern != "" {
		attrs = append(attrs, slog.String(logPattern, pattern))
	}
	return attrs
}

// LogHandler returns a handler that adds request_id, method, path (and pattern when there is one) to every record
// logged during a request, those of slog.Info without a context included, and hands it to next. They stand at the top
// level of the record, also below WithGroup. Outside of a request, and after it, records pass as they are. A
// request_id that Context.Logger or WithAttrs has put at the top level is not repeated.
//
// In the place of context.Background, which slog.Info gives, next gets gls.Context, and so the request's context.
//
// Slog.Default's own handler may be next, with slog.SetDefault of the result too: lines then go to where package log
// wrote before, in the form of slog.TextHandler. A handler of one's own around that one would wait for itself for
// ever.
func LogHandler(next slog.Handler) slog.Handler {
	if next == nil {
		panic("httpctx.LogHandler: nil handler")
	}
	return toplevel.New(next, requestAttrs, nil)
}

// requestAttrs is the source of LogHandler.
func requestAttrs(_ context.Context, h *toplevel.Handler) (*toplevel.Set, []slog.Attr) {
	c, ok := Get()
	if !ok {
		return nil, nil
	}
	return nil, c.attrs(!h.Has(logID), c.Pattern())
}
