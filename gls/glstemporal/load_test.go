package glstemporal_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/api/history/v1"
	"go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"google.golang.org/grpc"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstemporal"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// Each workflow has an identity in its argument and one that travels. The activities of all are running at once; a third
// of them fail at first.
func TestEachOfManyWorkflowsHasItsOwnValues(t *testing.T) {
	adaptertest.Build(t)
	const n = adaptertest.Calls
	f := flow.OnError(failOnError(t))
	var (
		tally        adaptertest.Tally
		inside, late sync.WaitGroup
		over         = make(chan struct{})
		mu           sync.Mutex
		tries        = make(map[string]int)
	)
	inside.Add(n)
	read := func(place, want string) {
		got, ok := tenant.Get()
		tally.During(place, want, got, ok)
	}
	act := func(_ context.Context, name string) error {
		i := 0
		_, _ = fmt.Sscanf(name, "tenant-%d", &i)
		mu.Lock()
		tries[name]++
		try := tries[name]
		mu.Unlock()
		read("activity", name)
		if try == 1 {
			inside.Done()
			inside.Wait()
			read("activity, after the others have come", name)
			if i%3 == 0 {
				tenant.Enter("entered and never left")
				return errors.New("at first")
			}
		}
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			read("child", name)
		})
		<-done
		late.Add(1)
		gls.Go(func() {
			defer late.Done()
			<-over
			got, ok := tenant.Get()
			tally.After("late", name, got, ok)
		})
		return nil
	}
	run := func(ctx workflow.Context, name string) error {
		read("workflow", name)
		all := workflow.NewWaitGroup(ctx)
		all.Add(2)
		for range 2 {
			workflow.Go(ctx, func(ctx workflow.Context) {
				defer all.Done()
				read("coroutine", name)
				_ = workflow.Sleep(ctx, time.Hour)
				read("coroutine that has slept", name)
				tenant.Enter("entered and never left")
			})
		}
		err := workflow.ExecuteActivity(patient(ctx), "act", name).Get(ctx, nil)
		read("workflow, after its activity", name)
		all.Wait(ctx)
		read("workflow, after its coroutines", name)
		tenant.Enter("entered and never left")
		return err
	}
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		var h header
		tenant.Run(name, func() { h = inject(context.Background(), t, f) })
		env := environment(f, h)
		env.RegisterActivityWithOptions(act, activity.RegisterOptions{Name: "act"})
		env.ExecuteWorkflow(run, name)
		assert.NoError(t, env.GetWorkflowError())
		_, ok := tenant.Get()
		assert.False(t, ok)
	})
	close(over)
	late.Wait()
	tally.Verify(t, n*(7+3), n)
}

