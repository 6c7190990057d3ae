//go:build race

package testexec

// Race says that the race detector is on. It changes what allocates and how long things take.
const Race = true
