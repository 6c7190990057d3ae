package user

import "github.com/ambient-go/ambient/gls"

type User struct{ ID int }

var current = gls.New[*User]("user")

func Run(u *User, fn func()) { current.Run(u, fn) } // want Run:`^reads\(\)$`

func Current() *User { // want Current:`^reads\(current.GetOrFail\)$`
	return current.GetOrFail()
}

func Must[T any](s *gls.Storage[T]) T { // want Must:`^reads\(s.GetOrFail\)$`
	v := s.GetOrFail()
	return v
}

func With[T any](s *gls.Storage[T], v T, fn func()) { // want With:`^reads\(\)$`
	inner(fn, s, v)
}

func inner[T any](fn func(), s *gls.Storage[T], v T) { // want inner:`^reads\(\)$`
	s.Run(v, func() { fn() })
}

type Store[T any] struct{ values *gls.Storage[T] }

func (s *Store[T]) Load() T { // want Load:`^reads\(s.values.GetOrFail\)$`
	return s.values.GetOrFail()
}

func (s *Store[T]) With(v T, fn func()) { // want With:`^reads\(\)$`
	s.values.Run(v, fn)
}

type Base struct{}

func (Base) Read() { Current() } // want Read:`reads`

func Later(fn func()) func() { // want Later:`^reads\(\)$`
	return func() { fn() }
}

// The callback is run on a path that sets nothing, too.
func Sometimes(b bool, fn func()) { // want Sometimes:`^reads\(\)$`
	if b {
		current.Run(nil, fn)
		return
	}
	fn()
}
