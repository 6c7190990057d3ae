package frame

import (
	"reflect"
	"strconv"
	"sync/atomic"

	"github.com/ambient-go/ambient/internal/ambient"
)

// A Storage is the part of a gls.Storage that does not depend on its type. Its address is the
// storage's identity. The zero Storage is ready to use; it must not be copied after first use.
type Storage struct {
	// key is nil until the storage is first set. Then it is the key under which frames hold the
	// storage's value, until Disable replaces it: no frame's old entry is found again. A key of
	// another Storage came with a copy of that Storage and counts as nil. Every Get loads it.
	// Stored by compare-and-swap, and by code that overwrites the variable.
	key atomic.Pointer[Key]

	name     string // "" without one
	fallback any    // the default, of the storage's type; nil without one
}

// Init gives a new storage a name and a default.
func (s *Storage) Init(name string, fallback any) { s.name, s.fallback = name, fallback }

// Name returns the name given to Init.
func (s *Storage) Name() string { return s.name }

// Default returns the default given to Init. It is on the path of Get.
func (s *Storage) Default() any { return s.fallback }

// A Key marks the entries of one storage in frames, from one Disable to the next. It is immutable.
type Key struct {
	Storage *Storage
	Type    reflect.Type // of the storage's values
	index   uint32       // where frames look first
	adds    bool         // whether the type is an ambient.Adder
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

// Used reports whether the storage has ever been set, or is a copy of a storage that has. It is on
// the path of Get.
func (s *Storage) Used() bool { return s.key.Load() != nil }

// Has reports whether k, which is not nil, is the storage's key. It is on the path of Get.
func (s *Storage) Has(k *Key) bool { return s.key.Load() == k && k.Storage == s }

var adder = reflect.TypeFor[ambient.Adder]()

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
			made = &Key{Storage: s, Type: typ, index: lastIndex.Add(1), adds: typ.Implements(adder)}
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
