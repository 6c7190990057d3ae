package glszap

import (
	"log/slog"
	"slices"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// appendFields adds attrs to fields, but those with one of the keys.
func appendFields(fields []zapcore.Field, attrs []slog.Attr, but []string) []zapcore.Field {
	for _, a := range attrs {
		value := a.Value.Resolve()
		if slices.Contains(but, a.Key) || a.Key == "" && a.Equal(slog.Attr{}) {
			continue
		}
		if value.Kind() == slog.KindGroup && a.Key == "" {
			fields = appendFields(fields, value.Group(), but)
			continue
		}
		fields = append(fields, fieldOf(a.Key, value))
	}
	return fields
}

// fieldOf returns the field of a value that is resolved.
func fieldOf(key string, value slog.Value) zapcore.Field {
	switch value.Kind() {
	case slog.KindString:
		return zap.String(key, value.String())
	case slog.KindInt64:
		return zap.Int64(key, value.Int64())
	case slog.KindUint64:
		return zap.Uint64(key, value.Uint64())
	case slog.KindFloat64:
		return zap.Float64(key, value.Float64())
	case slog.KindBool:
		return zap.Bool(key, value.Bool())
	case slog.KindDuration:
		return zap.Duration(key, value.Duration())
	case slog.KindTime:
		return zap.Time(key, value.Time())
	case slog.KindGroup:
		if attrs := value.Group(); len(attrs) > 0 {
			return zap.Dict(key, appendFields(make([]zapcore.Field, 0, len(attrs)), attrs, nil)...)
		}
		return zap.Skip()
	}
	return zap.Any(key, value.Any())
}
