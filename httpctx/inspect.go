package httpctx

import (
	"reflect"

	"github.com/ambient-go/ambient/internal/inspect"
)

func init() {
	inspect.Keys = func(value any) ([]inspect.Value, bool) {
		c, ok := value.(*Context)
		if !ok || c == nil {
			return nil, false
		}
		list := c.keys.Load()
		if list == nil {
			return nil, true
		}
		keys := make([]inspect.Value, 0, len(*list))
		for _, e := range *list {
			name, typ := e.key.(interface{ describe() (string, reflect.Type) }).describe()
			keys = append(keys, inspect.Value{Storage: name, Type: typ.String(), Value: e.value})
		}
		return keys, true
	}
}

// describe returns the key's name and type to the inspector, which has keys of any type.
func (k *Key[T]) describe() (name string, typ reflect.Type) { return k.name, reflect.TypeFor[T]() }
