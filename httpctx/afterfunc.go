package httpctx

import (
	"time"

	"github.com/ambient-go/ambient/gls"
)

// AfterFuncDetached is gls.AfterFunc for work that outlives the request, such as a reminder in a
// minute. In fn the current Context is a detached one, as in GoDetached, made at the call: with the
// keys that are set then, a context.Context without the request's cancellation and deadline, and a
// closed Writer. Stop and Reset of the timer work as usual; each run of fn after a Reset sees the
// same Context.
//
// Outside of a request, after it, and switched off, AfterFuncDetached is gls.AfterFunc. It panics
// if fn is nil.
func AfterFuncDetached(d time.Duration, fn func()) *time.Timer {
	if fn == nil {
		panic("httpctx.AfterFuncDetached: nil function")
	}
	c := detachCurrent()
	if c == nil {
		return gls.AfterFunc(d, fn)
	}
	var timer *time.Timer
	gls.Run(func() { timer = gls.AfterFunc(d, fn) }, current.With(c), gls.WithContext(c.Context()))
	return timer
}
