// Package ambient declares the interfaces of values that gls treats in a way of their own.
package ambient

import "context"

// A Source is a context.Context that stands in for another context in gls.WithContext. gls.Context
// does not return the Source but the result of Ambient.
type Source interface {
	context.Context

	// Ambient returns the context, or false if it has ended. Then no ambient context is set.
	Ambient() (context.Context, bool)
}

// An Adder is a value that gls.Run and gls.Snapshot.With add to the storage's value in force,
// instead of replacing it. Programs outside of this module cannot implement it.
type Adder interface {
	// AddTo returns a value that combines both, of the same type, and changes neither. It must not
	// panic.
	AddTo(before Adder) Adder
}
