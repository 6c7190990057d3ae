package glsriver_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

type tenantKey struct{}

// intoContext is a program's own middleware: the tenant in a job's metadata, and in the ctx of its
// worker.
type intoContext struct{ river.MiddlewareDefaults }

func (*intoContext) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams,
	next func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	for _, job := range jobs {
		job.Metadata = []byte(`{"tenant":"acme"}`)
	}
	return next(ctx)
}

func (*intoContext) Work(ctx context.Context, job *rivertype.JobRow, next func(context.Context) error) error {
	var metadata struct{ Tenant string }
	if err := json.Unmarshal(job.Metadata, &metadata); err != nil {
		return err
	}
	return next(context.WithValue(ctx, tenantKey{}, metadata.Tenant))
}

// A job goes through SQLite.
func BenchmarkJob(b *testing.B) {
	calls := func(config *river.Config, tenantOf func(context.Context) string) func(n int) {
		got := make(chan string, 100)
		c := start(context.Background(), b, config, func(ctx context.Context, _ *river.Job[args]) error {
			got <- tenantOf(ctx)
			return nil
		})
		return func(n int) {
			for range n {
				_, err := c.Insert(context.Background(), args{}, nil)
				require.NoError(b, err)
			}
			for range n {
				require.Equal(b, "acme", <-got)
			}
		}
	}
	own := calls(&river.Config{Middleware: []rivertype.Middleware{&intoContext{}}},
		func(ctx context.Context) string { name, _ := ctx.Value(tenantKey{}).(string); return name })
	ambient := calls(with(flow), func(context.Context) string { return tenant.GetOrFail() })
	tenant.Run("acme", func() { adaptertest.InTurn(b, own, ambient) })
}
