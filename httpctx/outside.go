package httpctx

import (
	"context"

	"github.com/ambient-go/ambient/gls"
)

// RunOutside calls fn without the current request and without an ambient context; other gls values
// stay. Lookup gives ErrNoRequest there and on goroutines that fn starts with gls.Go, for as long
// as they live. A Middleware or Run inside it begins a request of its own. RunOutside ends as
// gls.Storage.Run does. It panics if fn is nil.
func RunOutside(fn func()) {
	if fn == nil {
		panic("httpctx.RunOutside: nil function")
	}
	current.Exit(func() {
		gls.Run(fn, outside.With(true), gls.WithContext(context.Background()))
	})
}

// GoDetached is gls.Go for work that outlives the request, such as the listeners of an event. In fn
// the current Context is a new one, with the id, start, method, URL, header, path values and
// pattern of the request and the keys set so far. Its context.Context has the values of the
// request's context without its cancellation and deadline. Its request has an empty body, its
// Writer is closed, and it never finishes. Goroutines that fn starts with gls.Go share it.
//
// GoDetached copies the request at the call. On a goroutine other than the handler's, call it where
// nobody writes to the request meanwhile: a router that has yet to match it, or a handler that
// parses its form or changes its header.
//
// The context.Context does not have values that the server uses again for the next request: the
// contexts of chi, gin, fasthttp and fiber, and every value that has a method Reset, except
// Protocol buffers. So chi.URLParam finds nothing there; Context.Param finds the values that chi
// has matched. The map of gorilla/mux's Vars is the request's own and stays. A reused value that
// has no Reset is not recognized: copy the data that you need into a Key before.
//
// Outside of a request, after it, and switched off, GoDetached is gls.Go. It panics if fn is nil.
func GoDetached(fn func()) {
	if fn == nil {
		panic("httpctx.GoDetached: nil function")
	}
	d := detachCurrent()
	if d == nil {
		gls.Go(fn)
		return
	}
	gls.Run(func() { gls.Go(fn) }, current.With(d), d.ambient())
}
