package gls

import "github.com/ambient-go/ambient/internal/carrier"

// PropagationMode says what a plain go statement does with the frame.
type PropagationMode int

const (
	// Explicit is the mode of every build by the go command: a plain go statement starts with nothing set, and Go,
	// Bind and Capture carry the frame.
	Explicit PropagationMode = iota

	// Inherited is the mode in which a plain go statement starts with its creator's frame.
	Inherited
)

// String returns "explicit" or "inherited".
func (m PropagationMode) String() string {
	if m == Inherited {
		return "inherited"
	}
	return "explicit"
}

// Propagation returns the mode of this program. It never changes while the program runs.
func Propagation() PropagationMode {
	if carrier.Inherited() {
		return Inherited
	}
	return Explicit
}
