// Package workers defines an analyzer of goroutines that serve many with what is set where they are
// started.
//
// # Analyzer workers
//
// workers: find goroutines that run the tasks of many with the values of one
//
// A worker takes one task after the other, from a channel, from a queue with a sync.Cond, or from a
// list where a signal says that there are some. Started by gls.Go it keeps the values of that
// moment: the first request's user is the user of every later task. A plain go statement gives it
// nothing, and in a build by "ambient build" the same as gls.Go. Start a worker with nothing, and
// let each task bring the values of the code that made it:
//
//	// WRONG
//	func submit(f func()) {
//		once.Do(func() { gls.Go(work) })
//		tasks <- f
//	}
//
//	// RIGHT
//	func submit(f func()) {
//		once.Do(func() { gls.Isolate(func() { go work() }) })
//		tasks <- gls.Bind(f)
//	}
//
// Data in a channel does the same with a Snapshot:
//
//	// WRONG
//	func start() {
//		gls.Go(func() {
//			for o := range orders {
//				charge(o) // reads the user
//			}
//		})
//	}
//
//	// RIGHT
//	func start() {
//		go func() {
//			for o := range orders {
//				o.from.Run(func() { charge(o) }) // order{from: gls.Capture()}
//			}
//		}()
//	}
//
// The analyzer reports gls.Go, gls.WaitGroup.Go and Snapshot.Go with a worker that reads a value of
// the flow or calls functions that it receives. In a package that uses gls or httpctx it reports a
// plain go statement, and a function that contains one, with a worker that calls functions which
// the package does not bind, except in main itself and in gls.Isolate. It reports the function of
// ants.NewPoolWithFunc and its kin if that reads a value. A plain go statement with a worker that
// reads is reported by barego.
//
// Workers on a channel that the function which starts them has made and keeps to itself share the
// work of one flow and are right with gls.Go. A channel of data that is a parameter counts as a
// stage of a pipeline. The directive of barego silences a statement.
package workers
