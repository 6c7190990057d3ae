package glszerolog_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/rs/zerolog"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszerolog"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// A line with five attributes of a flow, or of a request.
func BenchmarkLine(b *testing.B) {
	plain := zerolog.New(io.Discard)
	through := plain.Hook(glszerolog.Hook())
	line := func(name string, l zerolog.Logger, in func(fn func())) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in(func() {
				for b.Loop() {
					l.Info().Int("amount", 12).Msg("order placed")
				}
			})
		})
	}
	outside := func(fn func()) { fn() }
	line("impl=none/attrs=0", plain, outside)
	line("impl=ambient/attrs=0", through, outside)
	line("impl=with/attrs=5", plain.With().Str("request_id", "id-1").Str("method", "GET").Str("path", "/posts/7").
		Str("user", "ada@example.com").Int("order", 4711).Logger(), outside)
	line("impl=fields/attrs=5", plain.Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		e.Str("request_id", "id-1").Str("method", "GET").Str("path", "/posts/7").
			Str("user", "ada@example.com").Int("order", 4711)
	})), outside)
	line("impl=ambient/attrs=5", through, inFlow)
	line("impl=ambient/attrs=5/of=request", through, inRequest)
}

type requestID struct{}

// A line with one value of the flow, beside zerolog's own way to read it: a hook that takes it from
// the ctx which each line is given. The bar is 1.3 times that.
func BenchmarkOneValue(b *testing.B) {
	ofCtx := zerolog.New(io.Discard).Hook(zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) {
		if id, ok := e.GetCtx().Value(requestID{}).(string); ok {
			e.Str("request_id", id)
		}
	}))
	ctx := context.WithValue(context.Background(), requestID{}, "id-1")
	ambient := zerolog.New(io.Discard).Hook(glszerolog.Hook())
	glslog.Run(func() {
		adaptertest.InTurn(b, func(n int) {
			for range n {
				ofCtx.Info().Ctx(ctx).Int("amount", 12).Msg("order placed")
			}
		}, func(n int) {
			for range n {
				ambient.Info().Int("amount", 12).Msg("order placed")
			}
		})
	}, slog.String("request_id", "id-1"))
}

// inFlow runs fn with five attributes of a flow.
func inFlow(fn func()) {
	glslog.Run(fn, slog.String("request_id", "id-1"), slog.String("method", "GET"), slog.String("path", "/posts/7"),
		slog.String("user", "ada@example.com"), slog.Int("order", 4711))
}

// inRequest runs fn in a request with the same five.
func inRequest(fn func()) {
	r := httptest.NewRequest(http.MethodGet, "/posts/7", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		httpctx.AddLogAttrs(slog.String("user", "ada@example.com"), slog.Int("order", 4711))
		fn()
	})
}
