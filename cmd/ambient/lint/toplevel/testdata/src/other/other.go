// Package other reads for other packages.
package other

import (
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var user = gls.NewWithDefault("user", "nobody")

// User reads.
func User() string {
	name, _ := user.Get()
	return name
}

// RequestID reads two calls away.
func RequestID() string { return request().ID() }

func request() *httpctx.Context { return httpctx.GetOrFail() }

// As sets what f reads.
func As(name string, f func() string) string { return gls.Call(user, name, f) }

// Each runs f.
func Each(f func()) { f() }

// T has methods that read.
type T[V any] struct{}

// User reads.
func (T[V]) User() string { return User() }
