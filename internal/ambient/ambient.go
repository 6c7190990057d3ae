// Package ambient is how packages of this module give gls values that do more than be there.
package ambient

import "context"

// A Source is a context.Context that gls.WithContext is given in place of another one. It is never shown: gls.Context
// returns what Ambient returns.
type Source interface {
	context.Context

	// Ambient returns the context, or false when it is not to be seen any more. Then none is set.
	Ambient() (context.Context, bool)
}

// An Adder is a value that gls.Run and gls.Snapshot.With add to the one of its storage that is set, in place of putting it
// there instead. Programs outside of this module cannot write one.
type Adder interface {
	// AddTo returns a value with both, of the same type, and changes neither. It must not panic.
	AddTo(before Adder) Adder
}
