// Package testexec runs a test binary once more, for tests of what happens to a whole process.
package testexec

import (
	"os"
	"os/exec"
	"testing"
)

// Emulator is the program that runs binaries of the port under test, "" where the machine does: make cross-arm64 sets
// it as it sets go test's -exec.
var Emulator = os.Getenv("AMBIENT_EXEC")

// Command returns the command that runs the running test binary with args.
func Command(args ...string) *exec.Cmd {
	self, err := os.Executable()
	if err != nil || Emulator != "" { // under an emulator it is the emulator
		self = os.Args[0]
	}
	if Emulator != "" {
		return exec.Command(Emulator, append([]string{self}, args...)...) //nolint:gosec // the machine's own choice
	}
	return exec.Command(self, args...) //nolint:gosec // itself
}

// Builds skips a test that builds programs where AMBIENT_BUILDS is not set: make builds and make compat set it.
func Builds(t *testing.T) {
	t.Helper()
	if os.Getenv("AMBIENT_BUILDS") == "" {
		t.Skip("builds programs: make builds runs it")
	}
}
