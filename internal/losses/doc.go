// Package losses finds the go statements at which values are lost: where a Get finds nothing on a goroutine whose
// creator, or creator's creator and so on, has a value for it. Nothing is looked at while nobody watches.
//
// Who started a goroutine is in the text of runtime.Stack. When is not: a goroutine that was started before its
// creator set the value has lost nothing. The creator's stack tells them apart while the function with the go
// statement is on it: inside of a scope of gls, or outside of all. Where that function has returned, it is taken for
// inside, but not if a creator's creator is the main goroutine or a test's: then it is most often a server that was
// started there. Unless somebody is thorough, other goroutines' stacks are not looked at: what they start is taken
// for started inside.
//
// In a build with inheritance the frames of others are not known, and no loss is found.
package losses
