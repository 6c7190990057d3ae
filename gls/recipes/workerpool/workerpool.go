// Package workerpool is the recipe for github.com/gammazero/workerpool: each task is bound where it is submitted.
//
//	pool.Submit(gls.Bind(task))
//
// The same holds for SubmitWait and Do. Ambient vet finds tasks that are not bound, and -fix binds them.
package workerpool

import (
	"github.com/gammazero/workerpool"

	"github.com/ambient-go/ambient/gls"
)

// Submit runs task on a worker of the pool, with what is set here.
func Submit(pool *workerpool.WorkerPool, task func()) {
	pool.Submit(gls.Bind(task))
}
