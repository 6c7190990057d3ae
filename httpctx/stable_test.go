package httpctx_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A recycler makes strings of memory that it overwrites when the request is over, as fasthttp does for fiber.
type recycler struct{ buffers [][]byte }

func (m *recycler) string(s string) string {
	if s == "" {
		return ""
	}
	b := []byte(s)
	m.buffers = append(m.buffers, b)
	return unsafe.String(&b[0], len(b))
}

func (m *recycler) recycle() {
	for _, b := range m.buffers {
		for i := range b {
			b[i] = '!'
		}
	}
}

// request returns a request for PURGE /users/ada whose strings are all recycled.
func (m *recycler) request() *http.Request {
	r := &http.Request{
		Method: m.string("PURGE"), Proto: m.string("HTTP/1.1"), ProtoMajor: 1, ProtoMinor: 1,
		Host: m.string("ada.example.com"), RemoteAddr: m.string("192.0.2.1:7"),
		RequestURI: m.string("/users/ada?q=ada"), Pattern: m.string("/users/{id}/{rest...}"),
		URL: &url.URL{
			Scheme: m.string("http"), Host: m.string("ada.example.com"), Path: m.string("/users/ada"),
			RawPath: m.string("/users/ada"), RawQuery: m.string("q=ada"),
			User: url.UserPassword(m.string("ada"), m.string("secret")),
		},
		Header: http.Header{
			"X-Request-Id":      {m.string("id-ada")},
			m.string("X-User"):  {m.string("ada")},
			m.string("X-Users"): {m.string("ada"), m.string("ada")},
		},
		Trailer:          http.Header{m.string("X-Late"): {m.string("ada")}},
		Form:             url.Values{m.string("q"): {m.string("ada")}},
		TransferEncoding: []string{m.string("chunked")},
		Body:             http.NoBody,
	}
	r.SetPathValue("id", m.string("ada"))
	r.SetPathValue("rest", m.string("of ada"))
	return r
}

// A keepingHandler keeps records, as one that writes them on a goroutine of its own.
type keepingHandler struct {
	nopHandler
	kept *[]slog.Record
}

func (h keepingHandler) Handle(_ context.Context, r slog.Record) error {
	*h.kept = append(*h.kept, r.Clone())
	return nil
}

// What a Context keeps does not change with the memory that a framework made the request of.
func TestRequestOfRecycledMemory(t *testing.T) {
	for what, ids := range map[string][]httpctx.Option{
		"the client's id": nil,
		"WithRequestID": {httpctx.WithRequestID(func(r *http.Request) string {
			return r.Header.Get("X-Request-ID")
		})},
	} {
		t.Run(what, func(t *testing.T) {
			var (
				m       recycler
				held    *httpctx.Context
				over    gls.Snapshot
				records []slog.Record
				logged  slog.Value
			)
			ask, done := make(chan bool), make(chan struct{})
			httpctx.Run(httptest.NewRecorder(), m.request(), func() {
				held, over = httpctx.GetOrFail(), gls.Capture()
				slog.New(httpctx.LogHandler(keepingHandler{kept: &records})).Info("m")
				logged = held.LogValue()
				httpctx.GoDetached(func() {
					defer close(done)
					<-ask
					c := httpctx.GetOrFail()
					r := c.Request()
					assert.Equal(t, "id-ada", c.ID())
					assert.Equal(t, "ada", c.Param("id"))
					assert.Equal(t, "of ada", c.Param("rest"))
					assert.Equal(t, "PURGE", r.Method)
					all := fmt.Sprint(r.Method, r.Proto, r.Host, r.RemoteAddr, r.RequestURI, r.Pattern, *r.URL, r.URL.User,
						r.URL.String(), r.Header, r.Trailer, r.Form, r.TransferEncoding, c.LogValue())
					assert.NotContains(t, all, "!")
					assert.Equal(t, []string{"ada", "ada"}, r.Header["X-Users"])
					join(httpctx.GoDetached, func() { assert.Equal(t, "id-ada", httpctx.GetOrFail().ID()) })
				})
			}, ids...)
			m.recycle()
			close(ask)
			within(t, done)
			assert.Equal(t, "id-ada", held.ID())
			assert.Contains(t, fmt.Sprint(held.LogValue()), "[request_id=id-ada method=PURGE path=/users/ada")
			assert.Contains(t, fmt.Sprint(logged), "[request_id=id-ada method=PURGE path=/users/ada")
			over.Run(func() { assert.ErrorContains(t, why(), "PURGE /users/ada, request id id-ada") })
			records[0].Attrs(func(a slog.Attr) bool {
				if a.Key != "pattern" {
					assert.NotContains(t, a.Value.String(), "!", a.Key)
				}
				return true
			})
		})
	}
}

// A goroutine that detaches work when the handler ends has a whole copy of the request, or none.
func TestDetachedAtTheEndOfARequestOfRecycledMemory(t *testing.T) {
	for range 200 {
		var m recycler
		done := make(chan struct{})
		httpctx.Run(httptest.NewRecorder(), m.request(), func() {
			started := make(chan struct{})
			gls.Go(func() {
				defer close(done)
				close(started)
				for range 20 {
					join(httpctx.GoDetached, func() {
						c, ok := httpctx.Get()
						if !ok {
							return
						}
						r := c.Request()
						assert.NotContains(t, fmt.Sprint(r.Method, r.Host, *r.URL, r.Header, r.Form, c.Param("rest")), "!")
					})
				}
			})
			<-started
		})
		m.recycle()
		<-done
	}
}

// The strings of net/http's server are kept as they are, with whatever stands between it and the Middleware.
func TestRequestOfTheServerIsNotCopied(t *testing.T) {
	pathOf := func(c *httpctx.Context) (path string) {
		for _, a := range c.LogValue().Group() {
			if a.Key == "path" {
				path = a.Value.String()
			}
		}
		return path
	}
	type wrapper struct{ http.ResponseWriter }
	handle := middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		same := unsafe.StringData(r.URL.Path) == unsafe.StringData(pathOf(c)) &&
			unsafe.StringData(r.Header.Get("X-Request-Id")) == unsafe.StringData(c.ID())
		fmt.Fprint(w, same)
	})
	for _, serve := range []func(testing.TB, http.Handler) *httptest.Server{serve, serveHTTP2} {
		s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.HasPrefix(r.URL.Path, "/wrapped") {
				w = wrapper{w}
			}
			handle.ServeHTTP(w, r)
		}))
		for range 2 {
			assert.Equal(t, "true", get(t, s.Client(), s.URL+"/direct/1", "X-Request-ID", "id"))
			assert.Equal(t, "true", get(t, s.Client(), s.URL+"/wrapped/1", "X-Request-ID", "id"))
		}
	}
}

// What is logged of a request is what the Middleware got, whatever happens to the request in place.
func TestLogValueOfAChangedRequest(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	httpctx.Run(httptest.NewRecorder(), newRequest("/before", "X-Request-ID", "id-1"), func() {
		httpctx.GetOrFail().Request().URL.Path = "/after"
		l.Info("m")
	})
	assert.Contains(t, out.String(), `"path":"/before"`)
}
