package adapt_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/internal/adapt"
)

// A response is a framework's. It notes in which order it is changed.
type response struct{ bytes.Buffer }

func (r *response) SetStatusCode(status int) { fmt.Fprint(r, status, ";") }
func (r *response) Add(name, value string)   { fmt.Fprint(r, "+", name, "=", value, ";") }
func (r *response) Del(name string)          { fmt.Fprint(r, "-", name, ";") }
func (r *response) Peek(string) []byte       { return nil }

// request returns a request, and overwrites what it was made of.
func request(ctx context.Context, length int64) *http.Request {
	memory := []byte("GET" + "/a?b=c" + "example.com" + "x-id" + "id-1")
	head := adapt.NewHead(memory[:3], memory[3:9], "HTTP/1.0", memory[9:20], nil)
	head.Field(memory[20:24], memory[24:])
	r := head.Request(ctx, length, nil)
	clear(memory)
	return r
}

func TestServe(t *testing.T) {
	for name, test := range map[string]struct {
		write func(w http.ResponseWriter)
		want  string
	}{
		"nothing":    {func(http.ResponseWriter) {}, ""},
		"a field":    {func(w http.ResponseWriter) { w.Header().Set("A", "1") }, "-A;+A=1;"},
		"a status":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot) }, "418;"},
		"a body":     {func(w http.ResponseWriter) { _, _ = io.WriteString(w, "b") }, "b"},
		"too late":   {func(w http.ResponseWriter) { w.WriteHeader(http.StatusTeapot); w.Header().Set("A", "1") }, "418;"},
		"a deletion": {func(w http.ResponseWriter) { w.Header()["A"] = nil }, "-A;"},
		"two of all": {func(w http.ResponseWriter) { w.WriteHeader(http.StatusGone); w.WriteHeader(http.StatusTeapot) }, "410;"},
		"early hints": {func(w http.ResponseWriter) {
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusSwitchingProtocols)
		}, "101;"},
	} {
		t.Run(name, func(t *testing.T) {
			var to response
			var w http.ResponseWriter
			r := request(context.Background(), 0)
			adapt.New(nil).Serve(r, &to, &to, func(given *http.Request) {
				assert.Same(t, r, given)
				w = httpctx.GetOrFail().Writer()
				test.write(w)
			})
			assert.Equal(t, test.want, to.String())
			_, err := io.WriteString(w, "late")
			assert.ErrorIs(t, err, httpctx.ErrFinished)
		})
	}
}

// A head is a framework's, too. It does what it is told.
type head struct {
	http.Header
	status int
}

func (h *head) SetStatusCode(status int) { h.status = status }
func (h *head) Peek(name string) []byte {
	if values := h.Values(name); len(values) > 0 {
		return []byte(values[0])
	}
	return nil
}

// The framework's handlers get the id of WithResponseHeader in the response, and can change it there and by the Writer. It
// is there for whoever recovers a panic, and again if the framework has reset the response.
func TestResponseHeaderIsTheFrameworks(t *testing.T) {
	for name, test := range map[string]struct {
		handle func(t *testing.T, h *head)
		want   []string
	}{
		"left":      {func(*testing.T, *head) {}, []string{"id-1"}},
		"seen":      {func(t *testing.T, h *head) { t.Helper(); assert.Equal(t, "id-1", h.Get("X-Request-ID")) }, []string{"id-1"}},
		"changed":   {func(_ *testing.T, h *head) { h.Set("X-Request-ID", "mine") }, []string{"mine"}},
		"reset":     {func(_ *testing.T, h *head) { clear(h.Header) }, []string{"id-1"}},
		"by Writer": {func(*testing.T, *head) { written().Set("X-Request-ID", "mine") }, []string{"mine"}},
		"deleted":   {func(*testing.T, *head) { written().Del("X-Request-ID") }, nil},
		"written": {func(t *testing.T, h *head) {
			t.Helper()
			httpctx.GetOrFail().Writer().WriteHeader(http.StatusTeapot)
			h.Set("X-Request-ID", "mine")
			assert.Equal(t, "id-1", written().Get("X-Request-ID"))
		}, []string{"mine"}},
		"panic": {func(*testing.T, *head) { panic("over") }, []string{"id-1"}},
	} {
		t.Run(name, func(t *testing.T) {
			h := &head{Header: http.Header{"X-Request-Id": {"of a handler in front"}}}
			r := request(context.Background(), 0)
			r.Header.Set("X-Request-ID", "id-1")
			func() {
				defer func() { assert.Equal(t, name == "panic", recover() != nil) }()
				adapt.New([]httpctx.Option{httpctx.WithResponseHeader()}).Serve(r, h, io.Discard, func(*http.Request) { test.handle(t, h) })
			}()
			assert.Equal(t, test.want, h.Values("X-Request-ID"))
		})
	}
}

func written() http.Header { return httpctx.GetOrFail().Writer().Header() }

func TestRequestIsMadeOfCopies(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	r := request(ctx, -2)
	assert.Equal(t, ctx, r.Context())
	assert.Equal(t, "GET /a?b=c HTTP/1.0 example.com", r.Method+" "+r.URL.String()+" "+r.Proto+" "+r.Host)
	assert.False(t, r.ProtoAtLeast(1, 1))
	assert.Equal(t, http.Header{"X-Id": {"id-1"}}, r.Header)
	assert.Empty(t, r.RemoteAddr)
	assert.Zero(t, r.ContentLength)
	assert.EqualValues(t, -1, request(ctx, -1).ContentLength)
}
