// Command mainpkg starts workers where nothing is set.
package main

import (
	"net/http"

	"github.com/ambient-go/ambient/gls"
)

var (
	tenant = gls.New[string]("tenant")
	tasks  = make(chan func())
	ids    = make(chan int)
)

func work() {
	for f := range tasks {
		f()
	}
}

func main() {
	go work()       // ok: nothing is set yet
	gls.Go(func() { // want `takes tasks from ids: all of them see what is set here, and it reads tenant.Get`
		for range ids {
			tenant.Get()
		}
	})
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		go work() // want `runs functions from tasks`
	})
}
