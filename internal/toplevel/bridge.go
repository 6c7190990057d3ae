package toplevel

import (
	"context"
	"log" //nolint:depguard // to write where package log does, which is what the handler that it stands for does
	"log/slog"
	"reflect"
)

// unbridged returns h, or a bridge if h is the handler that slog.Default has at the start.
func unbridged(h slog.Handler) slog.Handler {
	typ := reflect.TypeOf(h)
	if typ.String() != "*slog.defaultHandler" {
		return h
	}
	return &bridge{typ, h, slog.NewTextHandler(log.Writer(), &slog.HandlerOptions{Level: slog.Level(-1 << 31)})}
}

// A bridge replaces slog's default handler, which writes through package log. slog.SetDefault makes
// package log write through the handler it is given, so a line of
//
//	slog.SetDefault(slog.New(Handler(slog.Default().Handler())))
//
// would come back to package log, which would wait for itself (log/slog/logger.go, SetDefault;
// log/log.go, output holds a lock while it writes). Once slog has another default, the bridge
// writes the lines as text to the writer that package log had when the bridge was made. It is
// tempting to ask package log for its writer at each line, but log.Writer takes that lock too.
type bridge struct {
	typ     reflect.Type // of the default handler
	through slog.Handler
	text    slog.Handler
}

func (b *bridge) Enabled(ctx context.Context, level slog.Level) bool {
	return b.through.Enabled(ctx, level)
}

func (b *bridge) Handle(ctx context.Context, record slog.Record) error {
	if reflect.TypeOf(slog.Default().Handler()) == b.typ {
		return b.through.Handle(ctx, record)
	}
	return b.text.Handle(ctx, record)
}

func (b *bridge) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &bridge{b.typ, b.through.WithAttrs(attrs), b.text.WithAttrs(attrs)}
}

func (b *bridge) WithGroup(name string) slog.Handler {
	return &bridge{b.typ, b.through.WithGroup(name), b.text.WithGroup(name)}
}
