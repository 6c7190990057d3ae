package adaptertest

import (
	"context"
	"io"
	"net"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Requests serves Calls requests on loopback by the middleware around serve, and returns when all
// have ended. Each has an identity of its own: serve gets it, and it is the X-Request-ID and, after
// a slash, the path. No serve begins before all requests have come.
func Requests(t *testing.T, middleware func(http.Handler) http.Handler, serve func(r *http.Request, want string)) {
	t.Helper()
	var inside sync.WaitGroup
	inside.Add(Calls)
	handler := middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		inside.Done()
		inside.Wait()
		serve(r, r.URL.Path[1:])
	}))
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Minute}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	Each(Calls, func(i int) {
		id := "id-" + strconv.Itoa(i)
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet,
			"http://"+listener.Addr().String()+"/"+id, http.NoBody)
		assert.NoError(t, err)
		r.Header.Set("X-Request-ID", id)
		response, err := http.DefaultTransport.RoundTrip(r)
		if !assert.NoError(t, err) {
			inside.Done() // the others do not wait for it
			return
		}
		_, err = io.Copy(io.Discard, response.Body)
		assert.NoError(t, err)
		assert.NoError(t, response.Body.Close())
	})
	require.NoError(t, server.Shutdown(context.Background())) // when the last handler has returned
	require.ErrorIs(t, <-served, http.ErrServerClosed)
}
