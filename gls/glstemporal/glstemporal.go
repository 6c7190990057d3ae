package glstemporal

import (
	"context"
	"errors"
	"log/slog"
	"slices"

	"go.temporal.io/api/common/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/workflow"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/flow"
)

// A Flow carries values in the headers of workflows and activities. It is immutable, and one serves clients and workers.
// The zero Flow carries nothing.
type Flow struct {
	values  glswire.Set
	onError func(error)
}

// New returns a Flow that carries these values. It panics as glswire.NewSet does.
func New(values ...glswire.Wire) Flow { return Flow{values: glswire.NewSet(values...)} }

// OnError returns f with report, which is called with a *glswire.Error for each value that could not be sent or was not
// taken. What was to have it goes on without. Workflow code runs anew in each replay, and so does what it reports. Without
// OnError nobody is told.
func (f Flow) OnError(report func(error)) Flow {
	f.onError = report
	return f
}

// Options returns o with the Propagator and the Interceptor, before those that it has, and ActivityContext after them. The
// workers of the client have them from it, too.
func (f Flow) Options(o client.Options) client.Options {
	o.ContextPropagators = append([]workflow.ContextPropagator{f.Propagator()}, o.ContextPropagators...)
	o.Interceptors = slices.Concat([]interceptor.ClientInterceptor{f.Interceptor()}, o.Interceptors,
		[]interceptor.ClientInterceptor{ActivityContext()})
	return o
}

// Propagator returns what writes headers and reads them.
func (f Flow) Propagator() workflow.ContextPropagator { return propagator{f} }

// Interceptor returns what runs workflows and activities in the frame that the Propagator has read.
func (f Flow) Interceptor() interceptor.Interceptor { return &workerInterceptor{} }

// ActivityContext returns an interceptor that makes the ctx of an activity the ambient one. Put it last where interceptors
// after the one of Flow.Interceptor derive a ctx, as those of tracing do.
func ActivityContext() interceptor.Interceptor { return &contextInterceptor{} }

// NewContext returns ctx for activities and workflows that are to carry what is set here, and not what the headers of this
// workflow say. It is for workflow code.
func (f Flow) NewContext(ctx workflow.Context) workflow.Context {
	v := brought{payloads: make(map[string]*common.Payload)}
	f.encode(func(key string, payload *common.Payload) { v.payloads[key] = payload })
	return workflow.WithValue(ctx, broughtKey{}, v)
}

// A brought is what a header has brought. It is immutable.
type brought struct {
	payloads map[string]*common.Payload // what a workflow gives on to what it starts
	bindings []gls.Binding
}

// A broughtKey is the key of it, in both kinds of contexts.
type broughtKey struct{}

type propagator struct{ flow Flow }

// Inject writes the values of the flow that calls a client.
func (p propagator) Inject(ctx context.Context, w workflow.HeaderWriter) error {
	flow.Of(ctx).Run(func() { p.flow.encode(w.Set) })
	return nil
}

// Extract reads the values of an activity.
func (p propagator) Extract(ctx context.Context, r workflow.HeaderReader) (context.Context, error) {
	return context.WithValue(ctx, broughtKey{}, p.flow.decode(r)), nil
}

// InjectFromWorkflow writes what the workflow's header has brought, whatever its code has set since: that, a replay finds
// again.
func (p propagator) InjectFromWorkflow(ctx workflow.Context, w workflow.HeaderWriter) error {
	v, _ := ctx.Value(broughtKey{}).(brought)
	for key, payload := range v.payloads {
		w.Set(key, payload)
	}
	return nil
}

// ExtractToWorkflow reads the values of a workflow, a signal, a query or an update.
func (p propagator) ExtractToWorkflow(ctx workflow.Context, r workflow.HeaderReader) (workflow.Context, error) {
	return workflow.WithValue(ctx, broughtKey{}, p.flow.decode(r)), nil
}

// encode calls put for the values that are set here.
func (f Flow) encode(put func(key string, payload *common.Payload)) {
	f.values.Encode(func(key, text string) {
		payload, _ := converter.GetDefaultDataConverter().ToPayload(text) // of a text there is always one
		put(key, payload)
	}, f.onError)
}

// decode returns what r has.
func (f Flow) decode(r workflow.HeaderReader) brought {
	v := brought{payloads: make(map[string]*common.Payload)}
	for _, w := range f.values.Wires() {
		payload, ok := r.Get(w.Key())
		if b, err := bind(w, payload); ok && err == nil {
			v.payloads[w.Key()], v.bindings = payload, append(v.bindings, b)
		} else if ok && f.onError != nil {
			f.onError(err)
		}
	}
	return v
}

// bind returns the binding of a payload, which must be a text: null would be read as an empty one.
func bind(w glswire.Wire, payload *common.Payload) (gls.Binding, error) {
	var text *string
	if err := converter.GetDefaultDataConverter().FromPayload(payload, &text); err != nil || text == nil {
		return gls.Binding{}, &glswire.Error{Key: w.Key(), Err: errors.New("the payload is no text")}
	}
	return w.Bind(*text)
}

