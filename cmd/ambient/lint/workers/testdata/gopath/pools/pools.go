// Package pools makes pools of one function.
package pools

import (
	"sync"

	"github.com/panjf2000/ants/v2"

	"github.com/ambient-go/ambient/gls"
)

var tenant = gls.New[string]("tenant")

func charge(any) { tenant.Get() }

type order struct{ from gls.Snapshot }

var (
	one, _   = ants.NewPoolWithFunc(4, charge)                                                    // want `^ants.NewPoolWithFunc makes workers of a function for the tasks of many, and it reads tenant.Get through pools.charge: let each task bring its frame, by gls.Capture, and read inside of its Run$`
	two, _   = ants.NewPoolWithFuncGeneric(4, func(o order) { charge(o) })                        // want `ants.NewPoolWithFuncGeneric makes workers`
	three, _ = ants.NewMultiPoolWithFunc(1, 4, gls.Bind(charge), 0)                               // want `ants.NewMultiPoolWithFunc makes workers`
	four, _  = ants.NewPoolWithFuncGeneric(4, func(o order) { o.from.Run(func() { charge(o) }) }) // ok: each task brings its frame
	five, _  = ants.NewPoolWithFunc(4, func(any) {})                                              // ok: it reads nothing
)

var tasks = make(chan func())

// What contains a go statement is one: analyzer unbound knows it for what reads once, this one for
// workers.
func start(wg *sync.WaitGroup) {
	ants.Submit(func() { charge(1) }) // ok: no worker
	ants.Submit(func() {              // want `ants.Submit starts a worker that runs functions from tasks`
		for f := range tasks {
			f()
		}
	})
}
