package glsotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/httpctx"
)

func TestEveryLineHasTheIDsOfItsSpan(t *testing.T) {
	global(t, glsotel.Propagator(values...))
	for name, wrap := range map[string]func(slog.Handler) slog.Handler{
		"alone":        glsotel.LogHandler,
		"below glslog": func(h slog.Handler) slog.Handler { return glslog.Handler(glsotel.LogHandler(h)) },
		"above glslog": func(h slog.Handler) slog.Handler { return glsotel.LogHandler(glslog.Handler(h)) },
		"with httpctx": func(h slog.Handler) slog.Handler { return httpctx.LogHandler(glsotel.LogHandler(h)) },
		"twice":        func(h slog.Handler) slog.Handler { return glsotel.LogHandler(glslog.Handler(glsotel.LogHandler(h))) },
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			log := slog.New(wrap(slog.NewJSONHandler(&out, nil)))
			line := func(log func()) map[string]any {
				out.Reset()
				log()
				m := make(map[string]any)
				require.NoError(t, json.Unmarshal(out.Bytes(), &m))
				assert.LessOrEqual(t, strings.Count(out.String(), `"trace_id"`), 1, "once on a line")
				return m
			}
			has := func(m map[string]any, s trace.SpanContext) {
				t.Helper()
				assert.Equal(t, s.TraceID().String(), m["trace_id"])
				assert.Equal(t, s.SpanID().String(), m["span_id"])
			}
			outside := line(func() { log.Info("outside") })
			assert.NotContains(t, outside, "trace_id")
			assert.NotContains(t, outside, "span_id")
			var late gls.Snapshot
			var ended trace.SpanContext
			glsotel.Run("span", func() {
				s := ambientSpan().SpanContext()
				ended, late = s, gls.Capture()
				has(line(func() { log.Info("without ctx") }), s)
				has(line(func() { log.WithGroup("g").With("a", 1).Info("in a group", "b", 2) }), s)
				other := trace.ContextWithRemoteSpanContext(context.Background(), remote)
				has(line(func() { log.InfoContext(other, "a ctx with a span") }), remote)
				has(line(func() { log.InfoContext(context.TODO(), "a ctx without") }), s)
				has(line(func() {
					gls.Isolate(func() { log.InfoContext(gls.NewContext(context.TODO(), late), "a ctx of another flow") })
				}), s)
				m := line(func() { log.With("trace_id", "mine").Info("one of its own") })
				assert.Equal(t, "mine", m["trace_id"])
				assert.Equal(t, s.SpanID().String(), m["span_id"])
			})
			late.Run(func() { has(line(func() { log.Info("after it") }), ended) })
		})
	}
}

func TestTheLogHandlerIsOneOfSlogs(t *testing.T) {
	var out bytes.Buffer
	lines := func() (all []map[string]any) {
		for _, line := range bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n")) {
			m := make(map[string]any)
			require.NoError(t, json.Unmarshal(line, &m))
			all = append(all, m)
		}
		return all
	}
	require.NoError(t, slogtest.TestHandler(glsotel.LogHandler(slog.NewJSONHandler(&out, nil)), lines))
}
