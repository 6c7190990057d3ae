package gls

import (
	"reflect"
	"sync/atomic"
)

// Storage is the Go counterpart of Node's AsyncLocalStorage: a typed variable whose value belongs to the running flow of
// control. The zero value is ready to use, without a name and without a default. A Storage must not be copied after
// first use (go vet's copylocks check reports it; the copy is a storage of its own). It is identified by its address:
// two storages of the same type and name are independent.
//
// All methods are safe for concurrent use. Methods of a nil *Storage panic.
type Storage[T any] struct {
	identity identity
	fallback T // the default; written by NewWithDefault only
}

// identity is the part of a Storage that does not depend on T. Its address stands for the storage.
type identity struct {
	// key is nil until the storage is first set. Then it is the key under which frames hold its value: Disable puts
	// another in its place, and no frame's old entry is ever found again. A key whose owner is not this identity came
	// with a copy of a Storage and counts as nil.
	key  atomic.Pointer[key]
	name string // written by New and NewWithDefault only
}

// A key marks the entries of one storage in frames, from one Disable to the next. It is immutable.
type key struct {
	owner *identity
	index uint32 // where frames look first; consecutive storages do not collide
	typ   reflect.Type
}

// lastIndex is the index of the newest storage. Added to when a storage is first set.
var lastIndex atomic.Uint32

// New returns a storage with a name for error texts. Declare it as a package-level variable and keep it unexported:
// whoever holds it can read and set its value.
func New[T any](name string) *Storage[T] {
	return &Storage[T]{identity: identity{name: name}}
}

// NewWithDefault returns a storage whose Get and Lookup return value where it is not set. The default does not count
// as set.
func NewWithDefault[T any](name string, value T) *Storage[T] {
	return &Storage[T]{identity: identity{name: name}, fallback: value}
}

// Get returns the value and true, or the default (the zero value without one) and false. It takes no lock, allocates
// nothing and records nothing about the goroutine.
func (s *Storage[T]) Get() (T, bool) {
	if s == nil {
		panicNil("Get")
	}
	if k := s.identity.current(); k != nil {
		if e := ambient.Frame().find(k); e != nil {
			// The assertion fails for one value alone, the nil of an interface type T, and then gives just that.
			value, _ := e.value.(T)
			return value, true
		}
	}
	return s.fallback, false
}

// Lookup returns the value and nil, or the default and a *NotSetError that says why there is none. Building the error
// takes microseconds: use Get where a missing value is no error.
func (s *Storage[T]) Lookup() (T, error) {
	if s == nil {
		panicNil("Lookup")
	}
	value, ok := s.Get()
	if !ok {
		return value, newNotSetError(&s.identity)
	}
	return value, nil
}

// GetOrFail returns the value, or panics with the *NotSetError that Lookup returns. A default does not count as set.
func (s *Storage[T]) GetOrFail() T {
	if s == nil {
		panicNil("GetOrFail")
	}
	value, ok := s.Get()
	if !ok {
		panic(newNotSetError(&s.identity))
	}
	return value
}

// Disable ends the storage's value everywhere: on every goroutine, in every snapshot and every bound function, now and
// when scopes that are open unwind. Old values never come back. A Run or Enter that starts afterwards sets a new one,
// in the same scope too.
func (s *Storage[T]) Disable() {
	if s == nil {
		panicNil("Disable")
	}
	for {
		k := s.identity.current()
		if k == nil {
			return
		}
		next := *k
		if s.identity.key.CompareAndSwap(k, &next) {
			return
		}
	}
}

// Name returns the name given to New, "" without one.
func (s *Storage[T]) Name() string {
	if s == nil {
		panicNil("Name")
	}
	return s.identity.name
}

// String returns the storage's type and name, not its value.
func (s *Storage[T]) String() string {
	if s == nil {
		panicNil("String")
	}
	text := "gls.Storage[" + reflect.TypeFor[T]().String() + "]"
	if s.identity.name != "" {
		text += "(" + s.identity.name + ")"
	}
	return text
}

// current returns the key, or nil when the storage has never been set.
func (id *identity) current() *key {
	if k := id.key.Load(); k != nil && k.owner == id {
		return k
	}
	return nil
}

// ensure returns the key, made now if need be.
func (s *Storage[T]) ensure() *key {
	if k := s.identity.current(); k != nil {
		return k
	}
	k := &key{owner: &s.identity, index: lastIndex.Add(1), typ: reflect.TypeFor[T]()}
	for {
		old := s.identity.key.Load()
		if old != nil && old.owner == k.owner {
			return old
		}
		if s.identity.key.CompareAndSwap(old, k) {
			return k
		}
	}
}

func panicNil(method string) {
	panic("gls.Storage." + method + ": called on a nil *Storage")
}
