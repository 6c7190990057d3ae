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
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

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
