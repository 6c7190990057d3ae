// Package losses finds the go statements at which values are lost: a Get finds nothing on a
// goroutine whose creator, or creator's creator and so on, has the value. Without a watcher the
// package does nothing.
//
// The text of runtime.Stack tells which goroutine started another, but not when. A goroutine that
// was started before its creator set the value has lost nothing. While the function with the go
// statement is on the creator's stack, the stack tells the order: the function is inside of a scope
// of gls, or outside of all. If the function has returned, the goroutine counts as started inside.
// It does not if a creator's creator is the main goroutine or a test's: then it is most often a
// server that was started there. If no watcher is thorough, the stacks of other goroutines are not
// read, and their children count as started inside.
//
// In a build with inheritance the frames of other goroutines are not known, and no loss is found.
package losses
