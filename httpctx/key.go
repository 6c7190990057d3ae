package httpctx

import (
	"errors"
	"fmt"
	"reflect"
	"sync/atomic"

	"github.com/ambient-go/ambient/gls"
)

// A Key is a typed value of requests, such as the signed-in user. It is identified by its address:
// two keys of the same name and type are independent. Make keys with NewKey, as package-level
// variables. All methods are safe for concurrent use.
type Key[T any] struct {
	_    [0]func(T) // a Key[A] must not convert to a Key[B]; takes no space
	name string
}

// NewKey returns a key with a name for error texts.
func NewKey[T any](name string) *Key[T] { return &Key[T]{name: name} }

// keys holds the values of a request, newest last. The pointer is nil at first. A store publishes a
// new list; lists are immutable.
type keys = atomic.Pointer[keyedList]

type keyedList []keyed

type keyed struct {
	key   any // a *Key[T]
	value any // a T, see gls.Storage.Get on interfaces
}

// Set gives the key a value in c's request: for all its Contexts, on every goroutine. A zero value
// and nil are values. A Context made by GoDetached has the keys that were set before it, and from
// then on its own. Set panics if c is nil.
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

// Delete removes the key's value from c's request, as if it had never been set there, at a
// sign-out, say. It does nothing if there is no value. It panics if c is nil.
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

// Of returns the key's value in c's request and whether it has one. It panics if c is nil.
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
				value, _ = e.value.(T) // fails only for the nil of an interface type
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

// Lookup returns the key's value in the current request and nil, or a zero value and an error. The
// error is an *Error if there is no request. If the request has no such value, it is a
// *gls.NotSetError that names the request and the key.
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

// GetOrFail returns the key's value in the current request. It panics with an *Error if there is no
// request, and with a *gls.NotSetError that names the request and the key if the request has no
// such value.
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

// notSet returns the error for a request that has no value for a key.
func (c *Context) notSet(key string) *gls.NotSetError {
	name := fmt.Sprintf("key %q", key)
	if key == "" {
		name = "a key without a name"
	}
	_, err := gls.New[any](key).Lookup() // for the facts about the goroutine
	var e *gls.NotSetError
	errors.As(err, &e)
	e.Detail = fmt.Sprintf("httpctx: the request %s %s has no value for %s: whatever sets it, a middleware, say, "+
		"has not run before this", c.method, c.escapedPath(), name)
	return e
}
