// Package yields defines an analyzer of generators that call the body of their caller's loop inside
// of a scope.
//
// # Analyzer yields
//
// yields: find generators that yield while they have something set
//
// The body of "for x := range rows()" is a function that the generator calls. While the generator
// is inside of Run, Exit, gls.Isolate or another function that sets or hides values, the program's own
// among them, or between
// Enter and Leave, so is the loop's body: it runs as the user that the generator impersonates.
//
//	// WRONG
//	func rows() iter.Seq[int] {
//		return func(yield func(int) bool) {
//			user.Run("system", func() {
//				for _, row := range query() {
//					if !yield(row) {
//						return
//					}
//				}
//			})
//		}
//	}
//
//	// RIGHT
//	func rows() iter.Seq[int] {
//		return func(yield func(int) bool) {
//			yield = gls.Bind(yield)
//			user.Run("system", func() {
//				for _, row := range query() {
//					if !yield(row) {
//						return
//					}
//				}
//			})
//		}
//	}
//
//	// RIGHT
//	func rows() iter.Seq[int] {
//		return func(yield func(int) bool) {
//			var all []int
//			user.Run("system", func() { all = query() })
//			for _, row := range all {
//				if !yield(row) {
//					return
//				}
//			}
//		}
//	}
//
// A generator is a function whose only parameter is a func(...) bool that has the name yield, or
// that is used as an iter.Seq or iter.Seq2. Passing yield on, or binding it when a value is set
// already, counts as calling it.
package yields
