package glsasynq_test

import (
	"context"
	"testing"

	"github.com/hibiken/asynq"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

type tenantKey struct{}

// A task goes through a server and Redis in memory. Programs without this module have the tenant in
// a header too, and a middleware that puts it into the ctx.
func BenchmarkTask(b *testing.B) {
	calls := func(middleware asynq.MiddlewareFunc, newTask func() *asynq.Task, tenantOf func(context.Context) string) func(n int) {
		got := make(chan string, 100)
		mux := asynq.NewServeMux()
		mux.Use(middleware)
		mux.HandleFunc("work", func(ctx context.Context, _ *asynq.Task) error {
			got <- tenantOf(ctx)
			return nil
		})
		client := start(b, asynq.Config{}, mux)
		return func(n int) {
			for range n {
				_, err := client.Enqueue(newTask())
				require.NoError(b, err)
			}
			for range n {
				require.Equal(b, "acme", <-got)
			}
		}
	}
	own := calls(
		func(next asynq.Handler) asynq.Handler {
			return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) error {
				return next.ProcessTask(context.WithValue(ctx, tenantKey{}, task.Headers()["tenant"]), task)
			})
		},
		func() *asynq.Task { return asynq.NewTaskWithHeaders("work", nil, map[string]string{"tenant": "acme"}) },
		func(ctx context.Context) string { name, _ := ctx.Value(tenantKey{}).(string); return name })
	ambient := calls(flow.Middleware,
		func() *asynq.Task { return flow.NewTask("work", nil) },
		func(context.Context) string { return tenant.GetOrFail() })
	tenant.Run("acme", func() { adaptertest.InTurn(b, own, ambient) })
}
