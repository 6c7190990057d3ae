// Package framework has the tests that the adapters of all HTTP frameworks pass, each on its
// framework's own server.
package framework

import (
	"io"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// A Framework is the framework under test.
type Framework struct {
	// Serve serves the app on a loopback port until the test ends, and returns the port's address.
	// The order is: the framework's own handler that recovers panics, with status 500; Outside; the
	// adapter's Middleware with the Options; Inside; the routes. The routes are GET (and with it
	// HEAD) and POST /work/:id, which have a Middleware of their own next to the handler, and GET
	// /once/:id, which has none. The handler of all is Handle.
	Serve func(t testing.TB, app App) (addr string)

	// Work and Once are the patterns of the routes as an inner Middleware finds them, and as the
	// handler of /once/:id does. They are "" if it finds none. Param is the name of the value that
	// :id matches, found with one or with both.
	Work, Once string

	// Go runs its function by a go statement of the module under test, which inherits in a build
	// with inheritance.
	Go func(fn func())

	// MethodNotAllowed is the status for PUT /work/:id.
	MethodNotAllowed int
}

// An App is the handlers and options that a framework serves.
type App struct {
	Options         []httpctx.Option
	Outside, Inside func(next func())
	Handle          func(c Call)
}

// A Call is the part of the framework's own context that the tests use.
type Call struct {
	Header    func(name string) string // of the request
	Body      func() string
	Write     func(s string)
	SetHeader func(name, value string)
	SetStatus func(status int)
	Stream    func(fn func(w io.Writer)) // calls fn when the handler has returned
}

// Test runs all tests.
func Test(t *testing.T, f Framework) {
	adaptertest.Build(t)
	for name, test := range map[string]func(*testing.T, Framework){
		"many at once":            testLoad,
		"the request":             testRequest,
		"request ids":             testRequestIDs,
		"the body":                testBody,
		"the Writer":              testWriter,
		"the Writer afterwards":   testWriterAfterwards,
		"nothing is left":         testNothingIsLeft,
		"nested":                  testNested,
		"HEAD, 404 and 405":       testOtherAnswers,
		"pipelined":               testPipelined,
		"a client that goes away": testClientGoesAway,
		"streams":                 testStreams,
		"plain go statements":     testPlainGo,
		"options":                 testOptions,
	} {
		t.Run(name, func(t *testing.T) { test(t, f) })
	}
	t.Run("switched off", func(t *testing.T) { testSwitchedOff(t, f) })
}

// start starts f's server, and fills in the fields that the app does not set.
func (f Framework) start(t testing.TB, app App) (url string) {
	pass := func(next func()) { next() }
	if app.Outside == nil {
		app.Outside = pass
	}
	if app.Inside == nil {
		app.Inside = pass
	}
	return "http://" + f.Serve(t, app)
}

// serve is start for tests whose handlers and clients share variables, one after the other.
func (f Framework) serve(t testing.TB, app App) (url string) {
	outside := app.Outside
	app.Outside = func(next func()) {
		synchronize()
		defer synchronize()
		if outside == nil {
			next()
			return
		}
		outside(next)
	}
	return f.start(t, app)
}

var order sync.Mutex

// synchronize orders two accesses for the race detector: it does not see the connection of a
// netpoll, which makes system calls of its own.
func synchronize() {
	order.Lock()
	defer order.Unlock()
}

// client returns a client that keeps its connections alive.
func client(t testing.TB) *http.Client {
	transport := &http.Transport{MaxIdleConnsPerHost: adaptertest.Calls, DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 2 * time.Minute}
}

// send makes a request and returns the response and its body. Header is names and values by turns.
func send(t testing.TB, c *http.Client, method, url string, body io.Reader, header ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, body)
	require.NoError(t, err)
	r.Host = "example.com:81"
	for i := 0; i < len(header); i += 2 {
		r.Header[header[i]] = append(r.Header[header[i]], header[i+1])
	}
	synchronize()
	defer synchronize()
	response, err := c.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

// Listen returns a listener on a loopback port.
func Listen(t testing.TB) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l
}
