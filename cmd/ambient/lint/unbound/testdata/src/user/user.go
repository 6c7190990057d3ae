package user

import "github.com/ambient-go/ambient/gls"

type User struct{ ID int }

var current = gls.New[*User]("user")

func Run(u *User, fn func()) { current.Run(u, fn) }

func Current() *User {
	return current.GetOrFail()
}

func Must[T any](s *gls.Storage[T]) T {
	v := s.GetOrFail()
	return v
}

func With[T any](s *gls.Storage[T], v T, fn func()) {
	inner(fn, s, v)
}

func inner[T any](fn func(), s *gls.Storage[T], v T) {
	s.Run(v, func() { fn() })
}
