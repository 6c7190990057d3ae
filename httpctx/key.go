package httpctx

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

// A Key is a typed value of requests, such as the signed-in user. It is identified by its address: two keys of the same
// name and type are independent. Make keys with NewKey, as package-level variables.
type Key[T any] struct {
	_    [0]func(T) // a Key of one type does not convert to one of another
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
		next := append(old.without(k), keyed{k, value})
		if c.keys.CompareAndSwap(old, &next) {
			return
		}
	}
}

// Delete takes the key's value from c's request, as if it had never been set there: a sign-out, say. It is safe for
// concurrent use and does nothing where there is no value.
func (k *Key[T]) Delete(c *Context) {
	if k == nil {
		panic("httpctx.Key.Delete: called on a nil *Key")
	}
	if c == nil {
		panic("httpctx.Key.Delete: nil *Context")
	}
	for {
		old := c.keys.Load()
		next := old.without(k)
		if old == nil || len(next) == len(*old) || c.keys.CompareAndSwap(old, &next) {
			return
		}
	}
}

// without returns a copy of the list with no value of the key and room for one more.
func (l *keyedList) without(key any) keyedList {
	if l == nil {
		return nil
	}
	next := make(keyedList, 0, len(*l)+1)
	for _, e := range *l {
		if e.key != key {
			next = append(next, e)
		}
	}
	return next
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

// Lookup returns the key's value in the current request and nil, or a zero value and why there is none: an *Error where
// there is no request, and a *gls.NotSetError that names the request and the key where the request has no such value.
func (k *Key[T]) Lookup() (T, error) {
	if k == nil {
		panic("httpctx.Key.Lookup: called on a nil *Key")
	}
	c, err := Lookup()
	if err != nil {
		var zero T
		return zero, err
	}
	value, ok := k.Of(c)
	if !ok {
		return value, c.notSet(k.name)
	}
	return value, nil
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

// String returns the key's type and name, not its value.
func (k *Key[T]) String() string {
	if k == nil {
		panic("httpctx.Key.String: called on a nil *Key")
	}
	text := "httpctx.Key[" + reflect.TypeFor[T]().String() + "]"
	if k.name != "" {
		text += "(" + k.name + ")"
	}
	return text
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
