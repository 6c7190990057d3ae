package waits

import (
	"sync"
	"time"

	"github.com/ambient-go/ambient/gls"
)

var tenant = gls.New[string]("tenant")

func read() { tenant.Get() }

var global sync.WaitGroup

type batch struct{ wg sync.WaitGroup }

func local() {
	var wg sync.WaitGroup
	wg.Go(read)              // want `sync.WaitGroup.Go .*: make it a gls.WaitGroup`
	wg.Go(func() { read() }) // want `make it a gls.WaitGroup`
	wg.Wait()
}

func shared(b *batch) {
	global.Go(read) // want `bind it with gls.Bind`
	b.wg.Go(read)   // want `bind it with gls.Bind`
	var wg sync.WaitGroup
	wg.Go(read) // want `bind it with gls.Bind`
	waitFor(&wg)
	var one, two sync.WaitGroup
	one.Go(read) // want `bind it with gls.Bind`
	two.Wait()
}

func waitFor(wg *sync.WaitGroup) { wg.Wait() }

func timers(time2 time.Duration) {
	time.AfterFunc(time2, read) // want `use gls.AfterFunc`
}
