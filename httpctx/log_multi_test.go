//go:build go1.26

package httpctx_test

import (
	"bytes"
	"log/slog"
	"testing"
	"testing/slogtest"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// On both sides of slog's MultiHandler each line has the attributes once.
func TestLogHandlerAndMultiHandler(t *testing.T) {
	both := func(next slog.Handler) slog.Handler { return glslog.Handler(httpctx.LogHandler(next)) }
	for name, h := range map[string]func(one, two slog.Handler) slog.Handler{
		"around it": func(one, two slog.Handler) slog.Handler { return both(slog.NewMultiHandler(one, two)) },
		"inside it": func(one, two slog.Handler) slog.Handler { return slog.NewMultiHandler(both(one), both(two)) },
	} {
		t.Run(name, func(t *testing.T) {
			var one, two bytes.Buffer
			options := &slog.HandlerOptions{ReplaceAttr: noTime}
			l := slog.New(h(slog.NewJSONHandler(&one, options), slog.NewTextHandler(&two, options)))
			inGetX(func() {
				glslog.Run(func() { l.With("a", 1).WithGroup("g").Info("m", "r", 1) }, slog.Int("flow", 1))
			})
			assert.Equal(t, `{"level":"INFO","msg":"m","a":1,"flow":1,"request_id":"id-1","method":"GET","path":"/x","g":{"r":1}}`+"\n",
				one.String())
			assert.Equal(t, "level=INFO msg=m a=1 flow=1 request_id=id-1 method=GET path=/x g.r=1\n", two.String())
			one.Reset()
			err := slogtest.TestHandler(h(slog.NewJSONHandler(&one, nil), slog.DiscardHandler), func() []map[string]any {
				return records(t, one.String())
			})
			assert.NoError(t, err)
		})
	}
}
