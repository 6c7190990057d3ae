// Package testexec runs a test binary once more, for tests of behaviour of a whole process.
package testexec

import (
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"testing"
	"time"
)

// Emulator is the program that runs binaries of the port under test, "" if the machine runs them
// itself. make cross-arm64 sets it as it sets go test's -exec.
var Emulator = os.Getenv("AMBIENT_EXEC")

// Command returns the command that runs the running test binary with args.
func Command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil || Emulator != "" { // os.Executable returns the emulator under one
		self = os.Args[0]
	}
	if Emulator != "" {
		return exec.Command(Emulator, append([]string{self}, args...)...) //nolint:gosec // the machine's own choice
	}
	return exec.Command(self, args...) //nolint:gosec // itself
}

// Exits calls fn, which starts goroutines and waits for their last signals, and returns when the
// runtime counts no more goroutines than before. A goroutine that has signalled that it is done is
// alive until it has exited. Exits gives up after a second, because a goroutine that has nothing to
// do with fn may have begun.
func Exits(fn func()) {
	before, deadline := runtime.NumGoroutine(), time.Now().Add(time.Second)
	fn()
	for runtime.NumGoroutine() > before && time.Now().Before(deadline) {
		runtime.Gosched()
	}
}

// Collect runs the garbage collector and returns when a cleanup of an object that it found has run.
// On a busy machine the runtime's goroutines for cleanups fall behind a loop of collections.
func Collect() {
	var ran atomic.Bool
	runtime.AddCleanup(new([16]byte), func(struct{}) { ran.Store(true) }, struct{}{})
	for runtime.GC(); !ran.Load(); {
		runtime.Gosched()
	}
}

// Builds skips a test that builds programs unless AMBIENT_BUILDS is set. make builds and make
// compat set it.
func Builds(t *testing.T) {
	t.Helper()
	if os.Getenv("AMBIENT_BUILDS") == "" {
		t.Skip("builds programs: make builds runs it")
	}
}
