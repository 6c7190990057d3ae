package httpctx_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A tripper is a RoundTripper that is a function.
type tripper func(r *http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// answer is a response without a server.
func answer(r *http.Request, body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK,
		Proto:      "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header:  make(http.Header),
		Body:    io.NopCloser(strings.NewReader(body)),
		Request: r,
	}
}

// outgoing returns a request as http.Get makes it.
func outgoing(t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	return r
}

// transported returns what Transport makes of a request.
func transported(t *testing.T, r *http.Request) (sent *http.Request) {
	t.Helper()
	response, err := httpctx.Transport(tripper(func(r *http.Request) (*http.Response, error) {
		sent = r
		return answer(r, ""), nil
	})).RoundTrip(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return sent
}

// incoming runs fn as the handler of a request with an id and a context that has a value and can be cancelled.
func incoming(fn func(c *httpctx.Context, cancel func())) {
	ctx, cancel := context.WithCancel(context.WithValue(context.Background(), incomingKey{}, "incoming"))
	defer cancel()
	r := newRequest("/", "X-Request-ID", "id-1").WithContext(ctx)
	httpctx.Run(httptest.NewRecorder(), r, func() { fn(httpctx.GetOrFail(), cancel) })
}

type incomingKey struct{}

func TestTransportAddsTheAmbientContext(t *testing.T) {
	incoming(func(c *httpctx.Context, _ func()) {
		sent := transported(t, outgoing(t, "http://x/"))
		assert.True(t, sent.Context() == c.Context())
		assert.Equal(t, []string{"id-1"}, sent.Header["X-Request-Id"])
		own, cancel := context.WithTimeout(context.Background(), time.Hour)
		defer cancel()
		gls.RunContext(own, func() {
			assert.True(t, transported(t, outgoing(t, "http://x/")).Context() == own, "the innermost")
		})
		inRequest(func(inner *httpctx.Context) {
			gls.RunContext(own, func() {
				sent := transported(t, outgoing(t, "http://x/"))
				assert.True(t, sent.Context() == own)
				assert.Equal(t, "id-1", sent.Header.Get("X-Request-ID"))
			})
		})
	})
}

func TestTransportExplicitContextWins(t *testing.T) {
	canceled, cancel := context.WithCancel(context.Background())
	defer cancel()
	timeout, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, ctx := range map[string]context.Context{
		"WithCancel":    canceled,
		"WithTimeout":   timeout,
		"WithValue":     context.WithValue(context.Background(), incomingKey{}, "explicit"),
		"TODO":          context.TODO(),
		"WithoutCancel": context.WithoutCancel(timeout),
		"uncomparable":  uncomparable{Context: context.Background()},
	} {
		incoming(func(*httpctx.Context, func()) {
			sent := transported(t, outgoing(t, "http://x/").WithContext(ctx))
			assert.Equal(t, ctx, sent.Context(), name)
			assert.NotEqual(t, "incoming", sent.Context().Value(incomingKey{}), name)
			assert.Equal(t, "id-1", sent.Header.Get("X-Request-ID"), "%s: the id is forwarded too", name)
		})
	}
}

// uncomparable is a context that == panics on.
type uncomparable struct {
	context.Context
	_ []int
}

// The request that is over had a context of a type that cannot be compared.
func TestTransportAfterARequestWithAnUncomparableContext(t *testing.T) {
	var over gls.Snapshot
	r := newRequest("/").WithContext(uncomparable{Context: t.Context()})
	httpctx.Run(httptest.NewRecorder(), r, func() { over = gls.Capture() })
	over.Run(func() {
		r := outgoing(t, "http://x/")
		assert.NotPanics(t, func() { assert.Same(t, r, transported(t, r)) })
	})
}

// http.Client hands a context of its own to its transport when it has a Timeout. One that the caller has given cannot
// be told from it if it is derived from Background by an earlier deadline alone: it keeps its deadline and
// cancellation, and has those of the ambient context too.
func TestTransportDeadlineAloneInAClientWithTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sent *http.Request
		client := &http.Client{Timeout: 2 * time.Hour, Transport: httpctx.Transport(tripper(
			func(r *http.Request) (*http.Response, error) {
				sent = r
				select {
				case <-r.Context().Done():
					return nil, r.Context().Err()
				case <-time.After(time.Second):
					return answer(r, ""), nil
				}
			}))}
		incoming(func(_ *httpctx.Context, cancel func()) {
			explicit, stop := context.WithTimeout(context.Background(), time.Hour)
			defer stop()
			response, err := client.Do(outgoing(t, "http://x/").WithContext(explicit))
			if assert.NoError(t, err) {
				response.Body.Close()
			}
			want, _ := explicit.Deadline()
			got, _ := sent.Context().Deadline()
			assert.Equal(t, want, got, "the caller's own deadline")

			time.AfterFunc(10*time.Millisecond, stop)
			_, err = client.Do(outgoing(t, "http://x/").WithContext(explicit))
			assert.ErrorIs(t, err, context.Canceled, "the caller's own cancellation")

			cancel()
			_, err = client.Get("http://x/")
			assert.ErrorIs(t, err, context.Canceled, "the ambient cancellation")
			httpctx.RunOutside(func() {
				response, err := client.Get("http://x/")
				if assert.NoError(t, err, "does not reach it there") {
					response.Body.Close()
				}
			})
		})
	})
}

