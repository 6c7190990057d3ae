// Package unbound finds functions that read ambient state and are handed to something that runs
// them on another goroutine.
//
// # Analyzer unbound
//
// unbound: a function that reads ambient state is run on another goroutine without it.
//
// time.AfterFunc, context.AfterFunc, sync.WaitGroup.Go, errgroup.Group.Go and TryGo, iter.Pull and
// Pull2, http.Server.RegisterOnShutdown, runtime.SetFinalizer and AddCleanup, the pools of ants,
// conc, pond, workerpool and gopool, lo.Async and lo/parallel run the function they are given on a
// goroutine that has nothing set. The analyzer reports a call that gives them a function which reads
// a gls.Storage, the HTTP request or the ambient context, itself or through the functions it calls.
// The analyzer finds the functions of the module itself that start what they are given, and those
// that call them:
//
//	func Go(fn func()) { go fn() }
//
// The flag -runners names more such functions:
//
//	-runners=example.com/pool.Pool.Submit,example.com/async.Run
//
//	// WRONG
//	time.AfterFunc(time.Second, func() { log.Print(user.Current()) }) // no user there
//	group.Go(fetch)                                                   // fetch reads the tenant
//
//	// RIGHT
//	gls.AfterFunc(time.Second, func() { log.Print(user.Current()) })
//	group.Go(gls.Bind(fetch))
//
// A function that reads the request, and that the flow does not wait for, may run when the request
// is over. The fix does not bind it: time.AfterFunc becomes httpctx.AfterFuncDetached, and for the
// others the message names the change.
//
// A sync.WaitGroup that is a variable of the function becomes a gls.WaitGroup. The directive of
// barego silences a call:
//
//	//ambient:detached the cache is warmed for everybody
//	group.Go(warm)
package unbound
