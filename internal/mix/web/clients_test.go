package web_test

import (
	"context"
	"crypto/tls"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"syscall"
	"time"

	"golang.org/x/net/http2"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/mix"
)

// A client is one way to reach a server.
type client struct {
	*http.Client
	name string
	base string // the server's URL
	h1   bool   // can send an Upgrade
}

func (w *world) client(name string, transport http.RoundTripper, s *httptest.Server, h1 bool) {
	c := client{Client: &http.Client{
		Transport: roundTripper{w, transport},
		Jar:       jar{w},
		CheckRedirect: func(r *http.Request, _ []*http.Request) error {
			w.Must("CheckRedirect", idOf(r.Context()))
			return nil
		},
	}, name: name, h1: h1}
	// The resolver knows the name, and the certificate is valid for it.
	c.base = strings.Replace(s.URL, "127.0.0.1", "example.com", 1)
	w.clients = append(w.clients, c)
}

// CloseIdleConnections is for http.Client, which calls it.
func (t roundTripper) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// dial is a DialContext with a delay: some dials outlive the deadlines of the requests that asked
// for them, which another connection serves meanwhile.
func (w *world) dial(ctx context.Context, network, address string) (net.Conn, error) {
	w.Check("DialContext", idOf(ctx))
	if rand.IntN(3) == 0 {
		time.Sleep(2 * short())
	}
	d := &net.Dialer{Resolver: w.resolver(), FallbackDelay: time.Millisecond}
	d.ControlContext = func(ctx context.Context, _, _ string, _ syscall.RawConn) error {
		w.Check("net.Dialer.ControlContext", idOf(ctx))
		return nil
	}
	c, err := d.DialContext(ctx, network, address)
	w.Check("DialContext, at its end", idOf(ctx))
	if err != nil {
		return nil, err
	}
	return &conn{c, w, "client conn"}, nil
}

// transport returns a transport with all callbacks.
func (w *world) transport(config *tls.Config) *http.Transport {
	t := &http.Transport{
		DialContext:           w.dial,
		IdleConnTimeout:       time.Minute,
		ExpectContinueTimeout: time.Second,
		MaxIdleConnsPerHost:   3,
		Proxy: func(r *http.Request) (*url.URL, error) {
			w.Must("Transport.Proxy", idOf(r.Context()))
			return nil, nil
		},
		HTTP2: &http.HTTP2Config{CountError: func(string) { w.CheckHere("HTTP2Config.CountError, client") }},
	}
	if config != nil {
		t.TLSClientConfig = w.clientTLS(config)
	}
	return t
}

// certificates returns the configuration for the clients of a server.
func certificates(s *httptest.Server) *tls.Config {
	return s.Client().Transport.(*http.Transport).TLSClientConfig
}

