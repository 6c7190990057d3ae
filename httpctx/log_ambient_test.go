package httpctx_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A ctxHandler says which context it was given.
type ctxHandler struct {
	nopHandler

	got *context.Context
}

func (h ctxHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	*h.got = ctx
	return true
}

func (h ctxHandler) Handle(ctx context.Context, _ slog.Record) error {
	*h.got = ctx
	return nil
}

func (h ctxHandler) WithGroup(string) slog.Handler { return h }

// A handler that looks for the trace in its context finds the request's where the line was logged without one.
func TestLogHandlerHandsOnTheRequestsContext(t *testing.T) {
	var got context.Context
	h := httpctx.LogHandler(ctxHandler{got: &got}).WithGroup("g")
	given := func(ctx context.Context) (enabled, handled context.Context) {
		h.Enabled(ctx, slog.LevelInfo)
		enabled = got
		assert.NoError(t, h.Handle(ctx, slog.Record{}))
		return enabled, got
	}
	check := func(ctx, want context.Context) {
		t.Helper()
		enabled, handled := given(ctx)
		assert.Equal(t, want, enabled)
		assert.Equal(t, want, handled)
	}
	background, explicit := context.Background(), context.WithValue(context.Background(), ctxHandler{}, 1)
	check(background, background)
	var over gls.Snapshot
	inGetX(func() {
		over = gls.Capture()
		check(background, httpctx.GetOrFail().Context())
		check(explicit, explicit)
		httpctx.RunOutside(func() { check(background, background) })
		join(gls.Go, func() { check(background, httpctx.GetOrFail().Context()) })
	})
	over.Run(func() {
		check(explicit, explicit)
		check(background, background) // the request's is none any more
	})
}
