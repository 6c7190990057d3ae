// Package other opens scopes for its callers.
package other

import "github.com/ambient-go/ambient/gls"

var user = gls.New[string]("user")

// Enter is what other packages call.
func Enter(name string) gls.Scope { return enter(name) } // want Enter:`opens\[0\]`

func enter(name string) gls.Scope { // want enter:`opens\[0\]`
	scope := user.Enter(name)
	return scope
}

// Zero opens nothing.
func Zero() gls.Scope { return gls.Scope{} } // ok: no fact

// Leaver is what other packages call and defer.
func Leaver(name string) func() { return user.Enter(name).Leave } // want Leaver:`opens\[0\]`

// Closer is the same with more to do.
func Closer(name string) (func(), string) { // ok: with other results it may be nil
	return enter(name).Leave, name
}
