// Package started gives functions to those of its module that start them.
package started

import (
	"time"

	"started/async"
	"user"
)

func calls() {
	async.Go(func() { user.Current() })                           // want `^async.Go runs the function on another goroutine with nothing set, and it reads current.GetOrFail through user.Current: bind it with gls.Bind$`
	async.Go(func() { println() })                                // ok: it reads nothing
	async.Safe("x", func() error { user.Current(); return nil })  // want `async.Safe runs`
	async.All(func() { println() }, func() { user.Current() })    // want `async.All runs`
	async.Later(func() { user.Current() })                        // want `async.Later runs`
	new(async.Group).Go(func() { user.Current() })                // want `async.Group.Go runs`
	async.Each([]int{1}, func(int) { user.Current() })            // want `async.Each runs`
	own(func() { user.Current() })                                // want `started.own runs`
	user.Run(nil, func() { async.Go(func() { user.Current() }) }) // want `async.Go runs`
	async.Go(func() { user.Run(nil, func() { user.Current() }) }) // ok: it sets what it reads
	async.Carried(func() { user.Current() })                      // ok: carried by gls.Go
	async.Bound(func() { user.Current() })                        // ok: bound
	async.Rebound(func() { user.Current() })                      // ok: bound
	async.Resumed(func() { user.Current() })                      // ok: it runs in a snapshot
	async.Detached(func() { user.Current() })                     // ok: it says why
	async.Isolated(func() { user.Current() })                     // ok: it is meant to start with nothing
	async.Here(func() { user.Current() })                         // ok: on this goroutine
	async.Queued(func() { user.Current() })                       // ok: of analyzer workers
	passedOn(func() { user.Current() })                           // want `started.passedOn runs`
	impersonates(func() { user.Current() })                       // ok: the user is set there
	time.Sleep(1)

	//ambient:detached it serves all users
	async.Go(func() { user.Current() })
}

func own(fn func()) { go fn() }

func passedOn(fn func()) { async.Go(fn) }

func impersonates(fn func()) { go user.Run(nil, fn) }

func ownWorker(jobs chan int, fn func(int)) { async.NewWorker(jobs, fn) }

func workers(jobs chan int) {
	ownWorker(jobs, func(int) { user.Current() })                      // ok: the same in another package
	async.NewWorker(jobs, func(int) { user.Current() })                // ok: not bound, for it serves many
	async.Every(nil, func() { user.Current() })                        // ok: the same
	async.Serve(func() int { return 1 }, func(int) { user.Current() }) // ok: the same
	async.Wrapped(jobs, func(int) { user.Current() })                  // ok: the same
}
