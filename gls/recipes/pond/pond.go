// Package pond is the recipe for github.com/alitto/pond/v2: each task is bound where it is submitted.
//
//	pool.Submit(gls.Bind(task))
//
// The same holds for Go, SubmitErr, TrySubmit, TrySubmitErr, for a ResultPool, and for each function that a group is
// given. Ambient vet finds tasks that are not bound, and -fix binds them.
package pond

import (
	"github.com/alitto/pond/v2"

	"github.com/ambient-go/ambient/gls"
)

// Submit runs task on a worker of the pool, with what is set here.
func Submit(pool pond.Pool, task func()) pond.Task {
	return pool.Submit(gls.Bind(task))
}
