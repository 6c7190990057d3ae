package singleflight

import (
	"golang.org/x/sync/singleflight"

	"github.com/ambient-go/ambient/gls"
)

// Result is the type of x/sync, for DoChan's channel.
type Result = singleflight.Result

// A Group is a set of keys, for each of which one function runs at a time. The zero Group is ready to use. It must not
// be copied after first use.
type Group struct {
	group singleflight.Group
}

// Do calls fn with nothing set and returns its results. Who calls it with the same key meanwhile waits for them and gets
// them too, instead of calling its own function. Shared reports whether more than one got them. It panics if fn is nil.
func (g *Group) Do(key string, fn func() (any, error)) (v any, err error, shared bool) {
	if fn == nil {
		panic("singleflight.Group.Do: nil function")
	}
	return g.group.Do(key, isolated(fn))
}

// DoChan is Do with a channel, which is never closed, for the results. Fn runs on a goroutine of its own. It panics if
// fn is nil.
func (g *Group) DoChan(key string, fn func() (any, error)) <-chan Result {
	if fn == nil {
		panic("singleflight.Group.DoChan: nil function")
	}
	return g.group.DoChan(key, isolated(fn))
}

// DoAsCaller is Do whose function runs with the caller's values, on behalf of all that share the key. See the package
// documentation for where that is right.
func (g *Group) DoAsCaller(key string, fn func() (any, error)) (v any, err error, shared bool) {
	if fn == nil {
		panic("singleflight.Group.DoAsCaller: nil function")
	}
	return g.group.Do(key, fn)
}

// DoChanAsCaller is DoChan whose function runs with the caller's values, as they are at the call.
func (g *Group) DoChanAsCaller(key string, fn func() (any, error)) <-chan Result {
	if fn == nil {
		panic("singleflight.Group.DoChanAsCaller: nil function")
	}
	return g.group.DoChan(key, gls.Bind(fn))
}

// Forget makes the next call with the key call its function, though an earlier one still runs.
func (g *Group) Forget(key string) { g.group.Forget(key) }

func isolated(fn func() (any, error)) func() (any, error) {
	return func() (v any, err error) {
		gls.Isolate(func() { v, err = fn() })
		return v, err
	}
}
