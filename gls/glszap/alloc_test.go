//go:build !race

package glszap_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"

	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszap"
	"github.com/ambient-go/ambient/httpctx"
)

func TestLinesAllocateNoMoreThanWith(t *testing.T) {
	plain, through := zap.New(base(io.Discard)), zap.New(base(io.Discard), glszap.WrapCore())
	allocs := func(l *zap.Logger) float64 {
		return testing.AllocsPerRun(100, func() { l.Info("m", zap.Int("amount", 12)) })
	}
	want := allocs(plain.With(zap.Int("a", 1), zap.String("b", "2")))
	glslog.Run(func() {
		assert.Equal(t, want, allocs(through))
		assert.Equal(t, want, allocs(through.With(zap.Namespace("n"))))
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), func() {
			httpctx.AddLogAttrs(slog.Int("c", 3))
			assert.Equal(t, want, allocs(through))
			assert.Equal(t, want, allocs(through.With(zap.Namespace("n"))))
		})
	}, slog.Int("a", 1), slog.String("b", "2"))
	assert.Equal(t, want, allocs(through))
}
