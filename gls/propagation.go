package gls

import "github.com/ambient-go/ambient/internal/carrier"

// A PropagationMode says with which frame a plain go statement starts a goroutine.
type PropagationMode int

const (
	// Explicit is the mode of every program that the go command builds: a plain go statement starts
	// with nothing set, and Go, Bind and Capture carry the frame.
	Explicit PropagationMode = iota

	// Inherited is the mode of a program that ambient build made: a plain go statement of the main
	// module starts with its creator's frame.
	Inherited
)

// String returns "explicit" or "inherited".
func (m PropagationMode) String() string {
	if m == Inherited {
		return "inherited"
	}
	return "explicit"
}

// Propagation returns the mode of this program. The mode never changes while the program runs.
func Propagation() PropagationMode {
	if carrier.Inherited() {
		return Inherited
	}
	return Explicit
}
