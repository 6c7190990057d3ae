package glszerolog_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszerolog"
	"github.com/ambient-go/ambient/httpctx"
)

// A line with five attributes of a flow, or of a request.
func BenchmarkLine(b *testing.B) {
	plain := zerolog.New(io.Discard)
	through := plain.Hook(glszerolog.Hook())
	line := func(name string, l zerolog.Logger) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Info().Int("amount", 12).Msg("order placed")
			}
		})
	}
	line("impl=none/attrs=0", plain)
	line("impl=ambient/attrs=0", through)
	line("impl=with/attrs=5", plain.With().Str("request_id", "id-1").Str("method", "GET").Str("path", "/posts/7").
		Str("user", "ada@example.com").Int("order", 4711).Logger())
	line("impl=fields/attrs=5", plain.Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Str("request_id", "id-1").Str("method", "GET").Str("path", "/posts/7").
			Str("user", "ada@example.com").Int("order", 4711)
	})))
	glslog.Run(func() { line("impl=ambient/attrs=5", through) },
		slog.String("request_id", "id-1"), slog.String("method", "GET"), slog.String("path", "/posts/7"),
		slog.String("user", "ada@example.com"), slog.Int("order", 4711))
	r := httptest.NewRequest(http.MethodGet, "/posts/7", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		httpctx.AddLogAttrs(slog.String("user", "ada@example.com"), slog.Int("order", 4711))
		line("impl=ambient/attrs=5/of=request", through)
	})
}
