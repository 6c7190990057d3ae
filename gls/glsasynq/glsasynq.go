package glsasynq

import (
	"context"
	"log/slog"
	"maps"

	"github.com/hibiken/asynq"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glswire"
	"github.com/ambient-go/ambient/internal/flow"
)

// A Flow carries values in the headers of tasks. It is immutable, and one serves both ends. The zero Flow carries
// nothing.
type Flow struct {
	values  glswire.Set
	onError func(error)
}

// New returns a Flow that carries these values. It panics as glswire.NewSet does.
func New(values ...glswire.Wire) Flow { return Flow{values: glswire.NewSet(values...)} }

// OnError returns f with report, which is called with a *glswire.Error for each value that could not be sent or was not
// taken. The task goes on without that value. Without OnError nobody is told.
func (f Flow) OnError(report func(error)) Flow {
	f.onError = report
	return f
}

// NewTask is asynq.NewTask, whose result carries the values of the running flow.
func (f Flow) NewTask(typename string, payload []byte, opts ...asynq.Option) *asynq.Task {
	return f.NewTaskWithHeaders(typename, payload, nil, opts...)
}

// NewTaskWithHeaders is asynq.NewTaskWithHeaders, whose result carries the values of the running flow as well. A header
// that is given wins. The map is not changed.
func (f Flow) NewTaskWithHeaders(typename string, payload []byte, headers map[string]string, opts ...asynq.Option,
) *asynq.Task {
	all := make(map[string]string)
	f.values.Encode(func(key, text string) { all[key] = text }, f.onError)
	maps.Copy(all, headers)
	return asynq.NewTaskWithHeaders(typename, payload, all, opts...)
}

// Middleware returns next as the handler of tasks, for asynq.ServeMux.Use: each runs in a frame of its own. Add it before
// others that are to run in the flow of a task. It panics if next is nil.
func (f Flow) Middleware(next asynq.Handler) asynq.Handler {
	if next == nil {
		panic("glsasynq.Flow.Middleware: nil handler")
	}
	return asynq.HandlerFunc(func(ctx context.Context, task *asynq.Task) (err error) {
		f.consume(ctx, task, func(ctx context.Context) { err = next.ProcessTask(ctx, task) })
		return err
	})
}

// ErrorHandler returns next, for asynq.Config.ErrorHandler, called in the flow of the task that has failed. That is
// outside of all middleware. It panics if next is nil.
func (f Flow) ErrorHandler(next asynq.ErrorHandler) asynq.ErrorHandler {
	if next == nil {
		panic("glsasynq.Flow.ErrorHandler: nil handler")
	}
	return asynq.ErrorHandlerFunc(func(ctx context.Context, task *asynq.Task, failure error) {
		f.consume(ctx, task, func(ctx context.Context) { next.HandleError(ctx, task, failure) })
	})
}

// consume calls fn in a frame with what the task brings.
func (f Flow) consume(ctx context.Context, task *asynq.Task, fn func(ctx context.Context)) {
	get := func(key string) (string, bool) { text, ok := task.Headers()[key]; return text, ok }
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	flow.Consume(ctx, fn, append(f.values.Decode(get, f.onError), taskID.With(id), glslog.With(
		slog.String("task_id", id), slog.String("task_type", task.Type()), slog.String("queue", queue)))...)
}

var taskID = gls.New[string]("glsasynq")

// TaskID returns the id of the task that is being processed and true, or "" and false outside of one. A goroutine that
// outlives the task keeps it.
func TaskID() (string, bool) { return taskID.Get() }
