package httpctx_test

import (
	"bufio"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/testexec"
)

// middleware is httpctx.Middleware for a function.
func middleware(fn http.HandlerFunc) http.Handler { return httpctx.Middleware(fn) }

// newRequest returns a request as a server would give it, with header fields in pairs.
func newRequest(target string, header ...string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// inRequest runs fn as the handler of the request GET /in.
func inRequest(fn func(c *httpctx.Context), opts ...httpctx.Option) {
	httpctx.Run(httptest.NewRecorder(), newRequest("/in"), func() { fn(httpctx.GetOrFail()) }, opts...)
}

// current returns what Get finds, nil where it finds nothing.
func current() *httpctx.Context {
	c, _ := httpctx.Get()
	return c
}

// why returns Lookup's error.
func why() error {
	_, err := httpctx.Lookup()
	return err
}

// asError returns Lookup's error as what it is.
func asError(t *testing.T, err error) *httpctx.Error {
	t.Helper()
	e, ok := err.(*httpctx.Error)
	require.True(t, ok, "%T", err)
	return e
}

// panicOf returns what fn panicked with, nil when it returned.
func panicOf(fn func()) any {
	var value any
	func() {
		defer func() { value = recover() }()
		fn()
	}()
	return value
}

// plain is a go statement.
func plain(fn func()) { go fn() }

// join runs fn on a goroutine that start starts and waits for its end.
func join(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

// explicit skips a test about plain go statements in programs where these inherit.
func explicit(t *testing.T) {
	t.Helper()
	if gls.Propagation() == gls.Inherited {
		t.Skip("a plain go statement inherits here")
	}
}

// eventually waits for what something else does in its own time.
func eventually(t *testing.T, ok func() bool, text string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			require.Fail(t, text)
		}
	}
}

// within receives from a channel; a test that waits for something that never comes fails instead of hanging.
func within[T any](t *testing.T, from <-chan T) T {
	t.Helper()
	select {
	case v := <-from:
		return v
	case <-time.After(20 * time.Second):
		require.Fail(t, "nothing came")
		panic("not reached")
	}
}

// serve starts a server on the loopback interface that does not log panics.
func serve(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// serveHTTP2 is serve with HTTP/2 over TLS.
func serveHTTP2(t testing.TB, h http.Handler) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.EnableHTTP2 = true
	s.StartTLS()
	t.Cleanup(s.Close)
	return s
}

// serveH2C is serve with HTTP/2 without TLS, which the server's client speaks; prepare may be nil.
func serveH2C(t testing.TB, h http.Handler, prepare func(s *http.Server)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(h)
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.Config.Protocols = protocols(true, true)
	if prepare != nil {
		prepare(s.Config)
	}
	s.Start()
	t.Cleanup(s.Close)
	s.Client().Transport.(*http.Transport).Protocols = protocols(false, true)
	return s
}

func protocols(http1, h2c bool) *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP1(http1)
	p.SetUnencryptedHTTP2(h2c)
	return p
}

// fetch makes a GET request with header fields in pairs and returns the body.
func fetch(client *http.Client, url string, header ...string) (string, error) {
	r, err := http.NewRequest(http.MethodGet, url, nil)
	if err != nil {
		return "", err
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	response, err := client.Do(r)
	if err != nil {
		return "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return string(body), err
}

// get is fetch on the test's goroutine.
func get(t *testing.T, client *http.Client, url string, header ...string) string {
	t.Helper()
	body, err := fetch(client, url, header...)
	require.NoError(t, err)
	return body
}

// A wire is a client that is nothing but a TCP connection.
type wire struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, s *httptest.Server) *wire {
	t.Helper()
	c, err := net.Dial("tcp", s.Listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(func() { c.Close() })
	require.NoError(t, c.SetDeadline(time.Now().Add(20*time.Second)))
	return &wire{c, bufio.NewReader(c)}
}

// send writes lines, each ended by CRLF.
func (w *wire) send(t *testing.T, lines ...string) {
	t.Helper()
	_, err := io.WriteString(w, strings.Join(lines, "\r\n")+"\r\n")
	require.NoError(t, err)
}

// receive reads one response to a request with the method, and its body.
func (w *wire) receive(method string) (response *http.Response, body string, err error) {
	response, err = http.ReadResponse(w.in, &http.Request{Method: method})
	if err != nil {
		return nil, "", err
	}
	defer response.Body.Close()
	all, err := io.ReadAll(response.Body)
	return response, string(all), err
}

// ask is send and receive for a GET request with header fields as lines.
func (w *wire) ask(t *testing.T, target string, header ...string) (body string, err error) {
	t.Helper()
	w.send(t, "GET "+target+" HTTP/1.1", "Host: test")
	w.send(t, append(header, "")...)
	_, body, err = w.receive(http.MethodGet)
	return body, err
}

// again runs the test that calls it once more, alone in a process of its own. There it returns true; otherwise it
// returns false after that process has ended well.
func again(t *testing.T) (alone bool) {
	t.Helper()
	return againWith(t)
}

// againWith is again with variables of the environment.
func againWith(t *testing.T, variables ...string) (alone bool) {
	t.Helper()
	const mark = "AMBIENT_TEST_ALONE"
	if os.Getenv(mark) == t.Name() {
		return true
	}
	cmd := testexec.Command("-test.run=^"+t.Name()+"$", "-test.timeout=50s", "-test.count=1")
	cmd.Env = append(append(os.Environ(), variables...), mark+"="+t.Name())
	out, err := cmd.CombinedOutput()
	if len(out) > 4000 {
		out = out[:4000]
	}
	assert.NoError(t, err, "%s", out)
	return false
}

// switchedOff runs fn while no request gets a Context.
func switchedOff(fn func()) {
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	fn()
}
