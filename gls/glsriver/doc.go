// Package glsriver lets the values of a flow travel with github.com/riverqueue/river jobs.
//
//	var flow = glsriver.New(glswire.Value("tenant", tenant, glswire.String[string]()))
//
//	river.Config{Middleware: []rivertype.Middleware{flow.Middleware()}}
//
// One value serves both ends, clients that insert and clients that work. A key is a member of the object "ambient" in the
// job's metadata, where SQL finds it, and whoever may read the table; what is not named does not travel (see package
// glswire), and what is not set is not set in the worker.
//
// # Inserting
//
// A job carries what is set where Insert, InsertMany or one of their kin is called. If the ctx carries another frame (see
// gls.NewContext), that one counts. A value that stands in the metadata wins. The metadata of river.InsertOpts is not
// changed. A periodic job is inserted by river itself and carries nothing.
//
// # Working
//
// A worker runs in a frame of its own, with the values of the job and nothing else. For the time of Work, and on
// goroutines that it starts with gls.Go:
//
//   - [JobID] returns the job's id. It stands on every line that is logged through glslog.Handler, as job_id, with
//     job_kind and queue.
//   - The ctx carries the frame for gls.Resume, and is derived from the ambient one (see gls.Context). River sets a job's
//     timeout inside of all middleware: the ambient context is cancelled with the client, not by that timeout.
//
// Put the middleware before those that are to run in the flow of the job. River calls a worker's own Middleware method
// before all of the Config, so what that returns runs outside. A retry begins anew, with the values that the job had.
// Errors and panics pass as they are, and nothing stays on the goroutine. The ErrorHandler is called outside of all
// middleware, and needs one word to see the job's values:
//
//	river.Config{ErrorHandler: flow.ErrorHandler(handler)}
//
// # Trust
//
// Metadata is written by whoever can write to the table; see package glswire on what that means. A value that does not
// decode, or is too long, is dropped as a whole, and the function given to [Flow.OnError] is told; the job is worked
// without it.
//
// # Concurrency
//
// All functions and methods may be called from any number of goroutines at once, and the function of OnError is.
package glsriver
