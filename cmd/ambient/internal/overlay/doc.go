// Package overlay writes copies of a few files of an installed Go release, and the -overlay file
// that makes the go command build with them. In the copies each goroutine has an ambientState,
// which a new goroutine may get from its creator.
//
// The copies are made on the user's machine from the user's own files, at places found in their
// syntax trees. Each place must be there exactly once. A release without one of them is not
// supported, and nothing is written.
package overlay
