// Package starts hands requests to goroutines.
package starts

import (
	"context"
	"net/http"
	"time"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user   = httpctx.NewKey[string]("user")
	tenant = gls.New[string]("tenant")
)

func mail() { user.GetOrFail() }

func returns(w http.ResponseWriter, r *http.Request) {
	gls.Go(mail)                             // want `^gls.Go starts what reads the current request \(user.GetOrFail through starts.mail\), and nothing waits for it: the request may be over when it runs; use httpctx.GoDetached$`
	gls.Go(func() { time.Sleep(1); mail() }) // want `use httpctx.GoDetached`
	gls.AfterFunc(time.Minute, mail)         // want `^gls.AfterFunc .* use httpctx.AfterFuncDetached$`
	var wg gls.WaitGroup
	wg.Go(mail)                                    // want `^wg.Go .* start it with httpctx.GoDetached, or read what it needs before$`
	context.AfterFunc(r.Context(), gls.Bind(mail)) // want `^context.AfterFunc starts .* start it with httpctx.GoDetached`
	gls.Go(func() {                                // want `wait for it, for it answers or sets a key$`
		httpctx.GetOrFail().Writer().WriteHeader(http.StatusTeapot)
	})
	gls.Go(func() { tenant.Get() })                                      // ok: a storage's value has no end
	go mail()                                                            // ok: barego reports it
	gls.Go(func() { gls.Isolate(mail) })                                 // ok: there is no request
	gls.Go(func() { httpctx.Run(w, r, func() { httpctx.GetOrFail() }) }) // ok: a request of its own
	//ambient:detached it asks whether the request is over
	gls.Go(mail)
}

func waits(w http.ResponseWriter, r *http.Request) {
	var wg gls.WaitGroup
	wg.Go(mail) // ok: it is waited for
	wg.Wait()
	done := make(chan bool)
	gls.Go(func() { // ok: it is waited for
		defer close(done)
		mail()
	})
	<-done
	httpctx.GoDetached(func() {
		gls.Go(mail) // ok: the request of detached work has no end
	})
	httpctx.GoDetached(mail)
	httpctx.AfterFuncDetached(time.Minute, mail)
}

func unknown(fs []func()) {
	for _, f := range fs {
		gls.Go(f) // ok: nobody knows what it reads
	}
}

var orders = make(chan int)

func worker() {
	gls.Go(func() { // ok: a worker, which analyzer workers reports
		for range orders {
			mail()
		}
	})
}
