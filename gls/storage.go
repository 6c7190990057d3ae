package gls

import (
	"reflect"
	"unsafe"

	"github.com/ambient-go/ambient/internal/carrier"
	"github.com/ambient-go/ambient/internal/frame"
)

// Storage is the Go counterpart of Node's AsyncLocalStorage: a typed variable whose value belongs
// to the running flow of control. The zero value is ready to use, without a name and without a
// default.
//
// A storage is identified by its address: two storages of the same type and name are independent. A
// Storage must not be copied after first use; the copy is another storage, and go vet's copylocks
// check reports it.
//
// All methods are safe for concurrent use. Methods of a nil *Storage panic.
type Storage[T any] struct {
	_       [0]func(T)    // a Storage[A] must not convert to a Storage[B]; takes no space
	storage frame.Storage // at offset 0, so that untyped converts the pointer
}

// untyped returns the part that does not depend on T. For a nil s it returns nil, where &s.storage
// would panic.
func (s *Storage[T]) untyped() *frame.Storage { return (*frame.Storage)(unsafe.Pointer(s)) } //nolint:gosec // at offset 0

// New returns a storage with a name, which error texts show. Declare it as a package-level variable
// and keep it unexported: any code that has the *Storage can read and set its value.
func New[T any](name string) *Storage[T] {
	s := new(Storage[T])
	s.storage.Init(name, nil)
	return s
}

// NewWithDefault returns a storage whose Get and Lookup return value where it is not set. The
// default does not count as set.
func NewWithDefault[T any](name string, value T) *Storage[T] {
	s := new(Storage[T])
	s.storage.Init(name, value)
	return s
}

// Get returns the value and true, or the default (the zero value without one) and false. It takes
// no lock, allocates nothing and records nothing about the goroutine.
func (s *Storage[T]) Get() (value T, ok bool) {
	// The conversion of untyped in place: the call would exceed the inliner's budget of 80. This
	// takes 79.
	found, ok := carrier.Value((*frame.Storage)(unsafe.Pointer(s))) //nolint:gosec // at offset 0
	// The assertion fails only for a nil of an interface type T, and then gives that nil.
	value, _ = found.(T)
	return value, ok
}

// Lookup returns the value and nil, or the default and a *NotSetError that says why there is none.
// Building the error takes microseconds: use Get where a missing value is no error.
func (s *Storage[T]) Lookup() (T, error) {
	if s == nil {
		panicNil("Lookup")
	}
	value, ok := s.Get()
	if !ok {
		return value, newNotSetError(s.untyped())
	}
	return value, nil
}

// GetOrFail returns the value, or panics with the *NotSetError that Lookup returns. A default does
// not count as set.
func (s *Storage[T]) GetOrFail() T {
	if s == nil {
		panicNil("GetOrFail")
	}
	value, ok := s.Get()
	if !ok {
		panic(newNotSetError(s.untyped()))
	}
	return value
}

// Disable ends the storage's value everywhere: on every goroutine, in every snapshot and in every
// bound function, now and when open scopes end. Old values never come back. A Run or Enter that
// starts afterwards sets a new value, in the same scope too.
func (s *Storage[T]) Disable() {
	if s == nil {
		panicNil("Disable")
	}
	s.untyped().Disable()
}

// Name returns the name given to New, or "" without one.
func (s *Storage[T]) Name() string {
	if s == nil {
		panicNil("Name")
	}
	return s.untyped().Name()
}

// String returns the storage's type and name, not its value.
func (s *Storage[T]) String() string {
	if s == nil {
		panicNil("String")
	}
	text := "gls.Storage[" + reflect.TypeFor[T]().String() + "]"
	if name := s.Name(); name != "" {
		text += "(" + name + ")"
	}
	return text
}

// bound returns the storage's key, and makes it if the storage has never been set.
func (s *Storage[T]) bound() *frame.Key {
	if k := s.untyped().Key(); k != nil {
		return k
	}
	return s.makeKey()
}

//go:noinline
func (s *Storage[T]) makeKey() *frame.Key { return frame.MakeKey[T](s.untyped()) }

//go:noinline
func panicNil(method string) {
	panic("gls.Storage." + method + ": called on a nil *Storage")
}
