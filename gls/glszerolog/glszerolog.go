package glszerolog

import (
	"log/slog"
	"slices"

	"github.com/rs/zerolog"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// Hook returns a hook that adds the attributes of the flow and of the HTTP request to every line. Each option of
// glslog.Handler does the same here. The hook is immutable and safe for concurrent use. It panics if an option is nil.
func Hook(opts ...glslog.Option) zerolog.Hook {
	return hook{glslog.NewSource(slices.Concat([]glslog.Option{httpctx.ShowRequest()}, opts)...)}
}

type hook struct{ source *glslog.Source }

// Run is called on the goroutine that logs, for lines that are written.
func (h hook) Run(e *zerolog.Event, _ zerolog.Level, _ string) {
	if e.Enabled() { // which another hook may have changed
		appendFields(e, h.source.Attrs(e.GetCtx()))
	}
}

// appendFields adds attrs to e, which may be a group.
func appendFields(e *zerolog.Event, attrs []slog.Attr) {
	for _, a := range attrs {
		value := a.Value.Resolve()
		switch value.Kind() {
		case slog.KindString:
			e.Str(a.Key, value.String())
		case slog.KindInt64:
			e.Int64(a.Key, value.Int64())
		case slog.KindUint64:
			e.Uint64(a.Key, value.Uint64())
		case slog.KindFloat64:
			e.Float64(a.Key, value.Float64())
		case slog.KindBool:
			e.Bool(a.Key, value.Bool())
		case slog.KindDuration:
			e.Dur(a.Key, value.Duration())
		case slog.KindTime:
			e.Time(a.Key, value.Time())
		case slog.KindGroup:
			appendGroup(e, a.Key, value.Group())
		default:
			appendAny(e, a.Key, value.Any())
		}
	}
}

// appendGroup adds attrs as an object. As in package slog one without a name is no object, and one of nothing is nothing.
func appendGroup(e *zerolog.Event, key string, attrs []slog.Attr) {
	switch {
	case key == "":
		appendFields(e, attrs)
	case len(attrs) > 0:
		dict := e.CreateDict()
		appendFields(dict, attrs)
		e.Dict(key, dict)
	}
}

func appendAny(e *zerolog.Event, key string, value any) {
	err, ok := value.(error)
	switch {
	case ok:
		e.AnErr(key, err)
	case key != "" || value != nil: // not the zero Attr
		e.Any(key, value)
	}
}
