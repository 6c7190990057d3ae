// Package request has functions that read what ends with the handler.
package request

import (
	"context"
	"net/http"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	user   = httpctx.NewKey[string]("user")
	tenant = gls.New[string]("tenant")
)

func mail()   { user.GetOrFail() }
func bill()   { tenant.Get() }
func poll()   { <-gls.Context().Done() }
func answer() { httpctx.GetOrFail().Writer().WriteHeader(200) }

func waits(w http.ResponseWriter, r *http.Request) {
	var wg sync.WaitGroup
	wg.Go(mail) // want `: make it a gls.WaitGroup$`
	wg.Wait()
	done := make(chan bool)
	time.AfterFunc(time.Second, func() { mail(); close(done) }) // want `: use gls.AfterFunc$`
	<-done
	var g errgroup.Group
	g.Go(func() error { mail(); return nil }) // want `: bind it with gls.Bind$`
	_ = g.Wait()
}

func returns(w http.ResponseWriter, r *http.Request) {
	time.AfterFunc(time.Minute, mail)                                         // want `nothing waits for it, and the request may be over when it runs: use httpctx.AfterFuncDetached$`
	time.AfterFunc(time.Minute, poll)                                         // want `nothing waits for it, and the request may be over when it runs: use httpctx.AfterFuncDetached$`
	time.AfterFunc(time.Minute, bill)                                         // want `: use gls.AfterFunc$`
	time.AfterFunc(time.Minute, answer)                                       // want `nothing waits for it, and the request may be over when it answers or sets a key: wait for it and bind it with gls.Bind$`
	time.AfterFunc(time.Minute, func() { user.Set(httpctx.GetOrFail(), "") }) // want `when it answers or sets a key`
	context.AfterFunc(r.Context(), mail)                                      // want `start it with httpctx.GoDetached, or read what it needs before$`
	context.AfterFunc(r.Context(), bill)                                      // want `: bind it with gls.Bind$`
	var g errgroup.Group
	g.Go(func() error { mail(); return nil }) // want `start it with httpctx.GoDetached, or read what it needs before$`
}

func elsewhere() {
	time.AfterFunc(time.Minute, poll) // want `nothing waits for it, and the ambient context may be cancelled when it runs: bind it with gls.Bind if it ends with its caller, start it with httpctx.GoDetached if it outlives a request$`
}
