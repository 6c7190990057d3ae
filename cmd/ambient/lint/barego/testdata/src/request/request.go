// Package request starts goroutines that read what ends with the handler.
package request

import (
	"net/http"
	"sync"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user   = httpctx.NewKey[string]("user")
	tenant = gls.New[string]("tenant")
)

func mail(string) { user.GetOrFail() }
func bill()       { tenant.Get() }
func poll()       { <-gls.Context().Done() }
func answer()     { httpctx.GetOrFail().Writer().WriteHeader(200) }

func waits(w http.ResponseWriter, r *http.Request) {
	var wg sync.WaitGroup
	wg.Add(1)
	go func() { // want `: start it with gls.Go$`
		defer wg.Done()
		mail("")
	}()
	wg.Wait()
}

func returns(w http.ResponseWriter, r *http.Request) {
	to := r.FormValue("to")
	go mail(to) // want `: nothing waits for it, and the request may be over when it runs: start it with httpctx.GoDetached$`
	go poll()   // want `start it with httpctx.GoDetached$`
	go bill()   // want `: start it with gls.Go$`
	go answer() // want `: nothing waits for it, and the request may be over when it answers or sets a key: wait for it and start it with gls.Go$`
	httpctx.GoDetached(func() {
		go mail(to) // want `: start it with gls.Go$`
	})
}

func below() {
	httpctx.GetOrFail()
	go poll() // want `start it with httpctx.GoDetached$`
}

func elsewhere() {
	go poll() // want `: nothing waits for it, and the ambient context may be cancelled when it runs: start it with gls.Go if it ends with its caller, with httpctx.GoDetached if it outlives a request$`
}

// A worker serves many.
var tasks = make(chan string)

func work() {
	for task := range tasks {
		tenant.Get()
		_ = task
	}
}

func start() {
	go work() // want `: it serves many, for it takes tasks from tasks: send gls.Capture\(\) with each task and do the task in the snapshot's Run$`
}

// Its tasks are its starter's own.
func own() {
	c := make(chan string)
	go func() { // want `: start it with gls.Go$`
		for range c {
			tenant.Get()
		}
	}()
	close(c)
}
