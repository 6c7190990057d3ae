package gls_test

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// A storage of one type that converts to one of another reads zero values that nobody set.
func TestStorageDoesNotConvertToAnotherType(t *testing.T) {
	types := []reflect.Type{
		reflect.TypeFor[gls.Storage[string]](), reflect.TypeFor[gls.Storage[[4]uint64]](),
		reflect.TypeFor[gls.Storage[any]](), reflect.TypeFor[gls.Storage[*int]](),
	}
	for _, a := range types {
		for _, b := range types {
			assert.Equal(t, a == b, a.ConvertibleTo(b), "%s, %s", a, b)
		}
		assert.Equal(t, reflect.Struct, a.Kind())
		for i := range a.NumField() {
			assert.False(t, a.Field(i).IsExported(), a.Field(i).Name)
		}
	}
}
