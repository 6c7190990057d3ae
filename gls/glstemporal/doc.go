// Package glstemporal lets the values of a flow travel with go.temporal.io/sdk workflows and activities.
//
//	var flow = glstemporal.New(glswire.Value("tenant", tenant, glswire.String[string]()))
//
//	c, err := client.Dial(flow.Options(client.Options{}))
//
// The client carries what is set where it is called, and the workers that are made with it, worker.New(c, …), read it: one
// value serves both. A key is a key of Temporal's headers; what is not named does not travel (see package glswire), and
// what is not set is not set at the other end. [Flow.Propagator] and [Flow.Interceptor] are the two parts, for
// worker.WorkflowReplayerOptions and the test environments.
//
// # Clients
//
// ExecuteWorkflow, SignalWithStart, UpdateWorkflow, QueryWorkflow and the others carry what is set where they are called.
// If the ctx carries another frame (see gls.NewContext), that one counts. A schedule carries what is set where it is
// created, for all the workflows that it will start: create it in gls.Isolate if they are nobody's.
//
// # Workflows
//
// A workflow's code runs in a frame with what the header says that it was started with, and nothing else, so that a replay
// finds the same on whatever worker. So do the coroutines of workflow.Go, which have the frame of the code that starts
// them, as by gls.Go, and what the workflow starts: its activities, its children, and the run that continues it as new.
// A handler of queries or updates, and what an update starts, has what the header of the query or update says. Who
// receives a signal is the workflow, with its own values.
//
// Code of a workflow may set values by Run; that is deterministic where the code is. What it starts has them only if the
// code says so:
//
//	tenant.Run("other", func() { future = workflow.ExecuteActivity(flow.NewContext(ctx), charge) })
//
// Do not read in a workflow what its frame cannot have, and do not use gls.Go there: the SDK's rule is workflow.Go. There
// is no ambient context in a workflow.
//
// # Activities
//
// An activity, a local one too, runs in a frame of its own, with the values of the workflow that started it. Its ctx is
// the ambient one (see gls.Context) until it ends, and carries the frame for gls.Resume. Each attempt begins anew. Where
// interceptors are listed by hand, those that derive a ctx, as tracing does, stand before the one of Flow.Interceptor, or
// between it and that of [ActivityContext], which [Flow.Options] puts last.
//
// [WorkflowID] returns the workflow's id in both. It stands on every line that is logged through glslog.Handler, as
// workflow_id, with run_id and workflow_type, or activity_id and activity_type. Errors, panics and evicted workflows leave
// nothing on any goroutine.
//
// Nexus operations have headers of their own kind, which this package does not write.
//
// # Trust
//
// Headers are written by whoever can call the namespace, and whoever can read it finds them in the history: they do not
// go through the client's DataConverter, which may encrypt. See package glswire on what trust means. A value that does not
// decode, or is too long, is dropped as a whole, and the function given to [Flow.OnError] is told.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and the function of OnError is.
package glstemporal
