//go:build race

package glslog_test

// raceEnabled says that the race detector is on, which changes what allocates.
const raceEnabled = true
