// Package glstest finds, in the tests of a program that uses package gls, goroutines that keep values after a test,
// scopes that are not left as they should be, and values that are lost at a plain go statement.
//
//	func TestCheckout(t *testing.T) {
//		glstest.VerifyNone(t)
//		glstest.Strict(t)
//		glstest.NoLosses(t)
//		...
//	}
//
// [VerifyNone] looks at the end of the test for goroutines that still carry a frame. [Strict] watches each Enter and
// Leave while the test runs, [NoLosses] each Get that finds nothing. All work in subtests, in tests that run in
// parallel, in benchmarks and in testing/synctest bubbles; none changes what gls does, prints, or starts a goroutine.
//
// Which test a goroutine belongs to is told by its ancestry. The text of runtime.Stack names a goroutine's creator,
// and the creator's creator is known only if the creator is alive or gls or this package met it before. Where the
// chain is cut, a goroutine is the test's if no other test ran beside it, and nobody's otherwise.
//
// A goroutine is said to be started at the line of its go statement or of the call of gls that started it; of one
// started by another package's function, such as errgroup's Go, that is a line of that package.
//
// While a test uses one of them, gls.Go and its like take some microseconds longer. When none does, nothing of
// this package is in the way.
package glstest
