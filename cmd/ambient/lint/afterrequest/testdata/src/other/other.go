// Package other has an event API and reads for other packages.
package other

import "github.com/ambient-go/ambient/httpctx"

// ID reads two calls away.
func ID() string { return request().ID() }

func request() *httpctx.Context { return httpctx.GetOrFail() }

// A Topic has subscribers.
type Topic[T any] struct{}

// Subscribe is of an event API.
func (*Topic[T]) Subscribe(func(T)) {}

// Each is not known by its name.
func (*Topic[T]) Each(func(T)) {}
