package glstemporal_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glstemporal"
	"github.com/ambient-go/ambient/gls/glswire"
)

func TestAClientsCallCarriesWhatIsSetAndNamed(t *testing.T) {
	f := flow.OnError(failOnError(t))
	gls.Run(func() {
		assert.Equal(t, map[string]string{"tenant": `"acme"`, "attempt": `"2"`}, texts(inject(t.Context(), t, f)))
	}, tenant.With("acme"), attempt.With(2), private.With("secret"))
	assert.Empty(t, inject(t.Context(), t, f))

	ctx := gls.NewContext(t.Context(), gls.Snapshot{}.With(tenant.With("of ctx")))
	tenant.Run("in force", func() {
		assert.Equal(t, map[string]string{"tenant": `"of ctx"`}, texts(inject(ctx, t, f)))
	})
	gls.Resume(ctx, func() {
		tenant.Run("newer", func() { assert.Equal(t, map[string]string{"tenant": `"newer"`}, texts(inject(ctx, t, f))) })
	})
}

func TestOptionsHaveAllAndKeepTheOthers(t *testing.T) {
	other := client.Options{
		HostPort:           "host:1",
		ContextPropagators: []workflow.ContextPropagator{glstemporal.Flow{}.Propagator()},
		Interceptors:       []interceptor.ClientInterceptor{glstemporal.Flow{}.Interceptor()},
	}
	got := flow.Options(other)
	assert.Equal(t, "host:1", got.HostPort)
	require.Len(t, got.ContextPropagators, 2)
	require.Len(t, got.Interceptors, 3)
	assert.Equal(t, other.Interceptors[0], got.Interceptors[1])
	assert.Equal(t, other.ContextPropagators[0], got.ContextPropagators[1])
	assert.Len(t, other.ContextPropagators, 1)
	for _, i := range got.Interceptors {
		assert.Implements(t, (*interceptor.WorkerInterceptor)(nil), i, "else workers do not have it")
	}
}

// A seen is what an activity has found.
type seen struct{ Tenant, Workflow string }

func look() seen {
	name, _ := tenant.Get()
	id, _ := glstemporal.WorkflowID()
	return seen{name, id}
}

func lookInActivity(ctx context.Context) (seen, error) {
	info := activity.GetInfo(ctx)
	if id, _ := glstemporal.WorkflowID(); id != info.WorkflowExecution.ID {
		return seen{}, errors.New("another's id: " + id)
	}
	if set(private) || set(attempt) {
		return seen{}, errors.New("what was not sent")
	}
	if activity.GetInfo(gls.Context()).ActivityID != info.ActivityID {
		return seen{}, errors.New("another's context")
	}
	var again seen
	gls.Isolate(func() { gls.Resume(ctx, func() { again = look() }) })
	if again != look() {
		return seen{}, errors.New("the ctx does not carry the frame")
	}
	tenant.Enter("entered and never left")
	return again, nil
}

// call runs lookInActivity, and returns what it has found.
func call(ctx workflow.Context, local bool) (found seen, err error) {
	future := workflow.ExecuteActivity
	if local {
		future = workflow.ExecuteLocalActivity
	}
	err = future(patient(ctx), lookInActivity).Get(ctx, &found)
	return found, err
}

func childWorkflow(ctx workflow.Context) ([]seen, error) {
	found, err := call(ctx, false)
	return []seen{look(), found}, err
}

