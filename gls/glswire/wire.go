package glswire

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/token"
)

// MaxLen is the largest number of bytes that the text of one value may have.
const MaxLen = 8192

// A Wire is a value that travels: a storage, the key of its value on the way, and its codec. It is
// immutable. The zero Wire is not valid.
type Wire struct {
	key  string
	text func() (text string, set bool, err error)
	bind func(text string) (gls.Binding, error)
}

// Value returns a Wire for the value of s. The key must be the same at both ends. Value panics if
// the key is not a token of RFC 7230 (letters, digits and !#$%&'*+-.^_`|~), if s is nil, or if
// codec lacks a function.
func Value[T any](key string, s *gls.Storage[T], codec Codec[T]) Wire {
	switch {
	case !token.Is(key):
		panic(fmt.Sprintf("glswire.Value: the key %q is not one of letters, digits and !#$%%&'*+-.^_`|~", key))
	case s == nil:
		panic(fmt.Sprintf("glswire.Value: the storage of %q is nil", key))
	case codec.Encode == nil || codec.Decode == nil:
		panic(fmt.Sprintf("glswire.Value: the codec of %q lacks Encode or Decode", key))
	}
	return Wire{
		key: key,
		text: func() (string, bool, error) {
			value, ok := s.Get()
			if !ok {
				return "", false, nil
			}
			text, err := codec.Encode(value)
			return text, true, err
		},
		bind: func(text string) (gls.Binding, error) {
			value, err := codec.Decode(text)
			if err != nil {
				return gls.Binding{}, err
			}
			return s.With(value), nil
		},
	}
}

// Key returns the wire's key.
func (w Wire) Key() string { return w.key }

// Text returns the value of the running flow as text, and whether one is set. The error is an
// *Error; the caller must not send the value then.
func (w Wire) Text() (text string, set bool, err error) {
	text, set, err = w.text()
	if err == nil && set {
		err = valid(text)
	}
	if err != nil {
		return "", set, &Error{Key: w.key, Sending: true, Err: err}
	}
	return text, set, nil
}

// Bind returns the binding of the value that text encodes. The error is an *Error; the binding must
// not be used then.
func (w Wire) Bind(text string) (gls.Binding, error) {
	err := valid(text)
	if err == nil {
		var b gls.Binding
		if b, err = w.bind(text); err == nil {
			return b, nil
		}
	}
	return gls.Binding{}, &Error{Key: w.key, Err: err}
}

// ErrTooLong says that a text has more than MaxLen bytes.
var ErrTooLong = fmt.Errorf("the text has more than %d bytes", MaxLen)

// ErrNotUTF8 says that a text is not valid UTF-8.
var ErrNotUTF8 = errors.New("the text is not valid UTF-8")

func valid(text string) error {
	switch {
	case len(text) > MaxLen:
		return ErrTooLong
	case !utf8.ValidString(text):
		return ErrNotUTF8
	}
	return nil
}

// An Error says that a value was dropped. It shows no more of the value than the Codec's error
// does.
type Error struct {
	Key     string
	Sending bool  // the sender found it; false: the receiver did
	Err     error // ErrTooLong, ErrNotUTF8 or the Codec's error
}

// Error names the key and the reason.
func (e *Error) Error() string {
	if e.Sending {
		return fmt.Sprintf("glswire: %q is not sent: %v", e.Key, e.Err)
	}
	return fmt.Sprintf("glswire: %q is not taken from what came in: %v", e.Key, e.Err)
}

// Unwrap returns Err.
func (e *Error) Unwrap() error { return e.Err }
