package middleware

import (
	"context"
	"log/slog"

	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/httpctx"
)

// LogHandler adds to every record who and what it is for: tenant and user, and what httpctx.LogHandler adds.
func LogHandler(next slog.Handler) slog.Handler { return httpctx.LogHandler(logHandler{next}) }

type logHandler struct{ slog.Handler }

func (h logHandler) Handle(ctx context.Context, record slog.Record) error {
	record = record.Clone()
	if t, ok := session.CurrentTenant(); ok {
		record.AddAttrs(slog.String("tenant", t.Slug))
	}
	if u, ok := session.CurrentUser(); ok {
		record.AddAttrs(slog.String("user", u.Name))
	}
	return h.Handler.Handle(ctx, record)
}

func (h logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return logHandler{h.Handler.WithAttrs(attrs)}
}
func (h logHandler) WithGroup(name string) slog.Handler { return logHandler{h.Handler.WithGroup(name)} }