// everything uses whatever starts something, and returns what was found in each.
func everything(ctx workflow.Context) ([]seen, error) {
	if set(private) || set(attempt) {
		return nil, errors.New("what was not sent")
	}
	all := []seen{look()}
	for _, local := range []bool{false, true} {
		found, err := call(ctx, local)
		if err != nil {
			return nil, err
		}
		all = append(all, found)
	}
	if err := workflow.Sleep(ctx, time.Hour); err != nil {
		return nil, err
	}
	all = append(all, look())

	// Coroutines.
	results := workflow.NewChannel(ctx)
	for range 3 {
		workflow.Go(ctx, func(ctx workflow.Context) {
			_ = workflow.Sleep(ctx, time.Minute)
			results.Send(ctx, look())
			workflow.Go(ctx, func(ctx workflow.Context) {
				found, _ := call(ctx, false)
				results.Send(ctx, found)
			})
			tenant.Enter("entered and never left")
		})
	}
	for range 6 {
		var found seen
		results.Receive(ctx, &found)
		all = append(all, found)
	}
	workflow.NewSelector(ctx).AddFuture(workflow.NewTimer(ctx, time.Minute), func(workflow.Future) {
		all = append(all, look())
	}).Select(ctx)

	var below []seen
	options := workflow.WithChildOptions(ctx, workflow.ChildWorkflowOptions{WorkflowID: "child"})
	if err := workflow.ExecuteChildWorkflow(options, childWorkflow).Get(ctx, &below); err != nil {
		return nil, err
	}
	return append(all, below...), nil
}

func TestAWorkflowAndAllThatItStartsHaveWhatTheHeaderSays(t *testing.T) {
	f := flow.OnError(failOnError(t))
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, f) })
	env := environment(f, h)
	env.RegisterActivity(lookInActivity)
	env.RegisterWorkflow(childWorkflow)
	// What the goroutine has that runs the worker is nobody's.
	gls.Run(func() { env.ExecuteWorkflow(everything) },
		tenant.With("worker's"), private.With("worker's"), attempt.With(7))
	require.NoError(t, env.GetWorkflowError())
	var found []seen
	require.NoError(t, env.GetWorkflowResult(&found))
	require.Len(t, found, 13)
	for i, s := range found {
		id := "default-test-workflow-id"
		if i >= 11 {
			id = "child"
		}
		assert.Equal(t, seen{"acme", id}, s, i)
	}
}

func TestWhatNobodyHasSentIsNotSet(t *testing.T) {
	env := environment(flow, nil)
	env.RegisterActivity(lookInActivity)
	env.RegisterWorkflow(childWorkflow)
	tenant.Run("worker's", func() { env.ExecuteWorkflow(childWorkflow) })
	require.NoError(t, env.GetWorkflowError())
	var found []seen
	require.NoError(t, env.GetWorkflowResult(&found))
	assert.Equal(t, []string{"", ""}, []string{found[0].Tenant, found[1].Tenant})
}

type spanKey struct{}

// A tracer derives the ctx of activities.
type tracer struct {
	interceptor.InterceptorBase
	interceptor.ActivityInboundInterceptorBase
}

func (*tracer) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &tracer{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

func (i *tracer) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput) (any, error) {
	name, _ := tenant.Get()
	return i.Next.ExecuteActivity(context.WithValue(ctx, spanKey{}, "span of "+name), in)
}

func TestAnInterceptorsContextIsTheAmbientOneInActivities(t *testing.T) {
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, flow) })
	env := environment(flow, h)
	var workers []interceptor.WorkerInterceptor
	for _, i := range flow.Options(client.Options{Interceptors: []interceptor.ClientInterceptor{&tracer{}}}).Interceptors {
		workers = append(workers, i.(interceptor.WorkerInterceptor))
	}
	env.SetWorkerOptions(worker.Options{Interceptors: workers, DeadlockDetectionTimeout: time.Minute})
	var late gls.Snapshot
	env.RegisterActivityWithOptions(func(ctx context.Context) (string, error) {
		late = gls.Capture()
		assert.Equal(t, ctx.Value(spanKey{}), gls.Context().Value(spanKey{}))
		return gls.Context().Value(spanKey{}).(string), nil
	}, activity.RegisterOptions{Name: "act"})
	env.ExecuteWorkflow(func(ctx workflow.Context) (found string, err error) {
		return found, workflow.ExecuteActivity(patient(ctx), "act").Get(ctx, &found)
	})
	require.NoError(t, env.GetWorkflowError())
	var found string
	require.NoError(t, env.GetWorkflowResult(&found))
	assert.Equal(t, "span of acme", found)
	late.Run(func() { assert.Equal(t, context.Background(), gls.Context(), "the activity is over") })
}

