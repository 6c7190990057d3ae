package httpctx

import "sync/atomic"

var (
	installed atomic.Bool // from false to true when the first Middleware is made or Run is called
	off       atomic.Bool // stored by SetEnabled

	// era counts how often the package was switched off. A Context of an earlier era is not found.
	// SetEnabled adds to it after it has stored off.
	era atomic.Uint64
)

// Enabled reports whether requests get a Context: a Middleware exists, or Run was used, and
// SetEnabled(false) was not called. It does not say whether the caller is in a request: see Get.
func Enabled() bool { return installed.Load() && !off.Load() }

// SetEnabled switches the package on or off for the whole process. It is on at the start. Off,
// every Middleware passes requests on as they are, Get returns nothing and Lookup gives
// ErrNotEnabled. A request in progress goes on and finishes, but its Context is not found any more,
// not even after switching on again.
func SetEnabled(on bool) {
	off.Store(!on)
	if !on {
		era.Add(1)
	}
}

// Get returns the Context of the current request and true, or nil and false: outside of a request,
// after it, where it was lost, and switched off. Lookup tells these apart.
func Get() (*Context, bool) {
	if off.Load() {
		return nil, false
	}
	c, ok := current.Get()
	if !ok || c.finished.Load() || c.era != era.Load() {
		return nil, false
	}
	c.note()
	return c, true
}

// live reports whether Get returns c if the frame has it.
func (c *Context) live() bool {
	return !off.Load() && !c.finished.Load() && c.era == era.Load()
}

// Lookup returns the Context of the current request, or an *Error that says why there is none.
// Building the error takes microseconds.
func Lookup() (*Context, error) {
	if c, ok := Get(); ok {
		return c, nil
	}
	return nil, explain()
}

// GetOrFail returns the Context of the current request, or panics with the *Error that Lookup
// returns.
func GetOrFail() *Context {
	c, ok := Get()
	if !ok {
		panic(explain())
	}
	return c
}
