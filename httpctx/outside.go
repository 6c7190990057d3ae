package httpctx

import (
	"context"

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
// Values that the next request is given are not among those of the context: chi's and gin's contexts, fasthttp's and
// fiber's, and whatever has a method Reset, except Protocol buffers. So chi.URLParam finds nothing there; Context.Param
// finds what chi has matched. gorilla/mux's Vars are a map of the request's own and stay. A value that its owner uses
// again and that has no Reset is not recognised: take what you need of it before, into a Key.
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
