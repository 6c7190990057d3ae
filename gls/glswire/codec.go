package glswire

import (
	"encoding"
	"encoding/json"
	"reflect"
	"strconv"
)

// A Codec writes values as text and reads them. Decode is given whatever has arrived; the errors of both should say what
// is wrong without showing the value. They are called from many goroutines at once.
type Codec[T any] struct {
	Encode func(value T) (string, error)
	Decode func(text string) (T, error)
}

// String is the codec of texts, which travel as they are.
func String[T ~string]() Codec[T] {
	return Codec[T]{
		Encode: func(value T) (string, error) { return string(value), nil },
		Decode: func(text string) (T, error) { return T(text), nil },
	}
}

// Integer is what Int is for.
type Integer interface {
	~int | ~int8 | ~int16 | ~int32 | ~int64 | ~uint | ~uint8 | ~uint16 | ~uint32 | ~uint64 | ~uintptr
}

// Int is the codec of integers, which travel in decimal. A number that T cannot hold is refused.
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

// reason leaves out the text that a strconv.NumError shows.
func reason(err error) error {
	if e, ok := err.(*strconv.NumError); ok { //nolint:errorlint // strconv returns it as it is
		return e.Err
	}
	return err
}

// A Texter is a pointer to a T that reads itself from text, where T or the pointer writes itself.
type Texter[T any] interface {
	*T
	encoding.TextMarshaler
	encoding.TextUnmarshaler
}

// Text is the codec of types with MarshalText and UnmarshalText, such as UUIDs: glswire.Text[uuid.UUID]().
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

// JSON is the codec of everything that encoding/json writes and reads again. What that package loses is lost on the way:
// fields that are not exported, those that T lacks at the other end, and bytes of a string that are not UTF-8.
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
