package httpctx_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
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

// clientTimeouts are the two ways in which a request without a context reaches a transport.
var clientTimeouts = map[string]time.Duration{"no Timeout": 0, "Timeout": time.Hour}

// The cancellation of the request that is served ends those that it makes.
func TestTransportEndsWithTheRequest(t *testing.T) {
	arrived := make(chan struct{}, 1)
	gone := make(chan struct{}, 1)
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/body" {
			w.WriteHeader(http.StatusOK)
			assert.NoError(t, http.NewResponseController(w).Flush())
		}
		arrived <- struct{}{}
		<-r.Context().Done()
		gone <- struct{}{}
	}))
	for name, timeout := range clientTimeouts {
		client := &http.Client{Transport: httpctx.Transport(s.Client().Transport), Timeout: timeout}
		t.Run("cancel, "+name, func(t *testing.T) {
			incoming(func(_ *httpctx.Context, cancel func()) {
				go func() {
					<-arrived
					cancel()
				}()
				_, err := client.Get(s.URL)
				assert.ErrorIs(t, err, context.Canceled)
			})
			within(t, gone)
		})
		t.Run("cancel while the body is read, "+name, func(t *testing.T) {
			incoming(func(_ *httpctx.Context, cancel func()) {
				response, err := client.Get(s.URL + "/body")
				require.NoError(t, err)
				defer response.Body.Close()
				<-arrived
				cancel()
				_, err = io.ReadAll(response.Body)
				assert.ErrorIs(t, err, context.Canceled)
			})
			within(t, gone)
		})
	}
	t.Run("not after RunOutside", func(t *testing.T) {
		incoming(func(_ *httpctx.Context, cancel func()) {
			cancel()
			for _, timeout := range clientTimeouts {
				httpctx.RunOutside(func() {
					client := &http.Client{Timeout: timeout, Transport: httpctx.Transport(tripper(
						func(r *http.Request) (*http.Response, error) {
							assert.NoError(t, r.Context().Err())
							return answer(r, ""), nil
						}))}
					response, err := client.Get("http://x/")
					if assert.NoError(t, err) {
						response.Body.Close()
					}
				})
			}
		})
	})
}

// waiting answers nothing, or a body without an end, until the request's context is done.
var waiting = tripper(func(r *http.Request) (*http.Response, error) {
	if r.URL.Path == "/body" {
		response := answer(r, "")
		response.Body = waitingBody{r.Context()}
		return response, nil
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
})

type waitingBody struct{ ctx context.Context }

func (b waitingBody) Read([]byte) (int, error) {
	<-b.ctx.Done()
	return 0, b.ctx.Err()
}

func (b waitingBody) Close() error { return nil }

// The earlier of two deadlines counts, that of the request that is served and the client's own Timeout, for the answer
// and for its body.
func TestTransportDeadline(t *testing.T) {
	const early = time.Minute
	for name, limit := range map[string]struct{ ambient, client time.Duration }{
		"the request's alone":    {early, 0},
		"the request's":          {early, time.Hour},
		"the client's":           {time.Hour, early},
		"the client's, no other": {0, early},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				client := &http.Client{Transport: httpctx.Transport(waiting), Timeout: limit.client}
				try := func(path string) {
					ctx, cancel := context.WithCancel(context.Background())
					if limit.ambient > 0 {
						ctx, cancel = context.WithTimeout(ctx, limit.ambient)
					}
					defer cancel()
					httpctx.Run(httptest.NewRecorder(), newRequest("/").WithContext(ctx), func() {
						began := time.Now()
						response, err := client.Get("http://x" + path)
						if path == "/body" {
							require.NoError(t, err)
							_, err = io.ReadAll(response.Body)
							response.Body.Close()
						}
						var timeout net.Error
						assert.True(t, errors.As(err, &timeout) && timeout.Timeout(), "%v", err)
						assert.ErrorIs(t, err, context.DeadlineExceeded)
						assert.Equal(t, early, time.Since(began), path)
					})
				}
				try("/")
				try("/body")
			})
		})
	}
}

// What a client with a Timeout sends has the ambient values, the client's deadline, and ends with its body.
func TestTransportClientTimeout(t *testing.T) {
	var sent *http.Request
	body := &closingBody{err: errors.New("closing")}
	failure := errors.New("no answer")
	client := &http.Client{Timeout: time.Hour, Transport: httpctx.Transport(tripper(
		func(r *http.Request) (*http.Response, error) {
			sent = r
			if r.URL.Path == "/fail" {
				return nil, failure
			}
			response := answer(r, "")
			response.Body = body
			return response, nil
		}))}
	incoming(func(*httpctx.Context, func()) {
		response, err := client.Get("http://x/")
		require.NoError(t, err)
		assert.Equal(t, "incoming", sent.Context().Value(incomingKey{}))
		deadline, ok := sent.Context().Deadline()
		assert.True(t, ok)
		assert.InDelta(t, time.Hour, time.Until(deadline), float64(time.Minute))
		all, err := io.ReadAll(response.Body)
		assert.NoError(t, err)
		assert.Equal(t, "body", string(all))
		assert.NoError(t, sent.Context().Err())
		assert.Equal(t, body.err, response.Body.Close(), "its error is the body's")
		assert.Equal(t, 1, body.closed)
		assert.ErrorIs(t, sent.Context().Err(), context.Canceled, "nothing is kept until the deadline")

		_, err = client.Get("http://x/fail")
		assert.ErrorIs(t, err, failure)
		assert.ErrorIs(t, sent.Context().Err(), context.Canceled)
	})
	// Outside of a request the client's context is what it was.
	response, err := client.Get("http://x/")
	require.NoError(t, err)
	response.Body.Close()
	assert.Nil(t, sent.Context().Value(incomingKey{}))
}

