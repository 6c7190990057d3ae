package httpctx_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
)

// The id goes to the hosts that are named, and to no other.
func TestForwardTo(t *testing.T) {
	for _, test := range []struct {
		host string
		yes  []string
		no   []string
	}{
		{
			"api.example.com",
			[]string{"http://api.example.com/", "https://API.example.com", "http://api.example.com:80/x", "https://api.example.com:443",
				"http://api.example.com./"},
			[]string{"http://example.com", "http://api.example.com:8080", "http://api.example.com:443", "https://api.example.com:80",
				"http://api.example.com.evil.net", "http://xapi.example.com", "http://evil.net/api.example.com",
				"http://api.example.com@evil.net/", "http://evil.net?api.example.com", "http://evil.net#api.example.com"},
		},
		{
			"*.Example.internal",
			[]string{"http://a.example.internal", "https://a.b.example.internal/"},
			[]string{"http://example.internal", "http://xexample.internal", "http://a.example.internal:8080", "http://.example.internal"},
		},
		{"*.example.internal:*", []string{"http://a.example.internal:1", "https://a.example.internal"}, []string{"http://example.internal:1"}},
		{"127.0.0.1:*", []string{"http://127.0.0.1", "http://127.0.0.1:8080"}, []string{"http://127.0.0.10", "http://[::1]"}},
		{"[::1]:8080", []string{"http://[::1]:8080"}, []string{"http://[::1]", "http://[::2]:8080"}},
		{"[::1]", []string{"http://[::1]"}, []string{"http://[::1]:8080"}},
		{"localhost:80", []string{"http://localhost", "http://localhost:80", "https://localhost:80"}, []string{"https://localhost"}},
		{"api.example.com.", []string{"http://api.example.com", "http://api.example.com./"}, []string{"http://api.example.co"}},
		{"*.example.com.", []string{"http://api.example.com"}, []string{"http://example.com", "http://xexample.com"}},
		{"github.com", []string{"http://GitHub.com"}, []string{"http://g\u0130thub.com", "http://gith\u0131b.com"}},
		{"b\u00fccher.example", []string{"http://b\u00fccher.example"}, []string{"http://bucher.example"}},
		{"*", []string{"http://x", "https://y:443"}, []string{"http://x:8080"}},
		{"*:*", []string{"http://x", "http://x:8080", "http://[::1]:1"}, nil},
	} {
		to := func(target string) string {
			var got string
			incoming(func(*httpctx.Context, func()) {
				base := tripper(func(r *http.Request) (*http.Response, error) {
					got = r.Header.Get("X-Request-ID")
					return answer(r, ""), nil
				})
				response, err := httpctx.Transport(base, httpctx.ForwardTo(test.host)).RoundTrip(outgoing(t, target))
				require.NoError(t, err)
				response.Body.Close()
			})
			return got
		}
		for _, target := range test.yes {
			assert.Equal(t, "id-1", to(target), "%s to %s", test.host, target)
		}
		for _, target := range test.no {
			assert.Empty(t, to(target), "%s to %s", test.host, target)
		}
	}
}

// What else Transport does stays: the context goes everywhere, an id of the request's own is left alone.
func TestForwardToLeavesTheRest(t *testing.T) {
	incoming(func(c *httpctx.Context, _ func()) {
		var sent *http.Request
		base := tripper(func(r *http.Request) (*http.Response, error) {
			sent = r
			return answer(r, ""), nil
		})
		send := func(r *http.Request, opts ...httpctx.TransportOption) {
			response, err := httpctx.Transport(base, opts...).RoundTrip(r)
			require.NoError(t, err)
			response.Body.Close()
		}
		send(outgoing(t, "http://elsewhere/"), httpctx.ForwardTo())
		assert.Empty(t, sent.Header, "to none")
		assert.Equal(t, c.Context(), sent.Context())
		own := outgoing(t, "http://elsewhere/")
		own.Header.Set("X-Request-ID", "own")
		send(own, httpctx.ForwardTo("x"))
		assert.Equal(t, "own", sent.Header.Get("X-Request-ID"))
		for _, host := range []string{"http://a/", "http://b/"} {
			send(outgoing(t, host), httpctx.ForwardTo("a"), httpctx.ForwardTo("b"))
			assert.Equal(t, "id-1", sent.Header.Get("X-Request-ID"), "they add up")
		}
		send(&http.Request{}, httpctx.ForwardTo("*:*"))
		assert.Empty(t, sent.Header)
	})
}

// A redirect to another host does not take the id there.
func TestForwardToAndRedirects(t *testing.T) {
	show := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, "id="+r.Header.Get("X-Request-ID"))
	})
	foreign := serve(t, show)
	home := serve(t, http.RedirectHandler(foreign.URL, http.StatusFound))
	u, err := url.Parse(home.URL)
	require.NoError(t, err)
	client := &http.Client{Transport: httpctx.Transport(nil, httpctx.ForwardTo(u.Host))}
	defer client.CloseIdleConnections()
	incoming(func(*httpctx.Context, func()) {
		assert.Equal(t, "id=", get(t, client, home.URL))
	})
}

// A host that is none is a mistake at the call.
func TestForwardToPanics(t *testing.T) {
	for _, host := range []string{
		"", "http://x", "x/path", "a.*.b", "*x", "*.", "x:", "x:y", "[::1", "::1", "u@x", "a b", ":80", "**", "x:80:90", "*:",
	} {
		want := fmt.Sprintf(`httpctx.ForwardTo: %q is no host: write it as "api.example.com", "*.example.internal" or "127.0.0.1:*"`, host)
		assert.Equal(t, want, panicOf(func() { httpctx.ForwardTo("good", host) }))
	}
	assert.Equal(t, "httpctx.Transport: nil option", panicOf(func() { httpctx.Transport(nil, nil) }))
}

// ForwardTo is about the host of the request, not about a proxy on the way. A proxy that tunnels does not see the id.
func TestForwardToThroughAProxy(t *testing.T) {
	var mu sync.Mutex
	var seen []string
	proxy := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		seen = append(seen, fmt.Sprint(r.Method, r.Header["X-Request-Id"]))
		mu.Unlock()
		if r.Method != http.MethodConnect {
			_, _ = io.WriteString(w, r.Header.Get("X-Request-ID"))
			return
		}
		up, err := net.Dial("tcp", r.Host)
		if !assert.NoError(t, err) {
			return
		}
		defer up.Close()
		w.WriteHeader(http.StatusOK)
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		go func() { _, _ = io.Copy(up, rw) }()
		_, _ = io.Copy(conn, up)
	}))
	address, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	target := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Request-ID"))
	}))
	t.Cleanup(target.Close)
	for _, c := range []struct{ forwardTo, url, want, seen string }{
		{"plain.example", "http://plain.example", "id-1", "GET[id-1]"},
		{"127.0.0.1:*", "http://plain.example", "", "GET[]"},
		{"127.0.0.1:*", target.URL, "id-1", "CONNECT[]"},
		{"plain.example", target.URL, "", "CONNECT[]"},
	} {
		base := target.Client().Transport.(*http.Transport).Clone()
		base.Proxy = http.ProxyURL(address)
		client := &http.Client{Transport: httpctx.Transport(base, httpctx.ForwardTo(c.forwardTo))}
		incoming(func(*httpctx.Context, func()) {
			assert.Equal(t, c.want, get(t, client, c.url), c.url)
		})
		client.CloseIdleConnections()
		mu.Lock()
		assert.Equal(t, []string{c.seen}, seen, c.url)
		seen = nil
		mu.Unlock()
	}
}
