// Package gopool is the recipe for github.com/bytedance/gopkg/util/gopool: each function is bound where it is given
// away.
//
//	gopool.Go(gls.Bind(f))
//
// The same holds for CtxGo and for the methods of a Pool. Ambient vet finds functions that are not bound, and -fix
// binds them.
package gopool

import (
	"github.com/bytedance/gopkg/util/gopool"

	"github.com/ambient-go/ambient/gls"
)

// Go runs f on a worker, with what is set here.
func Go(f func()) {
	gopool.Go(gls.Bind(f))
}
