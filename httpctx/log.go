package httpctx

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"github.com/ambient-go/ambient/internal/toplevel"
)

// The keys of the attributes that LogHandler adds.
const (
	logID      = "request_id"
	logMethod  = "method"
	logPath    = "path"
	logPattern = "pattern"
	logLost    = "request_lost"
)

// attrs returns the attributes of the request, with or without the id.
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

// LogHandler returns a handler that adds request_id, method, path (and pattern when there is one)
// to every record logged during a request and hands it to next. It does so for slog.Info without a
// context too. Attributes of AddLogAttrs follow. All stand at the top level of the record, also
// below WithGroup. Outside of a request, and after it, records pass as they are. An attribute whose
// key WithAttrs or Context.Logger has put at the top level is not repeated. LogHandler panics if
// next or an option is nil.
//
// On goroutines that the request has started, the pattern is there when it is in Context.LogValue.
//
// A ctx in slog.InfoContext that carries a Context (see WithRequestContext) tells which request the
// record belongs to, on any goroutine.
//
// Where the record's ctx is context.Background(), which slog.Info gives, next gets gls.Context(),
// and so the request's context.
//
// If next is made by LogHandler, also below glslog.Handler, nothing is added twice: the result is
// next with the options of both.
//
// The handler of slog.Default may be next, with slog.SetDefault of the result too. Lines then go to
// where package log wrote before, in the form of slog.TextHandler. A program's own handler around
// the default handler would deadlock.
func LogHandler(next slog.Handler, opts ...LogOption) slog.Handler {
	if next == nil {
		panic("httpctx.LogHandler: nil handler")
	}
	return toplevel.New(next, func(before logConfig) logConfig {
		return before.with("httpctx.LogHandler", opts)
	})
}

// with returns the configuration that opts make of l. The panic about a nil option names the caller.
func (l logConfig) with(name string, opts []LogOption) logConfig {
	for _, o := range opts {
		if o == nil {
			panic(name + ": nil option")
		}
		o.applyLog(&l)
	}
	return l
}

// A LogOption is an option of LogHandler and ShowRequest. MarkLost returns one.
type LogOption interface{ applyLog(*logConfig) }

type logConfig struct{ markLost bool }

type logOption func(*logConfig)

func (f logOption) applyLog(c *logConfig) { f(c) }

// MarkLost adds request_lost to each line that is logged where Lookup gives ErrLost: the go
// statement at which the request was lost, as "function (file:line)". Finding it takes microseconds
// for each line outside of a request.
func MarkLost() LogOption {
	return logOption(func(c *logConfig) { c.markLost = true })
}

// Attrs makes logConfig a toplevel.Source.
func (l logConfig) Attrs(ctx context.Context, h *toplevel.Handler) (*toplevel.Set, []slog.Attr) {
	c, ok := byContext(ctx)
	if !ok {
		if l.markLost && c == nil && !h.Has(logLost) {
			return nil, lostAttrs()
		}
		return nil, nil
	}
	added := c.logAttrs.Load()
	attrs := slices.DeleteFunc(c.attrs(!h.Has(logID), c.anywhere()), func(a slog.Attr) bool {
		return h.Has(a.Key) || added.Has(a.Key)
	})
	for _, a := range added.Attrs() {
		if !h.Has(a.Key) {
			attrs = append(attrs, a)
		}
	}
	return nil, attrs
}

// lostAttrs returns the go statement at which the request was lost, nil if it was not.
func lostAttrs() []slog.Attr {
	e := explain()
	if !errors.Is(e, ErrLost) {
		return nil
	}
	at := e.Cause.LostAt
	if at == "" { // timeout handling, whose request is over
		at = e.Cause.StartedAt
	}
	return []slog.Attr{slog.String(logLost, at)}
}
