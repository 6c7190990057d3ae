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
	go work()   // ok: nothing is set yet
	go func() { // want `none of them sees what is set for it`
		for range ids {
			tenant.Get()
		}
	}()
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) {
		go work() // want `runs functions from tasks`
	})
}
