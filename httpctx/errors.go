package httpctx

import (
	"errors"

	"github.com/ambient-go/ambient/gls"
)

// The four reasons why there is no current request.
var (
	// ErrNotEnabled means that no request gets a Context: no Middleware was made in this process,
	// or the package is switched off.
	ErrNotEnabled = errors.New("httpctx: not enabled: wrap the server's handler, " +
		"as in http.ListenAndServe(addr, httpctx.Middleware(mux))")

	// ErrNoRequest means that the caller is outside of an HTTP request.
	ErrNoRequest = errors.New("httpctx: not available outside of an HTTP request")

	// ErrLost means that a request started the goroutine by a plain go statement, in its own code
	// or in that of timeout handling.
	ErrLost = errors.New("httpctx: the request was lost at a plain go statement; " +
		"gls.Go carries it, and with timeout handling Middleware belongs inside http.TimeoutHandler")

	// ErrFinished means that the request that the goroutine belonged to is over.
	ErrFinished = errors.New("httpctx: the request is over; " +
		"start work that outlives its request with httpctx.GoDetached")
)

// An Error says why there is no current request. Lookup returns it, and GetOrFail panics with it.
type Error struct {
	Err    error            // ErrNotEnabled, ErrNoRequest, ErrLost or ErrFinished
	Detail string           // facts about this case: a go statement, the request that is over
	Cause  *gls.NotSetError // the error of gls about the goroutine, nil if that is not the reason

	lead string // the beginning of the text where that of Err would mislead
}

// Error returns the reason and the detail in one line.
func (e *Error) Error() string {
	switch {
	case e.Detail == "":
		return e.Err.Error()
	case e.lead != "":
		return e.lead + ": " + e.Detail
	}
	return e.Err.Error() + ": " + e.Detail
}

// Unwrap returns Err, and Cause if there is one.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Err}
	}
	return []error{e.Err, e.Cause}
}
