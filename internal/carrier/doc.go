// Package carrier says which frame is in force on a goroutine. It is the seam between the frames, which it does not
// look into, and the way they are carried: every question and every change that gls has is a method of this package,
// and a way of carrying frames is one file in it.
package carrier