// X-Request-ID is set unless it is, and never on the caller's request.
func TestTransportHeader(t *testing.T) {
	incoming(func(*httpctx.Context, func()) {
		for _, already := range []string{"mine", "", "not well-formed"} {
			r := outgoing(t, "http://x/")
			r.Header.Set("X-Request-ID", already)
			sent := transported(t, r)
			assert.Equal(t, []string{already}, sent.Header["X-Request-Id"])
		}
		r := outgoing(t, "http://x/")
		r.Header.Set("Other", "kept")
		ctx, header := r.Context(), r.Header
		sent := transported(t, r)
		assert.NotSame(t, r, sent)
		assert.Equal(t, http.Header{"Other": {"kept"}}, r.Header)
		assert.Equal(t, http.Header{"Other": {"kept"}, "X-Request-Id": {"id-1"}}, sent.Header)
		sent.Header.Set("Other", "changed")
		assert.Equal(t, "kept", header.Get("Other"))
		assert.True(t, ctx == r.Context())

		r = outgoing(t, "http://x/")
		r.Header = nil
		sent = transported(t, r)
		assert.Nil(t, r.Header)
		assert.Equal(t, "id-1", sent.Header.Get("X-Request-ID"))

		r = outgoing(t, "http://x/").WithContext(t.Context())
		transported(t, r)
		assert.Empty(t, r.Header)
	})
}

// Nothing is added where no request is being served: the very request goes on.
func TestTransportAddsNothing(t *testing.T) {
	same := func(where string) {
		r := outgoing(t, "http://x/")
		assert.Same(t, r, transported(t, r), where)
		assert.Empty(t, r.Header, where)
	}
	same("outside of a request")
	over, done := make(chan bool), make(chan bool)
	var captured, nested gls.Snapshot
	incoming(func(c *httpctx.Context, _ func()) {
		captured = gls.Capture()
		httpctx.RunOutside(func() {
			same("RunOutside")
			join(gls.Go, func() { same("gls.Go from RunOutside") })
			join(httpctx.GoDetached, func() { same("GoDetached from RunOutside") })
		})
		gls.Isolate(func() { same("isolated") })
		inner := newRequest("/").WithContext(c.Context())
		httpctx.Run(httptest.NewRecorder(), inner, func() { nested = gls.Capture() })
		nested.Run(func() { same("after a nested request") })
		gls.Go(func() {
			defer close(done)
			<-over
			same("after the request")
			join(gls.Go, func() { same("gls.Go after the request") })
			join(httpctx.GoDetached, func() { same("GoDetached after the request") })
		})
	})
	captured.Run(func() { same("captured") })
	close(over)
	<-done
}

// Detached work has the id and the values, and not the cancellation.
func TestTransportDetached(t *testing.T) {
	sent := make(chan *http.Request, 1)
	canceled := make(chan struct{})
	incoming(func(_ *httpctx.Context, cancel func()) {
		httpctx.GoDetached(func() {
			<-canceled
			sent <- transported(t, outgoing(t, "http://x/"))
		})
		cancel()
	})
	close(canceled)
	r := <-sent
	assert.Equal(t, "id-1", r.Header.Get("X-Request-ID"))
	assert.NoError(t, r.Context().Err())
	assert.Nil(t, r.Context().Done())
	assert.Equal(t, "incoming", r.Context().Value(incomingKey{}))
}

// A trace in the request's context sees the requests that are made with no context at all.
func TestTransportTrace(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Request-ID"))
	}))
	for _, timeout := range []time.Duration{0, time.Hour} {
		client := &http.Client{Transport: httpctx.Transport(s.Client().Transport), Timeout: timeout}
		var mu sync.Mutex
		connections := 0
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) {
			mu.Lock()
			defer mu.Unlock()
			connections++
		}})
		r := newRequest("/", "X-Request-ID", "id-9").WithContext(ctx)
		httpctx.Run(httptest.NewRecorder(), r, func() {
			response, err := client.Get(s.URL)
			if assert.NoError(t, err) {
				body, _ := io.ReadAll(response.Body)
				response.Body.Close()
				assert.Equal(t, "id-9", string(body))
			}
		})
		mu.Lock()
		assert.Equal(t, 1, connections, timeout)
		mu.Unlock()
	}
}

// Base nil is http.DefaultTransport.
func TestTransportBaseNil(t *testing.T) {
	before := http.DefaultTransport
	defer func() { http.DefaultTransport = before }()
	failure := errors.New("reached")
	http.DefaultTransport = tripper(func(*http.Request) (*http.Response, error) { return nil, failure })
	_, err := httpctx.Transport(nil).RoundTrip(outgoing(t, "http://x/"))
	assert.Equal(t, failure, err)
}

// A program whose http.Get is to carry the request says http.DefaultTransport = httpctx.Transport(nil).
func TestTransportAsDefault(t *testing.T) {
	if !again(t) {
		return
	}
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Request-ID"))
	}))
	http.DefaultTransport = httpctx.Transport(nil)
	incoming(func(*httpctx.Context, func()) {
		response, err := http.Get(s.URL)
		if assert.NoError(t, err) {
			body, _ := io.ReadAll(response.Body)
			response.Body.Close()
			assert.Equal(t, "id-1", string(body))
		}
	})
}

// closer counts.
type closer struct {
	tripper
	closed int
}

func (c *closer) CloseIdleConnections() { c.closed++ }

func TestTransportCloseIdleConnections(t *testing.T) {
	base := new(closer)
	client := &http.Client{Transport: httpctx.Transport(base)}
	client.CloseIdleConnections()
	assert.Equal(t, 1, base.closed)
	(&http.Client{Transport: httpctx.Transport(tripper(nil))}).CloseIdleConnections()
	(&http.Client{Transport: httpctx.Transport(nil)}).CloseIdleConnections()
	(&http.Client{Transport: httpctx.Transport(client.Transport)}).CloseIdleConnections()
	assert.Equal(t, 2, base.closed)
}
