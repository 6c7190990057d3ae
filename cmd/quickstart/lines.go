package main

import (
	"io"
	"log/slog"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// logTo makes slog write to w, with the attributes of the flow and of the request in each line,
// until restore is called.
func logTo(w io.Writer) (restore func()) {
	before := slog.Default()
	lines := slog.NewTextHandler(w, &slog.HandlerOptions{
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				return slog.Attr{} // the same output each time
			}
			return a
		},
	})
	slog.SetDefault(slog.New(glslog.Handler(httpctx.LogHandler(lines))))
	return func() { slog.SetDefault(before) }
}
