//go:build !race

package testexec

// Race says that the race detector is on. It changes allocations and times.
const Race = false
