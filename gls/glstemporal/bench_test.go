package glstemporal_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

type tenantKey struct{}

// intoContext is a program's own propagator: the tenant in the header, and in the contexts of
// workflows and activities.
type intoContext struct{}

func (intoContext) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	return write(w, ctx.Value(tenantKey{}))
}

func (intoContext) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	return write(w, ctx.Value(tenantKey{}))
}

func write(w workflow.HeaderWriter, tenant any) error {
	payload, err := converter.GetDefaultDataConverter().ToPayload(tenant)
	if err == nil {
		w.Set("tenant", payload)
	}
	return err
}

func (intoContext) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	name, err := read(r)
	return context.WithValue(ctx, tenantKey{}, name), err
}

func (intoContext) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	name, err := read(r)
	return workflow.WithValue(ctx, tenantKey{}, name), err
}

func read(r workflow.HeaderReader) (name string, err error) {
	payload, _ := r.Get("tenant")
	err = converter.GetDefaultDataConverter().FromPayload(payload, &name)
	return name, err
}

// A workflow calls an activity in the SDK's test environment.
func BenchmarkWorkflow(b *testing.B) {
	calls := func(header func() header, environment func(header) *testsuite.TestWorkflowEnvironment,
		tenantOf func(context.Context) string,
	) func(n int) {
		act := func(ctx context.Context) (string, error) { return tenantOf(ctx), nil }
		run := func(ctx workflow.Context) (name string, err error) {
			return name, workflow.ExecuteActivity(patient(ctx), "act").Get(ctx, &name)
		}
		return func(n int) {
			for range n {
				env := environment(header())
				env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "act"})
				env.ExecuteWorkflow(run)
				require.NoError(b, env.GetWorkflowError())
			}
		}
	}
	own := calls(
		func() header {
			h := make(header)
			require.NoError(b, intoContext{}.Inject(context.WithValue(context.Background(), tenantKey{}, "acme"), h))
			return h
		},
		func(h header) *testsuite.TestWorkflowEnvironment {
			var suite testsuite.WorkflowTestSuite
			suite.SetLogger(silent{})
			env := suite.NewTestWorkflowEnvironment()
			env.SetContextPropagators([]workflow.ContextPropagator{intoContext{}})
			env.SetHeader(&common.Header{Fields: h})
			return env
		},
		func(ctx context.Context) string { return ctx.Value(tenantKey{}).(string) })
	ambient := calls(
		func() (h header) {
			tenant.Run("acme", func() { h = inject(context.Background(), b, flow) })
			return h
		},
		func(h header) *testsuite.TestWorkflowEnvironment { return environment(flow, h) },
		func(context.Context) string { return tenant.GetOrFail() })
	adaptertest.InTurn(b, own, ambient)
}