type workerInterceptor struct{ interceptor.InterceptorBase }

// InterceptActivity is called for each activity.
func (*workerInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &activityInbound{interceptor.ActivityInboundInterceptorBase{Next: next}}
}

// InterceptWorkflow is called for each run of a workflow.
func (*workerInterceptor) InterceptWorkflow(_ workflow.Context, next interceptor.WorkflowInboundInterceptor,
) interceptor.WorkflowInboundInterceptor {
	return &workflowInbound{interceptor.WorkflowInboundInterceptorBase{Next: next}}
}

type activityInbound struct {
	interceptor.ActivityInboundInterceptorBase
}

// ExecuteActivity runs an activity in a frame of its own.
func (i *activityInbound) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput,
) (result any, err error) {
	info := activity.GetInfo(ctx)
	flow.Consume(ctx, func(ctx context.Context) { result, err = i.Next.ExecuteActivity(ctx, in) },
		bindings(ctx.Value(broughtKey{}), info.WorkflowExecution,
			slog.String("activity_id", info.ActivityID), slog.String("activity_type", info.ActivityType.Name))...)
	return result, err
}

// A contextInterceptor is the interceptor of a worker, and of each of its activities.
type contextInterceptor struct {
	interceptor.InterceptorBase
	interceptor.ActivityInboundInterceptorBase
}

// InterceptActivity is called for each activity.
func (*contextInterceptor) InterceptActivity(_ context.Context, next interceptor.ActivityInboundInterceptor,
) interceptor.ActivityInboundInterceptor {
	return &contextInterceptor{ActivityInboundInterceptorBase: interceptor.ActivityInboundInterceptorBase{Next: next}}
}

// ExecuteActivity runs an activity with its ctx as the ambient one.
func (i *contextInterceptor) ExecuteActivity(ctx context.Context, in *interceptor.ExecuteActivityInput,
) (result any, err error) {
	flow.Derived(ctx, func() { result, err = i.Next.ExecuteActivity(ctx, in) })
	return result, err
}

// bindings are those that a header has brought, and those of this package.
func bindings(value any, e workflow.Execution, attrs ...slog.Attr) []gls.Binding {
	v, _ := value.(brought)
	attrs = append([]slog.Attr{slog.String("workflow_id", e.ID), slog.String("run_id", e.RunID)}, attrs...)
	return slices.Concat(v.bindings, []gls.Binding{workflowID.With(e.ID), glslog.With(attrs...)})
}

type workflowInbound struct {
	interceptor.WorkflowInboundInterceptorBase
}

// Init puts the interceptor of workflow.Go in front of the others.
func (i *workflowInbound) Init(next interceptor.WorkflowOutboundInterceptor) error {
	return i.Next.Init(&workflowOutbound{interceptor.WorkflowOutboundInterceptorBase{Next: next}})
}

// run calls fn in a frame with what the headers of ctx have brought, and nothing else.
func run(ctx workflow.Context, fn func()) {
	info := workflow.GetInfo(ctx)
	kind := slog.String("workflow_type", info.WorkflowType.Name)
	gls.Snapshot{}.With(bindings(ctx.Value(broughtKey{}), info.WorkflowExecution, kind)...).Run(fn)
}

// ExecuteWorkflow runs a workflow.
func (i *workflowInbound) ExecuteWorkflow(ctx workflow.Context, in *interceptor.ExecuteWorkflowInput,
) (result any, err error) {
	run(ctx, func() { result, err = i.Next.ExecuteWorkflow(ctx, in) })
	return result, err
}

// HandleQuery answers a query, in the frame of who asks.
func (i *workflowInbound) HandleQuery(ctx workflow.Context, in *interceptor.HandleQueryInput) (result any, err error) {
	run(ctx, func() { result, err = i.Next.HandleQuery(ctx, in) })
	return result, err
}

// ValidateUpdate runs the validator of an update, in the frame of who has sent it.
func (i *workflowInbound) ValidateUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (err error) {
	run(ctx, func() { err = i.Next.ValidateUpdate(ctx, in) })
	return err
}

// ExecuteUpdate runs the handler of an update, in the frame of who has sent it.
func (i *workflowInbound) ExecuteUpdate(ctx workflow.Context, in *interceptor.UpdateInput) (result any, err error) {
	run(ctx, func() { result, err = i.Next.ExecuteUpdate(ctx, in) })
	return result, err
}

type workflowOutbound struct {
	interceptor.WorkflowOutboundInterceptorBase
}

// Go starts a coroutine, which the SDK runs on a goroutine of its own, with the frame of the one that starts it.
func (o *workflowOutbound) Go(ctx workflow.Context, name string, fn func(ctx workflow.Context)) workflow.Context {
	frame := gls.Capture()
	return o.Next.Go(ctx, name, func(ctx workflow.Context) { frame.Run(func() { fn(ctx) }) })
}

var workflowID = gls.New[string]("glstemporal")

// WorkflowID returns the id of the workflow that is running, or whose activity is, and true, or "" and false outside of
// one. A goroutine that outlives an activity keeps it.
func WorkflowID() (string, bool) { return workflowID.Get() }
