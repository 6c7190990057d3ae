package routetest

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// Load sends adaptertest.Calls requests that are in their handlers at once, and as many again on
// the same connections.
func (p *Probe) Load(t *testing.T, h http.Handler) {
	t.Helper()
	adaptertest.Build(t)
	server, client := p.serve(t, h)
	const calls = adaptertest.Calls
	p.inside.Add(calls)
	p.crowd.Store(true)
	for round := range 2 {
		adaptertest.Each(calls, func(i int) {
			id := strconv.Itoa(round*calls + i)
			answer, err := p.call(client, server.URL, id)
			if assert.NoError(t, err) {
				p.tally.During("the answer", id, answer, true)
			}
		})
		p.crowd.Store(false)
	}
	p.end(t)
	p.verify(t, 2*calls)
}

// Faults sends, one after the other on one connection, requests that no route serves, requests that
// panic, and good ones. By default the framework answers the first two with 404 and 405, and
// recovers a panic with 500; bad makes other such requests.
func (p *Probe) Faults(t *testing.T, h http.Handler, bad ...func(client *http.Client, url string)) {
	t.Helper()
	adaptertest.Build(t)
	server, client := p.serve(t, h)
	const rounds = 50
	if len(bad) == 0 {
		bad = []func(*http.Client, string){
			status(t, http.MethodGet, "/nowhere", http.StatusNotFound),
			status(t, http.MethodPost, "/users/0", http.StatusMethodNotAllowed),
			status(t, http.MethodGet, "/panic", http.StatusInternalServerError),
		}
	}
	for i := range rounds {
		for _, bad := range bad {
			bad(client, server.URL)
			answer, err := p.call(client, server.URL, strconv.Itoa(i))
			assert.NoError(t, err)
			assert.Equal(t, strconv.Itoa(i), answer)
		}
	}
	p.end(t)
	p.verify(t, rounds)
}

// end tells the goroutines that outlive their requests that these are over. A client may have its
// answer, from a stream above all, before the handler has returned.
func (p *Probe) end(t *testing.T) {
	t.Helper()
	assert.Eventually(t, func() bool { return p.serving.Load() == 0 }, time.Minute, time.Millisecond, "handlers return")
	close(p.over)
}

// status makes a request and checks that its status is want.
func status(t *testing.T, method, path string, want int) func(client *http.Client, url string) {
	return func(client *http.Client, url string) {
		got, _, err := send(client, method, url+path, "bad")
		assert.NoError(t, err)
		assert.Equal(t, want, got, path)
	}
}

// serve runs h on a loopback port, with a client that keeps all connections.
func (p *Probe) serve(t *testing.T, h http.Handler) (*httptest.Server, *http.Client) {
	t.Helper()
	p.over = make(chan struct{})
	server := httptest.NewUnstartedServer(p.clean(h))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	transport := &http.Transport{MaxIdleConnsPerHost: adaptertest.Calls}
	if p.HTTP2 {
		transport.Protocols = new(http.Protocols)
		transport.Protocols.SetUnencryptedHTTP2(true)
		server.Config.Protocols = transport.Protocols
		server.Config.HTTP2 = &http.HTTP2Config{MaxConcurrentStreams: 2 * adaptertest.Calls}
	}
	server.Start()
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		server.Close()
	})
	return server, &http.Client{Transport: transport}
}

// clean looks at the goroutine that serves a connection, before and after each request, and counts
// the requests that are in their handlers.
func (p *Probe) clean(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.serving.Add(1)
		defer p.serving.Add(-1)
		check := func() {
			p.dirty.After("a connection's goroutine", "", "a frame", gls.Capture() != gls.Snapshot{})
		}
		check()
		defer check()
		next.ServeHTTP(w, r)
	})
}

func (p *Probe) call(client *http.Client, url, id string) (string, error) {
	if p.Call != nil {
		return p.Call(client, url, id)
	}
	status, answer, err := send(client, http.MethodGet, url+"/users/"+id, id)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d: %s", status, answer)
	}
	return answer, err
}

func send(client *http.Client, method, url, id string) (status int, answer string, err error) {
	r, err := http.NewRequest(method, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	SetID(r.Header, id)
	response, err := client.Do(r)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return response.StatusCode, string(body), err
}
