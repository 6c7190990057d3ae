package named

import (
	"inhouse"
	"user"
)

func named(q *inhouse.Queue, r inhouse.Runner, all []inhouse.Runner) {
	q.Submit(1, func() { user.Current() }) // want `inhouse.Queue.Submit runs`
	r.Later(func() { user.Current() })     // want `inhouse.Runner.Later runs`
	inhouse.Async(
		func() { user.Current() }, // want `inhouse.Async runs`
		func() { user.Current() }, // want `inhouse.Async runs`
	)
}