type closingBody struct {
	sent   bool
	closed int
	err    error
}

func (b *closingBody) Read(p []byte) (int, error) {
	if b.sent {
		return 0, io.EOF
	}
	b.sent = true
	return copy(p, "body"), nil
}

func (b *closingBody) Close() error {
	b.closed++
	return b.err
}

// RoundTrippers in the wild, mostly in tests, give a nil Body or nothing at all. http.Client copes with both.
func TestTransportWithACarelessBase(t *testing.T) {
	for name, timeout := range clientTimeouts {
		incoming(func(*httpctx.Context, func()) {
			client := &http.Client{Timeout: timeout, Transport: httpctx.Transport(tripper(
				func(*http.Request) (*http.Response, error) {
					return &http.Response{StatusCode: http.StatusNoContent}, nil
				}))}
			assert.NotPanics(t, func() {
				response, err := client.Get("http://x/")
				if assert.NoError(t, err, name) {
					all, err := io.ReadAll(response.Body)
					assert.NoError(t, err, name)
					assert.Empty(t, all, name)
					assert.NoError(t, response.Body.Close(), name)
				}
			}, "nil Body, %s", name)
			client.Transport = httpctx.Transport(tripper(
				func(*http.Request) (*http.Response, error) { return nil, nil }))
			assert.NotPanics(t, func() {
				_, err := client.Get("http://x/")
				assert.ErrorContains(t, err, "nil *Response", name)
			}, "nil Response, %s", name)
		})
	}
}

// Each hop of a redirect carries the id and the deadline; the policy runs inside the request.
func TestTransportRedirects(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hop := r.URL.Query().Get("hop") + r.Header.Get("X-Request-ID") + ","
		if len(hop) < 15 {
			http.Redirect(w, r, "/?hop="+hop, http.StatusFound)
			return
		}
		fmt.Fprint(w, hop)
	}))
	for name, timeout := range clientTimeouts {
		incoming(func(c *httpctx.Context, _ func()) {
			policies := 0
			client := &http.Client{
				Transport: httpctx.Transport(s.Client().Transport), Timeout: timeout,
				CheckRedirect: func(*http.Request, []*http.Request) error {
					policies++
					assert.Same(t, c, current())
					return nil
				},
			}
			r := outgoing(t, s.URL)
			response, err := client.Do(r)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			assert.NoError(t, err)
			response.Body.Close()
			assert.Equal(t, "id-1,id-1,id-1,", string(body), name)
			assert.Equal(t, 2, policies)
			assert.Empty(t, r.Header)
		})
	}
}

// One client, many requests at once: each forwards its own id.
func TestTransportConcurrently(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.Header.Get("X-Request-ID"))
	}))
	for _, timeout := range clientTimeouts {
		client := &http.Client{Transport: httpctx.Transport(s.Client().Transport), Timeout: timeout}
		var group gls.WaitGroup
		for i := range 40 {
			id := fmt.Sprint("id-", i)
			group.Go(func() {
				httpctx.Run(httptest.NewRecorder(), newRequest("/", "X-Request-ID", id), func() {
					for range 5 {
						if got, err := fetch(client, s.URL); err != nil || got != id {
							t.Errorf("%q %v instead of %q", got, err, id)
						}
					}
				})
			})
		}
		group.Wait()
	}
}

// One *http.Request may be sent by several goroutines at once when it has no body.
func TestTransportSharesARequest(t *testing.T) {
	r := outgoing(t, "http://x/")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			id := fmt.Sprint("id-", i)
			httpctx.Run(httptest.NewRecorder(), newRequest("/", "X-Request-ID", id), func() {
				if got := transported(t, r).Header.Get("X-Request-ID"); got != id {
					t.Errorf("%s instead of %s", got, id)
				}
			})
		})
	}
	group.Wait()
	assert.Empty(t, r.Header)
}

// After 101 Switching Protocols the body is the connection.
func TestTransportUpgrade(t *testing.T) {
	s := serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		conn, rw, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		defer conn.Close()
		fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
		rw.Flush()
		line, err := rw.ReadString('\n')
		assert.NoError(t, err)
		fmt.Fprint(rw, "echo ", line)
		rw.Flush()
	}))
	deadline, cancel := context.WithTimeout(context.Background(), time.Hour)
	defer cancel()
	for name, prepare := range map[string]func(r *http.Request) *http.Request{
		"http.Get style": func(r *http.Request) *http.Request { return r },
		"explicit":       func(r *http.Request) *http.Request { return r.WithContext(deadline) },
		"as of a client with a Timeout": func(r *http.Request) *http.Request {
			r = r.WithContext(deadline)
			r.Cancel = make(chan struct{}) //nolint:staticcheck // as http.Client does
			return r
		},
	} {
		incoming(func(*httpctx.Context, func()) {
			r := prepare(outgoing(t, s.URL))
			r.Header.Set("Connection", "Upgrade")
			r.Header.Set("Upgrade", "echo")
			response, err := httpctx.Transport(s.Client().Transport).RoundTrip(r)
			require.NoError(t, err, name)
			require.Equal(t, http.StatusSwitchingProtocols, response.StatusCode)
			conn, ok := response.Body.(io.ReadWriteCloser)
			require.True(t, ok, name)
			_, err = io.WriteString(conn, "hello\n")
			assert.NoError(t, err, name)
			line, err := bufio.NewReader(conn).ReadString('\n')
			assert.NoError(t, err, name)
			assert.Equal(t, "echo hello\n", line, name)
			assert.NoError(t, conn.Close(), name)
		})
	}
}
