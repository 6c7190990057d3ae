//go:build race

package glsdebug_test

const raceEnabled = true
