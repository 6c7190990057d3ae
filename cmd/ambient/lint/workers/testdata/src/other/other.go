// Package other has workers that other packages start.
package other

import "github.com/ambient-go/ambient/gls"

var tenant = gls.New[string]("tenant")

// Name reads.
func Name() string { v, _ := tenant.Get(); return v }

// A Pool runs functions.
type Pool struct{ Tasks chan func() }

// Work is its worker.
func (p *Pool) Work() {
	for f := range p.Tasks {
		f()
	}
}

// Shared is everybody's.
var Shared = make(chan int)

// Drain is a worker of Shared.
func Drain() {
	for range Shared {
		Name()
	}
}

// Each runs f with what is sent.
func Each(tasks <-chan func()) {
	for f := range tasks {
		f()
	}
}
