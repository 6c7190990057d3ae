// Package overlay writes copies of a few files of an installed Go release in which each goroutine has one more pointer,
// which a new goroutine gets from its creator, and the -overlay file that makes the go command build with them.
//
// The copies are made on the user's machine from the user's own files, at places found in their syntax trees. Each place
// has to be there exactly once: a release in which one is not is unsupported, and nothing is written.
package overlay