// start makes the servers and the clients.
func (w *world) start() {
	plain := w.serve(w.Serve(w.site()), how{idle: time.Minute})
	deadly := w.serve(w.Serve(w.site()), how{idle: 3 * time.Millisecond, kills: true})
	secure := w.serve(w.Serve(w.site()), how{tls: true})
	second := w.serve(w.Serve(w.site()), how{tls: true, http2: true, idle: time.Minute})
	restless := w.serve(w.Serve(w.site()), how{tls: true, http2: true, kills: true, idle: 20 * time.Millisecond})
	cleartext := w.serve(w.Serve(w.site()), how{cleartext2: true})
	outside, inside := w.h2cOutside(), w.h2cInside()

	w.client("HTTP/1.1", w.transport(nil), plain, true)

	t := w.transport(nil)
	t.MaxConnsPerHost = 2
	w.client("HTTP/1.1, two connections", httpctx.Transport(t), plain, true)

	t = w.transport(nil)
	t.IdleConnTimeout = 2 * time.Millisecond
	w.client("HTTP/1.1, connections die", t, deadly, true)

	w.client("HTTP/1.1, TLS", w.transport(certificates(secure)), secure, true)

	t = w.transport(nil)
	config := w.clientTLS(certificates(secure))
	t.DialTLSContext = func(ctx context.Context, network, address string) (net.Conn, error) {
		w.Check("DialTLSContext", idOf(ctx))
		c, err := w.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		secured := tls.Client(c, config)
		if err := secured.HandshakeContext(ctx); err != nil {
			c.Close()
			return nil, err
		}
		w.Check("DialTLSContext, at its end", idOf(ctx))
		return secured, nil
	}
	w.client("HTTP/1.1, DialTLSContext", t, secure, true)

	t = w.transport(certificates(second))
	t.ForceAttemptHTTP2 = true
	w.client("HTTP/2", t, second, false)

	t = w.transport(certificates(restless))
	t.ForceAttemptHTTP2 = true
	t.IdleConnTimeout = 3 * time.Millisecond
	t.HTTP2.SendPingTimeout = 5 * time.Millisecond
	w.client("HTTP/2, connections die", t, restless, false)

	t = w.transport(nil)
	t.Protocols = new(http.Protocols)
	t.Protocols.SetUnencryptedHTTP2(true)
	w.client("HTTP/2 without TLS", t, cleartext, false)

	w.client("x/net/http2", &http2.Transport{
		TLSClientConfig: w.clientTLS(certificates(second)),
		IdleConnTimeout: time.Minute, ReadIdleTimeout: 5 * time.Millisecond, StrictMaxConcurrentStreams: true,
		CountError: func(string) { w.CheckHere("http2.Transport.CountError") },
		DialTLSContext: func(ctx context.Context, network, address string, config *tls.Config) (net.Conn, error) {
			c, err := w.dial(ctx, network, address)
			if err != nil {
				return nil, err
			}
			secured := tls.Client(c, config)
			return secured, secured.HandshakeContext(ctx)
		},
	}, second, false)
	for name, s := range map[string]*httptest.Server{"h2c outside of Middleware": outside, "h2c inside of Middleware": inside} {
		w.client(name, &http2.Transport{AllowHTTP: true, DialTLSContext: func(ctx context.Context, network, address string, _ *tls.Config) (net.Conn, error) {
			return w.dial(ctx, network, address)
		}}, s, false)
		w.client(name+", upgraded", upgrader{w}, s, false)
	}

	w.throughProxies(plain, secure, second)
}

func (w *world) throughProxies(plain, secure, second *httptest.Server) {
	proxy := w.forwardProxy(w.transport(nil))
	address, _ := url.Parse(proxy.URL)
	through := func(config *tls.Config) *http.Transport {
		t := w.transport(config)
		t.Proxy = func(r *http.Request) (*url.URL, error) {
			w.Must("Transport.Proxy", idOf(r.Context()))
			return address, nil
		}
		t.GetProxyConnectHeader = func(ctx context.Context, _ *url.URL, _ string) (http.Header, error) {
			w.Check("Transport.GetProxyConnectHeader", idOf(ctx))
			return http.Header{mix.Header: {idOf(ctx)}}, nil
		}
		t.OnProxyConnectResponse = func(ctx context.Context, _ *url.URL, _ *http.Request, _ *http.Response) error {
			w.Check("Transport.OnProxyConnectResponse", idOf(ctx))
			return nil
		}
		return t
	}
	for name, s := range map[string]*httptest.Server{"a proxy": plain, "CONNECT": secure} {
		var config *tls.Config
		if s.TLS != nil {
			config = certificates(s)
		}
		w.client(name, through(config), s, s == secure)
		// The proxy does not use the resolver.
		w.clients[len(w.clients)-1].base = s.URL
	}

	backend := w.transport(nil)
	backend.MaxConnsPerHost = 16
	reverse := w.reverseProxy(plain.URL, backend, time.Millisecond, how{})
	w.client("ReverseProxy", w.transport(nil), reverse, true)

	backend = w.transport(certificates(second))
	backend.ForceAttemptHTTP2 = true
	reverse = w.reverseProxy(second.URL, backend, -1, how{tls: true, http2: true})
	t := w.transport(certificates(reverse))
	t.ForceAttemptHTTP2 = true
	w.client("ReverseProxy, HTTP/2", t, reverse, false)
}
