package frame

import (
	"reflect"
	"strconv"
	"sync/atomic"
)

// A Storage is the part of a gls.Storage that does not depend on its type. Its address is the
// storage's identity. The zero Storage is ready to use; it must not be copied after first use.
type Storage struct {
	// key is nil until the storage is first set. Then it is the key under which frames hold its
	// value, until Disable puts another in its place: no frame's old entry is ever found again. A
	// key of another Storage came with a copy of that one and counts as nil. Loaded by every Get;
	// stored by compare-and-swap, and by whoever overwrites the variable.
	key atomic.Pointer[Key]

	name     string // "" without one
	fallback any    // the default, of the storage's type; nil without one

	// add, unless it is nil, makes the value that Bind puts into a frame of the one that was set there and its own.
	add func(before, value any) any
}

// New returns a storage with a name and a default.
func New(name string, fallback any) *Storage { return &Storage{name: name, fallback: fallback} }

// NewAdding returns a storage whose Bind adds to the value that is set: it binds what add returns for that one and its
// own. Add must not panic, and it must not change either of the two.
func NewAdding(name string, add func(before, value any) any) *Storage {
	return &Storage{name: name, add: add}
}

// Name returns the name given to New.
func (s *Storage) Name() string { return s.name }

// Default returns the default given to New. It is on the path of Get.
func (s *Storage) Default() any { return s.fallback }

// A Key marks the entries of one storage in frames, from one Disable to the next. It is immutable.
type Key struct {
	Storage *Storage
	Type    reflect.Type // of the storage's values
	index   uint32       // where frames look first
}

// lastIndex is the index of the newest storage. Consecutive ones do not collide in a frame. Added
// to when a storage is first set.
var lastIndex atomic.Uint32

// Key returns the storage's key, nil when it has never been set. It is on the path of Get.
func (s *Storage) Key() *Key {
	if k := s.key.Load(); k != nil && k.Storage == s {
		return k
	}
	return nil
}

// Used reports whether the storage has ever been set, or is a copy of one that has. It is on the
// path of Get.
func (s *Storage) Used() bool { return s.key.Load() != nil }

// Has reports whether k, which is not nil, is the storage's key. It is on the path of Get.
func (s *Storage) Has(k *Key) bool { return s.key.Load() == k && k.Storage == s }

// MakeKey returns the key of a storage, whose values have type T, made now if there is none.
func MakeKey[T any](s *Storage) *Key {
	return s.makeKey(reflect.TypeFor[T]())
}

func (s *Storage) makeKey(typ reflect.Type) *Key {
	var made *Key
	for {
		old := s.key.Load()
		if old != nil && old.Storage == s {
			return old
		}
		if made == nil {
			made = &Key{Storage: s, Type: typ, index: lastIndex.Add(1)}
		}
		if s.key.CompareAndSwap(old, made) {
			return made
		}
	}
}

// Current returns the key that the storage has now: another one after Disable, and a new one after
// the variable was overwritten with a zero Storage.
func (k *Key) Current() *Key {
	if now := k.Storage.Key(); now != nil {
		return now
	}
	return k.Storage.makeKey(k.Type)
}

// Disable ends every entry of the storage, in all frames: Get looks for another key from now on.
func (s *Storage) Disable() {
	for {
		k := s.Key()
		if k == nil {
			return
		}
		next := *k
		if s.key.CompareAndSwap(k, &next) {
			return
		}
	}
}

// String returns the storage's name in quotes, or its type when it has none.
func (k *Key) String() string {
	if k.Storage.name != "" {
		return strconv.Quote(k.Storage.name)
	}
	return "gls.Storage[" + k.Type.String() + "]"
}
