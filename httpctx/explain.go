package httpctx

import (
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/constructs"
)

// explain returns the reason why Get finds nothing here.
func explain() *Error {
	if off.Load() {
		return &Error{Err: ErrNotEnabled, Detail: "httpctx.SetEnabled(false) was called"}
	}
	c, err := current.Lookup()
	switch {
	case err != nil:
	case c.Finished(): // also if the package was switched off and on again since
		detail := fmt.Sprintf("%s %s, request id %s", c.method, c.escapedPath(), c.ID())
		return &Error{Err: ErrFinished, Detail: detail}
	default:
		return &Error{Err: ErrNoRequest, Detail: "the request began before httpctx was switched off and on again"}
	}
	var cause *gls.NotSetError
	errors.As(err, &cause)
	if !installed.Load() {
		return notEnabled(cause)
	}
	if _, ok := outside.Get(); ok {
		return &Error{Err: ErrNoRequest, Detail: "inside httpctx.RunOutside, or started there"}
	}
	started := cause.StartedAt
	construct, remedy := constructOf(cause)
	e := &Error{Cause: cause}
	switch {
	case cause.Ended:
		e.Err, e.Detail = ErrFinished, "on a goroutine that the request started in "+started
	case slices.Contains(timeouts, construct):
		e.Err = ErrLost
		e.Detail = construct + " runs its handler on another goroutine, started by " + started +
			": put Middleware inside it"
	case construct == server: // also where a request has started the server: others' requests are not lost to it
		e.Err, e.Detail = ErrNoRequest, "on a goroutine started in "+started+": "+advice(construct, remedy)
	case cause.Lost && construct != "":
		e.Err = ErrLost
		e.Detail = "by " + construct + ", on a goroutine started in " + started + ": " + cause.Remedy
	case cause.Lost:
		e.Err, e.Detail = ErrLost, "started by the go statement in "+started+": "+cause.Remedy
	case cause.Ancestor != 0:
		e.Err = ErrLost
		e.Detail = "on the way to this goroutine, which was started in " + started + ", by the go statement in " +
			cause.LostAt + ": " + cause.Remedy
	case started != "":
		e.Err, e.Detail = ErrNoRequest, "on a goroutine started in "+started+": "+advice(construct, remedy)
	case construct != "":
		e.Err, e.Detail = ErrNoRequest, "in a function of "+construct+": "+advice(construct, remedy)
	case beforeMain():
		e.Err, e.Detail = ErrNoRequest, notYet
	default:
		e.Err = ErrNoRequest
	}
	return e
}

// advice returns the remedy for a goroutine of which no loss is known: its creator has no request
// either, or no longer has one.
func advice(construct, remedy string) string {
	switch construct {
	case test:
		return "in a test, " + runInTest
	case server:
		return "it serves requests, and this code runs outside of Middleware: put it inside, " +
			"as a middleware that recovers panics; if it is inside, it runs in gls.Isolate, or in a function or snapshot " +
			"that was captured before the request: call httpctx.Get before that, and use its Context inside"
	case "":
		return "outside of a request, or lost on the way here, where each go statement from the handler on has to be " +
			"gls.Go; GODEBUG=tracebackancestors=10 lets this error name the one"
	}
	return "outside of a request, or lost here: " + remedy
}

// The constructs that have advice of their own here.
const (
	server = "http.Server"
	test   = "t.Run"
)

// timeouts lists the constructs that run a request's handler on a goroutine of its own.
var timeouts = []string{"http.TimeoutHandler", "fasthttp.TimeoutHandler", "fiber's timeout.New"}

// constructOf returns the name of the construct that started the goroutine, "" for a go statement
// of the program's own and if none is known, and the remedy. In a build with inheritance the cause
// names only constructs that lose values.
func constructOf(cause *gls.NotSetError) (name, remedy string) {
	if cause.Construct != "" {
		return cause.Construct, cause.Remedy
	}
	function, position, _ := strings.Cut(cause.StartedAt, " (")
	if c, ok := constructs.Of(function, position); ok {
		return c.Name, c.Remedy
	}
	return "", cause.Remedy
}

// notEnabled explains the case that no Middleware was made. Before main and in a test that is no
// mistake of the server: the call is in the wrong place.
func notEnabled(cause *gls.NotSetError) *Error {
	const none = "no Middleware was made in this process"
	switch {
	case cause.StartedAt == "" && beforeMain():
		return &Error{Err: ErrNotEnabled, lead: noRequestYet, Detail: notYet}
	case startedBy(cause) == test:
		return &Error{Err: ErrNotEnabled, lead: noRequestYet, Detail: none + ": in a test, " + runInTest}
	}
	return &Error{Err: ErrNotEnabled, Detail: none}
}

const (
	noRequestYet = "httpctx: no request is being served yet"
	notYet       = "a package-level variable or an init function asks before main: " +
		"ask in a function that the handler calls; in a test, " + runInTest
	runInTest = "httpctx.Run(httptest.NewRecorder(), r, fn) serves a request"
)

// startedBy returns the name of the construct that started the goroutine, as constructOf.
func startedBy(cause *gls.NotSetError) string {
	name, _ := constructOf(cause)
	return name
}

// beforeMain reports whether the running goroutine initializes a package's variables.
func beforeMain() bool {
	var pcs [64]uintptr
	for skip := 2; ; skip += len(pcs) {
		n := runtime.Callers(skip, pcs[:])
		if n == 0 {
			return false
		}
		frames := runtime.CallersFrames(pcs[:n])
		for more := true; more; {
			var f runtime.Frame
			if f, more = frames.Next(); strings.HasPrefix(f.Function, "runtime.doInit") { // runtime/proc.go
				return true
			}
		}
	}
}