// A recorded returns the history of a workflow that was started with this header, and has called an activity of that name.
func recorded(h header, name string) *history.History {
	queue := &taskqueue.TaskQueue{Name: "queue"}
	kind := func(name string) *common.ActivityType { return &common.ActivityType{Name: name} }
	h1 := &common.Header{Fields: h}
	events := []*history.HistoryEvent{
		{EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED,
			Attributes: &history.HistoryEvent_WorkflowExecutionStartedEventAttributes{
				WorkflowExecutionStartedEventAttributes: &history.WorkflowExecutionStartedEventAttributes{
					WorkflowType: &common.WorkflowType{Name: "charge"}, TaskQueue: queue, Header: h1,
					OriginalExecutionRunId: "run",
				}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
			Attributes: &history.HistoryEvent_WorkflowTaskScheduledEventAttributes{
				WorkflowTaskScheduledEventAttributes: &history.WorkflowTaskScheduledEventAttributes{TaskQueue: queue}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_STARTED},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &history.WorkflowTaskCompletedEventAttributes{
					ScheduledEventId: 2, StartedEventId: 3}}},
		{EventType: enums.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
			Attributes: &history.HistoryEvent_ActivityTaskScheduledEventAttributes{
				ActivityTaskScheduledEventAttributes: &history.ActivityTaskScheduledEventAttributes{
					ActivityId: "5", ActivityType: kind("charge-" + name), TaskQueue: queue, Header: h1}}},
		{EventType: enums.EVENT_TYPE_ACTIVITY_TASK_STARTED,
			Attributes: &history.HistoryEvent_ActivityTaskStartedEventAttributes{
				ActivityTaskStartedEventAttributes: &history.ActivityTaskStartedEventAttributes{ScheduledEventId: 5}}},
		{EventType: enums.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
			Attributes: &history.HistoryEvent_ActivityTaskCompletedEventAttributes{
				ActivityTaskCompletedEventAttributes: &history.ActivityTaskCompletedEventAttributes{
					ScheduledEventId: 5, StartedEventId: 6}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED,
			Attributes: &history.HistoryEvent_WorkflowTaskScheduledEventAttributes{
				WorkflowTaskScheduledEventAttributes: &history.WorkflowTaskScheduledEventAttributes{TaskQueue: queue}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_STARTED},
		{EventType: enums.EVENT_TYPE_WORKFLOW_TASK_COMPLETED,
			Attributes: &history.HistoryEvent_WorkflowTaskCompletedEventAttributes{
				WorkflowTaskCompletedEventAttributes: &history.WorkflowTaskCompletedEventAttributes{
					ScheduledEventId: 8, StartedEventId: 9}}},
		{EventType: enums.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED,
			Attributes: &history.HistoryEvent_WorkflowExecutionCompletedEventAttributes{
				WorkflowExecutionCompletedEventAttributes: &history.WorkflowExecutionCompletedEventAttributes{
					WorkflowTaskCompletedEventId: 10}}},
	}
	for i, e := range events {
		e.EventId = int64(i) + 1
	}
	return &history.History{Events: events}
}

// charge calls an activity that depends on what is set, so that a replay with anything else fails.
func charge(ctx workflow.Context) error {
	name, _ := tenant.Get()
	var err error
	workflow.GetLogger(ctx).Info("charging")
	done := workflow.NewChannel(ctx)
	workflow.Go(ctx, func(ctx workflow.Context) {
		again, _ := tenant.Get()
		if again == name {
			err = workflow.ExecuteActivity(patient(ctx), "charge-"+again).Get(ctx, nil)
		}
		done.Send(ctx, nil)
	})
	done.Receive(ctx, nil)
	return err
}

func replayer(t testing.TB, f glstemporal.Flow, interceptors ...interceptor.WorkerInterceptor) worker.WorkflowReplayer {
	r, err := worker.NewWorkflowReplayerWithOptions(worker.WorkflowReplayerOptions{
		ContextPropagators:       []workflow.ContextPropagator{f.Propagator()},
		Interceptors:             interceptors,
		DisableDeadlockDetection: true,
	})
	require.NoError(t, err)
	r.RegisterWorkflowWithOptions(charge, workflow.RegisterOptions{Name: "charge"})
	return r
}

// The replayer runs workflow code as a worker does, on the SDK's own coroutines.
func TestReplaysFindWhatTheHeadersSayAndNothingElse(t *testing.T) {
	const n = adaptertest.Calls
	f := flow.OnError(failOnError(t))
	shared := replayer(t, f, f.Interceptor())
	adaptertest.Each(n, func(i int) {
		name := fmt.Sprint("tenant-", i)
		var h header
		tenant.Run(name, func() { h = inject(context.Background(), t, f) })
		tenant.Run("replayer's", func() {
			assert.NoError(t, shared.ReplayWorkflowHistory(silent{}, recorded(h, name)))
			assert.Equal(t, "replayer's", tenant.GetOrFail())
		})
	})

	var h header
	tenant.Run("acme", func() { h = inject(context.Background(), t, f) })
	require.Error(t, shared.ReplayWorkflowHistory(silent{}, recorded(h, "other")), "the test proves nothing")
	require.Error(t, replayer(t, f).ReplayWorkflowHistory(silent{}, recorded(h, "acme")), "the interceptor does nothing")
	require.NoError(t, shared.ReplayWorkflowHistory(silent{}, recorded(nil, "")))
}

// A frontend takes what clients start.
type frontend struct {
	workflowservice.UnimplementedWorkflowServiceServer

	mu      sync.Mutex
	headers map[string]*common.Header // by workflow
}

func (*frontend) GetSystemInfo(context.Context, *workflowservice.GetSystemInfoRequest,
) (*workflowservice.GetSystemInfoResponse, error) {
	return &workflowservice.GetSystemInfoResponse{Capabilities: &workflowservice.GetSystemInfoResponse_Capabilities{}}, nil
}

func (f *frontend) StartWorkflowExecution(_ context.Context, r *workflowservice.StartWorkflowExecutionRequest,
) (*workflowservice.StartWorkflowExecutionResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.headers[r.WorkflowId] = r.Header
	return &workflowservice.StartWorkflowExecutionResponse{RunId: "run"}, nil
}

func TestWhatClientsStartHasTheValuesOfTheirCallers(t *testing.T) {
	const n = adaptertest.Calls
	service := &frontend{headers: make(map[string]*common.Header)}
	server := grpc.NewServer()
	workflowservice.RegisterWorkflowServiceServer(server, service)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go func() { _ = server.Serve(listener) }()
	defer server.Stop()
	c, err := client.Dial(flow.OnError(failOnError(t)).Options(client.Options{
		HostPort: listener.Addr().String(), Logger: silent{},
	}))
	require.NoError(t, err)
	defer c.Close()
	slots := make(chan struct{}, 100) // the SDK gives a call ten seconds, however busy the machine
	adaptertest.Each(n, func(i int) {
		slots <- struct{}{}
		defer func() { <-slots }()
		name := fmt.Sprint("tenant-", i)
		tenant.Run(name, func() {
			_, err := c.ExecuteWorkflow(context.Background(), client.StartWorkflowOptions{ID: name, TaskQueue: "queue"}, "charge")
			assert.NoError(t, err)
		})
	})
	service.mu.Lock()
	defer service.mu.Unlock()
	require.Len(t, service.headers, n)
	for name, h := range service.headers {
		assert.Equal(t, map[string]string{"tenant": `"` + name + `"`}, texts(h.Fields))
	}
}