// What a workflow's code sets is its own, and goes to what it starts where it says so.
func TestAWorkflowChangesWhatItStartsByNewContext(t *testing.T) {
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, flow) })
	env := environment(flow, h)
	env.RegisterActivity(lookInActivity)
	env.ExecuteWorkflow(func(ctx workflow.Context) (found [2]seen, err error) {
		tenant.Run("other", func() {
			if found[0], err = call(ctx, false); err == nil {
				found[1], err = call(flow.NewContext(ctx), false)
			}
		})
		return found, err
	})
	require.NoError(t, env.GetWorkflowError())
	var found [2]seen
	require.NoError(t, env.GetWorkflowResult(&found))
	assert.Equal(t, []string{"acme", "other"}, []string{found[0].Tenant, found[1].Tenant})
}

func TestAWorkflowThatContinuesAsNewKeepsTheValues(t *testing.T) {
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, flow) })
	env := environment(flow, h)
	var again func(ctx workflow.Context) error
	again = func(ctx workflow.Context) error { return workflow.NewContinueAsNewError(ctx, again) }
	env.ExecuteWorkflow(again)
	var next *workflow.ContinueAsNewError
	require.ErrorAs(t, env.GetWorkflowError(), &next)
	assert.Equal(t, map[string]string{"tenant": `"acme"`}, texts(next.Header.GetFields()))
}

// In the test environment updates and queries come with no header, and so do those of clients without a Flow.
func TestAQueryAndAnUpdateAreOfWhoSendsThem(t *testing.T) {
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, flow) })
	env := environment(flow, h)
	env.RegisterActivity(lookInActivity)
	var updated, validated, signalled seen
	var fromUpdate seen
	env.RegisterDelayedCallback(func() {
		env.UpdateWorkflow("update", "id", &testCallbacks{t}, 1)
		env.SignalWorkflow("signal", 1)
	}, time.Minute)
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		err := workflow.SetQueryHandler(ctx, "query", func() (seen, error) { return look(), nil })
		if err != nil {
			return err
		}
		err = workflow.SetUpdateHandlerWithOptions(ctx, "update", func(ctx workflow.Context, _ int) error {
			updated = look()
			fromUpdate, err = call(ctx, false)
			return err
		}, workflow.UpdateHandlerOptions{Validator: func(int) error { validated = look(); return nil }})
		if err != nil {
			return err
		}
		workflow.GetSignalChannel(ctx, "signal").Receive(ctx, nil)
		signalled = look()
		return workflow.Await(ctx, func() bool { return fromUpdate.Workflow != "" })
	})
	require.NoError(t, env.GetWorkflowError())
	assert.Equal(t, "acme", signalled.Tenant, "who receives a signal is the workflow")
	value, err := env.QueryWorkflow("query")
	require.NoError(t, err)
	var asked seen
	require.NoError(t, value.Get(&asked))
	for _, s := range []seen{updated, validated, fromUpdate, asked} {
		assert.Equal(t, seen{"", "default-test-workflow-id"}, s)
	}
}

type testCallbacks struct{ t testing.TB }

func (*testCallbacks) Accept()                     {}
func (c *testCallbacks) Reject(err error)          { assert.NoError(c.t, err) }
func (c *testCallbacks) Complete(_ any, err error) { assert.NoError(c.t, err) }

