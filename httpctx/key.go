package httpctx

import (
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

// A Key is a typed value of requests, such as the signed-in user. It is identified by its address: two keys of the same
// name and type are independent. Make keys with NewKey, as package-level variables.
type Key[T any] struct {
	name string
}

// NewKey returns a key with a name for error texts.
func NewKey[T any](name string) *Key[T] { return &Key[T]{name: name} }

// keys are the values of a request, newest last. The pointer is nil at first; a store publishes a list, which is
// immutable.
type keys = atomic.Pointer[keyedList]

type keyedList []keyed

type keyed struct {
	key   any // a *Key[T]
	value any // a T, see gls.Storage.Get on interfaces
}

// Set gives the key a value in c's request: for all its Contexts, in every goroutine. A zero value and nil are values.
// It is safe for concurrent use. A Context made by GoDetached has the keys that were set before, and from then on its
// own.
func (k *Key[T]) Set(c *Context, value T) {
	if k == nil {
		panic("httpctx.Key.Set: called on a nil *Key")
	}
	if c == nil {
		panic("httpctx.Key.Set: nil *Context")
	}
	for {
		old := c.keys.Load()
		if c.keys.CompareAndSwap(old, old.with(keyed{k, value})) {
			return
		}
	}
}

// with returns a list with one more value, in the place of that of the same key.
func (l *keyedList) with(e keyed) *keyedList {
	var next keyedList
	if l != nil {
		next = make(keyedList, 0, len(*l)+1)
		for _, old := range *l {
			if old.key != e.key {
				next = append(next, old)
			}
		}
	}
	next = append(next, e)
	return &next
}

// Of returns the key's value in c's request and whether it has one.
func (k *Key[T]) Of(c *Context) (T, bool) {
	if k == nil {
		panic("httpctx.Key.Of: called on a nil *Key")
	}
	var value T
	if c == nil {
		panic("httpctx.Key.Of: nil *Context")
	}
	if list := c.keys.Load(); list != nil {
		for _, e := range *list {
			if e.key == any(k) {
				value, _ = e.value.(T) // fails for the nil of an interface type alone
				return value, true
			}
		}
	}
	return value, false
}

// Get returns the key's value in the current request and true, or a zero value and false.
func (k *Key[T]) Get() (T, bool) {
	if c, ok := Get(); ok {
		return k.Of(c)
	}
	var zero T
	return zero, false
}

// GetOrFail returns the key's value in the current request. It panics with an *Error where there is no request, and
// with a *gls.NotSetError that names the request and the key where the request has no such value.
func (k *Key[T]) GetOrFail() T {
	c := GetOrFail()
	value, ok := k.Of(c)
	if !ok {
		panic(c.notSet(k.name))
	}
	return value
}

// notSet explains that the request has no value for a key.
func (c *Context) notSet(key string) *gls.NotSetError {
	name := fmt.Sprintf("key %q", key)
	if key == "" {
		name = "a key without a name"
	}
	_, err := gls.New[any](key).Lookup() // knows the goroutine
	var e *gls.NotSetError
	errors.As(err, &e)
	e.Detail = fmt.Sprintf("httpctx: the request %s %s has no value for %s: whatever sets it, a middleware, say, "+
		"has not run before this", c.method, c.escapedPath(), name)
	return e
}
