package glslogrus_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/sirupsen/logrus"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// A line with five attributes of a flow, or of a request. The bar is 1.3 times impl=with, logrus's own WithFields.
func BenchmarkLine(b *testing.B) {
	plain := logger(io.Discard)
	plain.ReplaceHooks(logrus.LevelHooks{})
	through := logger(io.Discard)
	line := func(name string, log func(...any), in func(fn func())) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			in(func() {
				for b.Loop() {
					log("order placed")
				}
			})
		})
	}
	outside := func(fn func()) { fn() }
	line("impl=none/attrs=0", plain.Info, outside)
	line("impl=ambient/attrs=0", through.Info, outside)
	line("impl=with/attrs=5", plain.WithFields(logrus.Fields{
		"request_id": "id-1", "method": "GET", "path": "/posts/7", "user": "ada@example.com", "order": 4711,
	}).Info, outside)
	line("impl=ambient/attrs=5", through.Info, inFlow)
	line("impl=ambient/attrs=5/of=request", through.Info, inRequest)
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