func TestWhatDoesNotDecodeIsDroppedAndReported(t *testing.T) {
	var errs []error
	f := flow.OnError(func(err error) { errs = append(errs, err) })
	text := func(s string) *common.Payload {
		return &common.Payload{Metadata: map[string][]byte{"encoding": []byte("json/plain")}, Data: []byte(`"` + s + `"`)}
	}
	for name, c := range map[string]struct {
		header header
		want   string
	}{
		"too long":         {header{"tenant": text(strings.Repeat("x", glswire.MaxLen+1))}, "more than 8192 bytes"},
		"no number":        {header{"attempt": text("many")}, `"attempt" is not taken`},
		"no text":          {header{"tenant": {Metadata: text("").Metadata, Data: []byte("{}")}}, `"tenant" is not taken`},
		"unknown encoding": {header{"tenant": {Data: []byte("x")}}, `"tenant" is not taken`},
		"JSON's null":      {header{"tenant": {Metadata: text("").Metadata, Data: []byte("null")}}, `"tenant" is not taken`},
		"no payload":       {header{"tenant": nil}, `"tenant" is not taken`},
	} {
		t.Run(name, func(t *testing.T) {
			errs = nil
			_, err := f.Propagator().Extract(t.Context(), c.header)
			require.NoError(t, err)
			require.Len(t, errs, 1)
			assert.ErrorContains(t, errs[0], c.want)

			env := environment(flow, c.header)
			env.RegisterActivity(lookInActivity)
			env.ExecuteWorkflow(childWorkflow)
			require.NoError(t, env.GetWorkflowError())
			var found []seen
			require.NoError(t, env.GetWorkflowResult(&found))
			assert.Equal(t, []string{"", ""}, []string{found[0].Tenant, found[1].Tenant})
		})
	}
	errs = nil
	tenant.Run(strings.Repeat("x", glswire.MaxLen+1), func() { assert.Empty(t, inject(t.Context(), t, f)) })
	assert.Len(t, errs, 1)
}

func TestLinesHaveTheWorkflow(t *testing.T) {
	var lines bytes.Buffer
	log := slog.New(glslog.Handler(slog.NewJSONHandler(&lines, nil)))
	env := environment(flow, nil)
	act := func(context.Context) error { log.Info("in an activity"); return nil }
	env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "act"})
	env.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		log.Info("in a workflow")
		return workflow.ExecuteActivity(patient(ctx), "act").Get(ctx, nil)
	}, workflow.RegisterOptions{Name: "flow"})
	env.ExecuteWorkflow("flow")
	require.NoError(t, env.GetWorkflowError())
	var first, second map[string]any
	decoder := json.NewDecoder(&lines)
	require.NoError(t, decoder.Decode(&first))
	require.NoError(t, decoder.Decode(&second))
	for _, line := range []map[string]any{first, second} {
		assert.Equal(t, "default-test-workflow-id", line["workflow_id"])
		assert.Equal(t, "default-test-run-id", line["run_id"])
	}
	assert.Equal(t, "flow", first["workflow_type"])
	assert.Equal(t, "act", second["activity_type"])
	assert.NotEmpty(t, second["activity_id"])
}

// A retry begins anew, whatever the attempt before has left.
func TestAttemptsOfAnActivityHaveTheValuesAndNothingOfEachOther(t *testing.T) {
	var h header
	tenant.Run("acme", func() { h = inject(t.Context(), t, flow) })
	env := environment(flow, h)
	var found []seen
	var late gls.Snapshot
	act := func(context.Context) error {
		found = append(found, look())
		late = gls.Capture()
		tenant.Enter("entered and never left")
		private.Enter("left behind")
		switch len(found) {
		case 1:
			return errors.New("at first")
		case 2:
			panic("then")
		}
		return nil
	}
	env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "act"})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Hour, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3},
		}), "act").Get(ctx, nil)
	})
	_ = env.GetWorkflowError() // a panic is not tried again by the test environment
	assert.GreaterOrEqual(t, len(found), 2)
	for _, s := range found {
		assert.Equal(t, "acme", s.Tenant)
	}
	late.Run(func() { assert.Equal(t, context.Background(), gls.Context(), "the ambient context of what is over") })
}

func TestMistakesPanicAtTheCall(t *testing.T) {
	assert.Panics(t, func() { glstemporal.New(glswire.Wire{}) })
	var zero glstemporal.Flow
	tenant.Run("acme", func() { assert.Empty(t, inject(t.Context(), t, zero)) })
}
