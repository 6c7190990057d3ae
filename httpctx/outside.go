package httpctx

import (
	"context"
	"net/http"

	"github.com/ambient-go/ambient/gls"
)

// RunOutside calls fn without the current request and without an ambient context; other gls values stay. Lookup gives
// ErrNoRequest there and in goroutines that fn starts with gls.Go, for as long as they live, and a Middleware or Run
// met there begins a request of its own. It ends as gls.Storage.Run does.
func RunOutside(fn func()) {
	if fn == nil {
		panic("httpctx.RunOutside: nil function")
	}
	current.Exit(func() {
		gls.Run(fn, outside.With(true), gls.WithContext(context.Background()))
	})
}

// GoDetached is gls.Go for work that outlives the request, such as an event's listeners. fn sees a Context of its own,
// with the id, start, method, URL, header, path values and pattern of the current one and the keys set so far. Its
// context.Context has the values of the request's and neither its cancellation nor its deadline, its body is empty,
// its Writer is closed, and it never finishes. Goroutines that fn starts with gls.Go share it.
//
// Outside of a request, after it, and switched off, GoDetached is gls.Go.
func GoDetached(fn func()) {
	if fn == nil {
		panic("httpctx.GoDetached: nil function")
	}
	c, ok := Get()
	if !ok {
		gls.Go(fn)
		return
	}
	d := c.detach()
	gls.Run(func() { gls.Go(fn) }, current.With(d), d.ambient())
}

// detach returns a copy of c that has nothing to do with the server any more.
func (c *Context) detach() *Context {
	r := c.request.Clone(context.WithoutCancel(c.request.Context()))
	r.Body = http.NoBody
	r.MultipartForm = nil // its files are removed with the request
	d := &Context{request: r, era: c.era, detached: true}
	d.shared = &d.own
	d.own.givenID = c.ID()
	c.start.copyTo(&d.own.start)
	d.own.logger = c.logger
	d.own.keys.list.Store(c.keys.list.Load())
	return d
}
