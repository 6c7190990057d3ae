package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptrace"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// AMBIENT_EXPECT names the mode of the build, so that a run meant for one build cannot pass as one
// of the other.
func TestPropagationIsAsExpected(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

// checks returns the least number of values to check. AMBIENT_LONG=1 is for the long form.
func checks() int64 {
	if os.Getenv("AMBIENT_LONG") != "" {
		return 1_000_000
	}
	return 20_000
}

// TestMix makes requests of all kinds at once, with clients and servers of all kinds, and checks
// the values in every function that they call.
func TestMix(t *testing.T) {
	w := newWorld(t)
	// Shared state begins in a request that stays open to the end, so that a value that it keeps
	// would be found.
	ready, end := make(chan bool), make(chan bool)
	var setup sync.WaitGroup
	setup.Go(func() {
		w.In("the one that began it all", func() {
			w.start()
			close(ready)
			<-end
		})
	})
	<-ready

	var n, answered, failed atomic.Int64
	var group sync.WaitGroup
	for range 12 {
		gls.Isolate(func() {
			group.Go(func() {
				for {
					n := int(n.Add(1) - 1)
					c, o := w.clients[n%len(w.clients)], ops[n/len(w.clients)%len(ops)]
					own, none, _ := w.Totals()
					if n >= len(w.clients)*len(ops) && own+none >= checks() {
						return
					}
					if o.upgrades && !c.h1 {
						continue
					}
					id := fmt.Sprintf("%d-%s", n, strings.Map(letters, c.name+o.name))
					w.In(id, func() {
						switch err := w.request(c, o, id); {
						case err == nil:
							answered.Add(1)
						default:
							failed.Add(1)
							if testing.Verbose() && os.Getenv("AMBIENT_ERRORS") != "" {
								t.Logf("%s: %v", id, err)
							}
						}
					})
				}
			})
		})
	}
	group.Wait()
	w.settle()
	assert.Empty(t, w.Kept(), "kept of requests that are over, while connections are open")
	close(end)
	setup.Wait()
	w.close()

	own, none, another := w.Totals()
	t.Logf("%v: %d requests answered, %d failed; found own %d, nothing %d, another's %d", gls.Propagation(),
		answered.Load(), failed.Load(), own, none, another)
	t.Logf("\n%v", w)
	assert.Empty(t, w.Faults())
	assert.Zero(t, another)
	assert.Greater(t, answered.Load(), failed.Load())
	for _, place := range places {
		own, none, _ := w.Of(place)
		assert.NotZero(t, own+none, "%s was not called", place)
	}
}

func letters(r rune) rune {
	if strings.ContainsRune(" ,/", r) {
		return -1
	}
	return r
}

// places has callbacks that the test must have called.
var places = []string{
	"request body.Read", "request body.Close", "GetBody", "httptrace.GetConn", "httptrace.GotConn", "httptrace.PutIdleConn",
	"httptrace.GotFirstResponseByte", "httptrace.Got100Continue", "httptrace.Got1xxResponse", "httptrace.DNSStart",
	"httptrace.DNSDone", "httptrace.ConnectStart", "httptrace.ConnectDone", "httptrace.TLSHandshakeStart",
	"httptrace.TLSHandshakeDone", "httptrace.WroteHeaderField", "httptrace.WroteHeaders", "httptrace.Wait100Continue",
	"httptrace.WroteRequest", "DialContext", "DialTLSContext", "net.Dialer.ControlContext", "Resolver.Dial",
	"client tls.VerifyPeerCertificate", "client tls.VerifyConnection", "tls.GetClientCertificate", "tls.GetCertificate",
	"tls.GetConfigForClient", "server tls.VerifyConnection", "tls.ClientSessionCache.Get", "CheckRedirect",
	"CookieJar.SetCookies", "CookieJar.Cookies", "Transport.Proxy", "Transport.GetProxyConnectHeader",
	"Transport.OnProxyConnectResponse", "http.Server.ErrorLog", "http.Server.ConnState, idle",
	"http.Server.ConnState, hijacked", "http.Server.ConnContext", "RoundTripper", "ResponseWriter.Write",
	"ResponseWriter.Flush", "ResponseWriter.Hijack", "ReverseProxy.Rewrite", "ReverseProxy.ModifyResponse",
	"ReverseProxy.ErrorHandler", "ReverseProxy.BufferPool.Get", "ReverseProxy.ErrorLog", "proxy's Rewrite", "context.AfterFunc",
	"context.AfterFunc, cancelled by another request", "time.AfterFunc", "a timer that another request sets", "content.Read",
	"handler of /upgrade", "handler that hijacked", "handler of a websocket", "handler in TimeoutHandler",
	"h2c stream inside Middleware", "handler, before Middleware", "handler, after Middleware", "client conn.Read",
	"server conn.Read", "http2.Transport.CountError",
}

// An op is one kind of request.
type op struct {
	name, method, path string
	body               bool
	header             http.Header
	hasty              bool // may be cancelled or have a deadline
	unknown            bool // the answer is not the id
	upgrades           bool
	run                func(w *world, c client, r *http.Request) error
}

var ops = []op{
	{name: "get", path: "/echo"},
	{name: "hasty get", path: "/echo", hasty: true},
	{name: "post", method: "POST", path: "/echo", body: true},
	{name: "hasty post", method: "POST", path: "/slow", body: true, hasty: true},
	{name: "slow", path: "/slow", hasty: true},
	{name: "stream", path: "/stream", run: (*world).part},
	{name: "die", method: "PUT", path: "/die", body: true, header: http.Header{"Idempotency-Key": {"1"}}},
	{name: "get die", path: "/die"},
	{name: "boom", path: "/boom"},
	{name: "twice", path: "/twice"},
	{name: "hint", path: "/hint"},
	{name: "redirect", method: "POST", path: "/redirect", body: true},
	{name: "cookie", path: "/cookie"},
	{name: "ranges", path: "/content", header: http.Header{"Range": {"bytes=0-9,100-109"}}, unknown: true},
	{name: "content", path: "/content", unknown: true},
	{name: "unread", method: "POST", path: "/unread", body: true},
	{name: "continue", method: "POST", path: "/echo", body: true, header: http.Header{"Expect": {"100-continue"}}},
	{name: "ends", method: "POST", path: "/ends", body: true},
	{name: "timeout", path: "/timeout", unknown: true},
	{name: "bare", path: "/echo", header: http.Header{"Bare": {"1"}}},
	{name: "head", method: "HEAD", path: "/echo", unknown: true},
	{name: "upgrade", path: "/upgrade", upgrades: true, run: (*world).lines,
		header: http.Header{"Connection": {"Upgrade"}, "Upgrade": {"lines"}}},
	{name: "websocket", path: "/websocket", upgrades: true, run: (*world).messages},
}

// request makes one request as a client's code does: in a scope, with the id in a context and in a
// header.
func (w *world) request(c client, o op, id string) error {
	ctx := context.WithValue(context.Background(), idKey{}, id)
	if rand.IntN(2) == 0 {
		ctx = httptrace.WithClientTrace(ctx, w.trace(id))
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if o.hasty {
		switch rand.IntN(3) {
		case 0:
			ctx, cancel = context.WithTimeout(ctx, short())
			defer cancel()
		case 1:
			time.AfterFunc(short(), cancel)
		}
	}
	var content io.Reader
	if o.body {
		content = w.content(id)
	}
	r, err := http.NewRequestWithContext(ctx, o.method, c.base+o.path+"?id="+id, content)
	if err != nil {
		return err
	}
	if o.body && rand.IntN(3) > 0 {
		r.GetBody = func() (io.ReadCloser, error) {
			w.Check("GetBody", id)
			return w.content(id), nil
		}
	}
	for name, values := range o.header {
		r.Header[name] = values
	}
	r.Header.Set(mix.Header, id)
	if o.run != nil {
		err = o.run(w, c, r)
	} else {
		err = w.whole(c, r, o.unknown)
	}
	w.Must("a client's code", id)
	return err
}

func (w *world) content(id string) *body {
	return &body{w, "request body", id, strings.NewReader(strings.Repeat("x", 1+rand.IntN(1<<rand.IntN(18))))}
}

// whole reads the whole answer, which is the id.
func (w *world) whole(c client, r *http.Request, unknown bool) error {
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err == nil && resp.StatusCode == http.StatusOK && !unknown && string(text) != idOf(r.Context()) {
		w.Fault("the client of %q was answered %q", idOf(r.Context()), text)
	}
	return err
}

// part stops before the end of the answer.
func (w *world) part(c client, r *http.Request) error {
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	_, err = io.CopyN(io.Discard, resp.Body, int64(rand.IntN(100)))
	return err
}

// lines speaks the protocol that the server upgrades to.
func (w *world) lines(c client, r *http.Request) error {
	id := idOf(r.Context())
	resp, err := c.Do(r)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusSwitchingProtocols {
		return errors.New(resp.Status)
	}
	line := make([]byte, len(id)+1)
	for range 1 + rand.IntN(5) {
		if _, err := fmt.Fprintln(resp.Body.(io.Writer), id); err != nil {
			return err
		}
		if _, err := io.ReadFull(resp.Body, line); err != nil {
			return err
		}
		if string(line) != id+"\n" {
			w.Fault("the client of %q was sent %q", id, line)
		}
	}
	return nil
}

func (w *world) messages(c client, r *http.Request) error {
	id, ctx := idOf(r.Context()), r.Context()
	s, _, err := websocket.Dial(ctx, r.URL.String(), &websocket.DialOptions{
		HTTPClient: c.Client, HTTPHeader: r.Header,
		OnPongReceived: func(context.Context, []byte) { w.Check("websocket.OnPongReceived", id) },
	})
	if err != nil {
		return err
	}
	defer s.CloseNow()
	for range 1 + rand.IntN(5) {
		if err := s.Write(ctx, websocket.MessageText, []byte(id)); err != nil {
			return err
		}
		_, text, err := s.Read(ctx)
		if err != nil {
			return err
		}
		if string(text) != id {
			w.Fault("the client of %q was sent %q", id, text)
		}
	}
	return s.Close(websocket.StatusNormalClosure, "")
}
