package glswire

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// A Codec writes values as text and reads them. Decode must expect any text: it gets what arrived.
// The errors of both functions should name the fault without showing the value. Both are called
// from many goroutines at once.
type Codec[T any] struct {
	Encode func(value T) (string, error)
	Decode func(text string) (T, error)
}

// String is the codec of texts. A text travels as it is.
func String[T ~string]() Codec[T] {
	return Codec[T]{
		Encode: func(value T) (string, error) { return string(value), nil },
		Decode: func(text string) (T, error) { return T(text), nil },
	}
}

// Integer is the constraint of Int.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Int is the codec of integers. A number travels in decimal. Decode refuses a number that T cannot
// hold.
func Int[T Integer]() Codec[T] {
	size := reflect.TypeFor[T]().Bits()
	if ^T(0) < 0 {
		return Codec[T]{
			Encode: func(value T) (string, error) { return strconv.FormatInt(int64(value), 10), nil },
			Decode: func(text string) (T, error) {
				n, err := strconv.ParseInt(text, 10, size)
				return T(n), reason(err)
			},
		}
	}
	return Codec[T]{
		Encode: func(value T) (string, error) { return strconv.FormatUint(uint64(value), 10), nil },
		Decode: func(text string) (T, error) {
			n, err := strconv.ParseUint(text, 10, size)
			return T(n), reason(err)
		},
	}
}

// reason returns the error without the text that a strconv.NumError shows.
func reason(err error) error {
	if e, ok := err.(*strconv.NumError); ok { //nolint:errorlint // strconv returns it as it is
		return e.Err
	}
	return err
}

// A Texter is a pointer to a T that reads itself from text and writes itself as text.
type Texter[T any] interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// Text is the codec of types with MarshalText and UnmarshalText, such as UUIDs:
// glswire.Text[uuid.UUID]().
func Text[T any, P Texter[T]]() Codec[T] {
	return Codec[T]{
		Encode: func(value T) (string, error) {
			text, err := P(&value).MarshalText()
			return string(text), err
		},
		Decode: func(text string) (value T, err error) {
			err = P(&value).UnmarshalText([]byte(text))
			return value, err
		},
	}
}

// JSON is the codec of all types that encoding/json writes and reads. Data that encoding/json drops
// does not travel: unexported fields, fields that T lacks at the other end, and bytes of a string
// that are not UTF-8.
func JSON[T any]() Codec[T] {
	return Codec[T]{
		Encode: func(value T) (string, error) {
			text, err := json.Marshal(value)
			return string(text), err
		},
		Decode: func(text string) (value T, err error) {
			err = json.Unmarshal([]byte(text), &value)
			return value, err
		},
	}
}
