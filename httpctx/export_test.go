package httpctx

import "slices"

// HoldGuard takes the lock of c's Writer, so that a test can stop operations at it.
func HoldGuard(c *Context) (release func()) {
	_ = c.Writer()
	g := c.guard.Load()
	g.mu.Lock()
	return g.mu.Unlock
}

// Piece is how much of a file is copied at once.
const Piece = piece

// Recycles reports whether a package's types are known to be used for one request after the other.
var Recycles = recycles

// Wildcards are the names in a pattern.
func Wildcards(pattern string) []string { return slices.Collect(wildcards(pattern)) }
