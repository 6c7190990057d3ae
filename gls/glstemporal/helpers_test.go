package glstemporal_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstemporal"
	"github.com/ambient-go/ambient/gls/glswire"
)

var (
	tenant  = gls.New[string]("tenant")
	attempt = gls.New[int]("attempt")
	private = gls.New[string]("private") // does not travel
)

var flow = glstemporal.New(
	glswire.Value("tenant", tenant, glswire.String[string]()),
	glswire.Value("attempt", attempt, glswire.Int[int]()))

func failOnError(t testing.TB) func(error) { return func(err error) { assert.NoError(t, err) } }

func set[T any](s *gls.Storage[T]) bool { _, ok := s.Get(); return ok }

func (h header) Get(key string) (*common.Payload, bool) { p, ok := h[key]; return p, ok }

func (h header) ForEachKey(fn func(string, *common.Payload) error) error {
	for key, p := range h {
		if err := fn(key, p); err != nil {
			return err
		}
	}
	return nil
}

// inject returns the header that f writes for a call with ctx.
func inject(ctx context.Context, t testing.TB, f glstemporal.Flow) header {
	h := make(header)
	require.NoError(t, f.Propagator().Inject(ctx, h))
	return h
}

// texts returns what stands in a header.
func texts(h header) map[string]string {
	found := make(map[string]string)
	for key, p := range h {
		found[key] = string(p.Data)
	}
	return found
}

// silent logs nothing.
type silent struct{}

func (silent) Debug(string, ...any) {}
func (silent) Info(string, ...any)  {}
func (silent) Warn(string, ...any)  {}
func (silent) Error(string, ...any) {}

var _ log.Logger = silent{}

// environment is one for a workflow that a client of f has started with this header.
func environment(f glstemporal.Flow, h header) *testsuite.TestWorkflowEnvironment {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(silent{})
	env := suite.NewTestWorkflowEnvironment()
	env.SetContextPropagators([]workflow.ContextPropagator{f.Propagator()})
	env.SetHeader(&common.Header{Fields: h})
	env.SetWorkerOptions(worker.Options{
		Interceptors:             []interceptor.WorkerInterceptor{f.Interceptor()},
		DeadlockDetectionTimeout: time.Minute,
	})
	env.SetTestTimeout(5 * time.Minute)
	return env
}

// patient is a context whose activities wait as long as a test does, and fail once.
func patient(ctx workflow.Context) workflow.Context {
	return workflow.WithLocalActivityOptions(
		workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Hour}),
		workflow.LocalActivityOptions{StartToCloseTimeout: time.Hour})
}
