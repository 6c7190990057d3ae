package httpctx

import (
	"errors"
	"fmt"
	"runtime"
	"strings"

	"github.com/ambient-go/ambient/gls"
)

// explain says why Get finds nothing here.
func explain() *Error {
	if off.Load() {
		return &Error{Err: ErrNotEnabled, Detail: "httpctx.SetEnabled(false) was called"}
	}
	c, err := current.Lookup()
	switch {
	case err != nil:
	case c.Finished(): // also where the package was switched off and on again since
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
	switch {
	case cause.Ended:
		return &Error{Err: ErrFinished, Detail: "on a goroutine that the request started in " + started, Cause: cause}
	case startedIn(started, timeoutHandler):
		return &Error{Err: ErrLost, Detail: "http.TimeoutHandler runs its handler on another goroutine, started by " +
			started + ": put Middleware inside it", Cause: cause}
	case cause.Lost:
		return &Error{Err: ErrLost, Detail: "started by the go statement in " + started + ": start it with gls.Go", Cause: cause}
	case cause.LostAt != "":
		return &Error{Err: ErrLost, Detail: "on the way to this goroutine, which was started in " + started +
			", by the go statement in " + cause.LostAt + ": start that goroutine with gls.Go", Cause: cause}
	case started == "" && beforeMain():
		return &Error{Err: ErrNoRequest, Detail: notYet, Cause: cause}
	case started == "":
		return &Error{Err: ErrNoRequest, Cause: cause}
	}
	detail := "on a goroutine started in " + started
	switch {
	case startedIn(started, testFunctions...):
		detail += ": in a test, " + runInTest
	case startedIn(started, servers...):
		detail += ", which serves requests: this code runs outside of Middleware, and belongs inside it, " +
			"as a middleware that recovers panics does"
	default:
		detail += ": outside of a request, or lost on the way here, where each go statement from the handler on has to be " +
			"gls.Go; GODEBUG=tracebackancestors=10 lets this error name the one"
	}
	return &Error{Err: ErrNoRequest, Detail: detail, Cause: cause}
}

// notEnabled explains where no Middleware was made. That is no mistake before main, nor in a test: there it is the place
// that is wrong, not the server.
func notEnabled(cause *gls.NotSetError) *Error {
	const none = "no Middleware was made in this process"
	switch {
	case cause.StartedAt == "" && beforeMain():
		return &Error{Err: ErrNotEnabled, lead: noRequestYet, Detail: notYet}
	case startedIn(cause.StartedAt, testFunctions...):
		return &Error{Err: ErrNotEnabled, lead: noRequestYet, Detail: none + ": in a test, " + runInTest}
	}
	return &Error{Err: ErrNotEnabled, Detail: none}
}

const (
	noRequestYet = "httpctx: no request is being served yet"
	notYet       = "a package-level variable or an init function asks before main: ask in a function that the handler calls; " +
		"in a test, " + runInTest
	runInTest = "httpctx.Run(httptest.NewRecorder(), r, fn) serves a request"
)

// startedIn reports whether a goroutine's go statement stands in a function whose name begins so.
func startedIn(statement string, functions ...string) bool {
	for _, f := range functions {
		if strings.HasPrefix(statement, f) {
			return true
		}
	}
	return false
}

// timeoutHandler is how the runtime names the function that holds the go statement of http.TimeoutHandler
// (net/http/server.go).
const timeoutHandler = "net/http.(*timeoutHandler).ServeHTTP"

// testFunctions hold the go statements of tests and benchmarks.
var testFunctions = []string{"testing.(*T).", "testing.(*B).", "testing.(*F).", "testing.runTests", "testing.runFuzz"}

// servers hold the go statements of the goroutines on which servers call handlers, of HTTP/1 and HTTP/2.
var servers = []string{
	"net/http.(*Server).Serve",
	"net/http.(*http2serverConn).",          // net/http/h2_bundle.go, up to Go 1.26
	"net/http/internal/http2.(*serverConn)", // from Go 1.27
	"golang.org/x/net/http2.(*serverConn).",
}

// beforeMain reports whether a package's variables are being initialised on the running goroutine.
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
