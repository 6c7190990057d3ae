// Package glsasynq lets the values of a flow travel with github.com/hibiken/asynq tasks.
//
//	var flow = glsasynq.New(glswire.Value("tenant", tenant, glswire.String[string]()))
//
//	task := flow.NewTask("email:deliver", payload) // in place of asynq.NewTask
//
//	mux.Use(flow.Middleware)
//
// One value serves both ends. A key is a header of the task; what is not named does not travel (see package glswire), and
// what is not set is not set in the handler.
//
// # Making a task
//
// A task carries what is set where NewTask is called, which asynq's own NewTask does not: nobody can add a header to its
// result. So one that is made in a package-level variable, or for a Scheduler, carries nothing. Where only a ctx is at
// hand, gls.Resume(ctx, fn) makes it in the flow of that ctx.
//
// A task that an asynq.GroupAggregator makes of many is nobody's: the function runs on a goroutine of the server, where
// nothing is set.
//
// # Processing it
//
// A handler runs in a frame of its own, with the values of the task and nothing else. For the time of the handler, and on
// goroutines that it starts with gls.Go:
//
//   - [TaskID] returns the task's id. It stands on every line that is logged through glslog.Handler, as task_id, with
//     task_type and queue.
//   - The handler's ctx is the ambient one (see gls.Context), and carries the frame for gls.Resume.
//
// Add the middleware before those that are to run in the flow of the task. A retry begins anew, with the values that the
// task had. Errors and panics pass as they are, and nothing stays on the goroutine. The server's ErrorHandler is called
// outside of all middleware, and needs one word to see the task's values:
//
//	asynq.Config{ErrorHandler: flow.ErrorHandler(handler)}
//
// # Trust
//
// Headers are written by whoever can write to the Redis server, and stay there for as long as the task is kept; see
// package glswire on what that means. A value that does not decode, or is too long, is dropped as a whole, and the
// function given to [Flow.OnError] is told; the task is processed without it.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and the function of OnError is.
package glsasynq
