package web_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/textproto"
	"net/url"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// The types of this file are parts of clients and servers that check the values they find in each
// call.

// A body is the content of a request or a response. It belongs to one request.
type body struct {
	w     *world
	place string
	id    string
	r     io.Reader
}

func (b *body) Read(p []byte) (int, error) {
	b.w.Check(b.place+".Read", b.id)
	return b.r.Read(p)
}

func (b *body) Close() error {
	b.w.Check(b.place+".Close", b.id)
	return nil
}

// Seek is for http.ServeContent, which has bodies of its own.
func (b *body) Seek(offset int64, whence int) (int64, error) {
	b.w.Check(b.place+".Seek", b.id)
	return b.r.(io.Seeker).Seek(offset, whence)
}

// A conn serves one request after the other.
type conn struct {
	net.Conn
	w     *world
	place string
}

func (c *conn) Read(p []byte) (int, error) {
	c.w.CheckHere(c.place + ".Read")
	return c.Conn.Read(p)
}

func (c *conn) Write(p []byte) (int, error) {
	c.w.CheckHere(c.place + ".Write")
	return c.Conn.Write(p)
}

func (c *conn) Close() error {
	c.w.CheckHere(c.place + ".Close")
	return c.Conn.Close()
}

func (c *conn) SetDeadline(t time.Time) error {
	c.w.CheckHere(c.place + ".SetDeadline")
	return c.Conn.SetDeadline(t)
}

func (c *conn) SetReadDeadline(t time.Time) error {
	c.w.CheckHere(c.place + ".SetReadDeadline")
	return c.Conn.SetReadDeadline(t)
}

func (c *conn) SetWriteDeadline(t time.Time) error {
	c.w.CheckHere(c.place + ".SetWriteDeadline")
	return c.Conn.SetWriteDeadline(t)
}

type listener struct {
	net.Listener
	w *world
}

func (l *listener) Accept() (net.Conn, error) {
	l.w.CheckHere("Listener.Accept")
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &conn{c, l.w, "server conn"}, nil
}

// A writer wraps the ResponseWriter of a handler.
type writer struct {
	http.ResponseWriter
	w  *world
	id string
}

func (w *writer) Header() http.Header {
	w.w.Check("ResponseWriter.Header", w.id)
	return w.ResponseWriter.Header()
}

func (w *writer) Write(p []byte) (int, error) {
	w.w.Check("ResponseWriter.Write", w.id)
	return w.ResponseWriter.Write(p)
}

func (w *writer) WriteHeader(code int) {
	w.w.Check("ResponseWriter.WriteHeader", w.id)
	w.ResponseWriter.WriteHeader(code)
}

func (w *writer) Flush() {
	w.w.Check("ResponseWriter.Flush", w.id)
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *writer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.w.Check("ResponseWriter.Hijack", w.id)
	return http.NewResponseController(w.ResponseWriter).Hijack()
}

func (w *writer) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// A roundTripper wraps a transport.
type roundTripper struct {
	w    *world
	base http.RoundTripper
}

func (t roundTripper) RoundTrip(r *http.Request) (*http.Response, error) {
	t.w.Check("RoundTripper", idOf(r.Context()))
	resp, err := t.base.RoundTrip(r)
	t.w.Check("RoundTripper, after", idOf(r.Context()))
	return resp, err
}

// A jar keeps no cookies.
type jar struct{ w *world }

func (j jar) SetCookies(u *url.URL, _ []*http.Cookie) {
	j.w.Must("CookieJar.SetCookies", u.Query().Get("id"))
}

func (j jar) Cookies(u *url.URL) []*http.Cookie {
	j.w.Must("CookieJar.Cookies", u.Query().Get("id"))
	return []*http.Cookie{{Name: "id", Value: u.Query().Get("id")}}
}

// A here is an io.Writer, and more, for callbacks that do not know their request.
type here struct {
	w     *world
	place string
}

func (h here) Write(p []byte) (int, error) {
	h.w.CheckHere(h.place)
	return len(p), nil
}

// sessions is a cache of TLS sessions.
type sessions struct {
	w *world
	tls.ClientSessionCache
}

func (s sessions) Get(key string) (*tls.ClientSessionState, bool) {
	s.w.CheckHere("tls.ClientSessionCache.Get")
	return s.ClientSessionCache.Get(key)
}

func (s sessions) Put(key string, state *tls.ClientSessionState) {
	s.w.CheckHere("tls.ClientSessionCache.Put")
	s.ClientSessionCache.Put(key, state)
}

// trace returns the httptrace hooks of a request.
func (w *world) trace(id string) *httptrace.ClientTrace {
	see := func(hook string) { w.Check("httptrace."+hook, id) }
	return &httptrace.ClientTrace{
		GetConn:              func(string) { see("GetConn") },
		GotConn:              func(httptrace.GotConnInfo) { see("GotConn") },
		PutIdleConn:          func(error) { see("PutIdleConn") },
		GotFirstResponseByte: func() { see("GotFirstResponseByte") },
		Got100Continue:       func() { see("Got100Continue") },
		Got1xxResponse:       func(int, textproto.MIMEHeader) error { see("Got1xxResponse"); return nil },
		DNSStart:             func(httptrace.DNSStartInfo) { see("DNSStart") },
		DNSDone:              func(httptrace.DNSDoneInfo) { see("DNSDone") },
		ConnectStart:         func(string, string) { see("ConnectStart") },
		ConnectDone:          func(string, string, error) { see("ConnectDone") },
		TLSHandshakeStart:    func() { see("TLSHandshakeStart") },
		TLSHandshakeDone:     func(tls.ConnectionState, error) { see("TLSHandshakeDone") },
		WroteHeaderField:     func(string, []string) { see("WroteHeaderField") },
		WroteHeaders:         func() { see("WroteHeaders") },
		Wait100Continue:      func() { see("Wait100Continue") },
		WroteRequest:         func(httptrace.WroteRequestInfo) { see("WroteRequest") },
	}
}

// A resolver answers all names with the loopback address.
func (w *world) resolver() *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		w.Check("Resolver.Dial", idOf(ctx))
		return &nameServer{w: w}, nil
	}}
}

// A nameServer is a connection to a name server, as for TCP: two bytes of length precede each
// message.
type nameServer struct {
	net.Conn // no other method is called
	w        *world
	answer   bytes.Buffer
}

func (n *nameServer) Write(p []byte) (int, error) {
	n.w.CheckHere("conn of a Resolver.Write")
	var question dnsmessage.Message
	if err := question.Unpack(p[2:]); err != nil {
		return 0, err
	}
	answer := dnsmessage.Message{Header: question.Header, Questions: question.Questions}
	answer.Response = true
	if q := question.Questions[0]; q.Type == dnsmessage.TypeA {
		answer.Answers = []dnsmessage.Resource{{
			Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class},
			Body:   &dnsmessage.AResource{A: [4]byte{127, 0, 0, 1}},
		}}
	}
	text, err := answer.Pack()
	if err != nil {
		return 0, err
	}
	n.answer.Write([]byte{byte(len(text) >> 8), byte(len(text))})
	n.answer.Write(text)
	return len(p), nil
}

func (n *nameServer) Read(p []byte) (int, error) {
	n.w.CheckHere("conn of a Resolver.Read")
	return n.answer.Read(p)
}

func (n *nameServer) Close() error                { return nil }
func (n *nameServer) SetDeadline(time.Time) error { return nil }
