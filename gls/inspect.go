package gls

import (
	"strconv"

	"github.com/ambient-go/ambient/internal/inspect"
)

func init() {
	inspect.Goroutines = func() []inspect.Goroutine {
		var all []inspect.Goroutine
		for id, f := range ambient.All() {
			all = append(all, inspect.Goroutine{ID: id, Values: f.values()})
		}
		return all
	}
}

// values lists what f shows.
func (f *frame) values() []inspect.Value {
	var values []inspect.Value
	for i := range f.entries {
		if e := &f.entries[i]; e.key != nil && e.key == e.key.owner.key.Load() {
			values = append(values, inspect.Value{Storage: e.key.String(), Type: e.key.typ.String(), Value: e.value})
		}
	}
	return values
}

// String returns the storage's name, or its type when it has none.
func (k *key) String() string {
	if k.owner.name != "" {
		return strconv.Quote(k.owner.name)
	}
	return "gls.Storage[" + k.typ.String() + "]"
}
