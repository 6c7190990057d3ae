// Package glstest finds, in the tests of a program that uses package gls, goroutines that keep
// values after a test, scopes that are not left as they should be, and values that are lost at a
// plain go statement.
//
//	func TestCheckout(t *testing.T) {
//		glstest.VerifyNone(t)
//		glstest.Strict(t)
//		glstest.NoLosses(t)
//		...
//	}
//
// [VerifyNone] looks at the end of the test for goroutines that still carry a frame. [Strict]
// watches each Enter and Leave while the test runs, [NoLosses] each Get that finds nothing. All
// three work in subtests, in parallel tests, in benchmarks and in testing/synctest bubbles. They
// print nothing, start no goroutine and do not change what gls does.
//
// A goroutine's ancestry tells which test it belongs to. The text of runtime.Stack names a
// goroutine's creator. The creator's creator is known only if the creator is alive or gls or this
// package met it before. If the chain is cut, a goroutine belongs to the test if no other test ran
// beside it, and otherwise to no test.
//
// Reports say that a goroutine was started at the line of its go statement, or of the call of gls
// that started it. For a goroutine that another package's function started, such as errgroup's Go,
// that is a line of the package.
//
// While a test uses one of these functions, gls.Go and its like take some microseconds longer.
// Otherwise this package costs nothing.
package glstest
