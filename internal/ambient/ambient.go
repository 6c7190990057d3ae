// Package ambient is how package httpctx gives gls an ambient context that ends.
package ambient

import "context"

// A Source is a context.Context that gls.WithContext is given in place of another one. It is never shown: gls.Context
// returns what Ambient returns.
type Source interface {
	context.Context

	// Ambient returns the context, or false when it is not to be seen any more. Then none is set.
	Ambient() (context.Context, bool)
}
