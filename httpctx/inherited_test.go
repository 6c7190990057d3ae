package httpctx_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"runtime"
	"sync"
	"testing"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/testexec"
)

// The tests of this file are about programs built by ambient build: make test-inherited runs them.
func needsInheritance(t *testing.T) {
	t.Helper()
	if gls.Propagation() != gls.Inherited {
		t.Skip("a plain go statement does not propagate in this build")
	}
}

// A worker that a request starts by a plain go statement belongs to that request as long as it lasts, and to none
// after.
func TestInheritedWorkerOfAFinishedRequest(t *testing.T) {
	needsInheritance(t)
	jobs := make(chan func())
	defer close(jobs)
	var once sync.Once
	seen := make(chan error, 1)
	look := func() {
		_, err := httpctx.Lookup()
		seen <- err
	}
	handler := middleware(func(http.ResponseWriter, *http.Request) {
		once.Do(func() {
			go func() {
				for job := range jobs {
					job()
				}
			}()
		})
		jobs <- look
		err := <-seen
		_, live := httpctx.Get()
		assert.True(t, live)
		if err != nil {
			assert.ErrorIs(t, err, httpctx.ErrFinished, "the first request, and never this one")
		}
	})
	for range 3 {
		handler.ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	}
	jobs <- look
	assert.ErrorIs(t, <-seen, httpctx.ErrFinished)
}

// Handlers that call another server over one client leave nothing on its connection.
func TestInheritedRequestsOverOneClientAreCollected(t *testing.T) {
	needsInheritance(t)
	var upstream *httptest.Server
	gls.Isolate(func() {
		upstream = serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.RemoteAddr)
		}))
	})
	client := upstream.Client()
	var requests []weak.Pointer[httpctx.Context]
	connections := map[string]bool{}
	server := serve(t, middleware(func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		requests = append(requests, weak.Make(c))
		done := make(chan struct{})
		go func() {
			defer close(done)
			assert.Same(t, c, httpctx.GetOrFail(), "by a plain go statement")
		}()
		<-done
		from, err := fetch(client, upstream.URL)
		assert.NoError(t, err)
		connections[from] = true
		fmt.Fprint(w, from)
	}))
	for range 100 {
		_, err := fetch(server.Client(), server.URL)
		assert.NoError(t, err)
	}
	server.Client().CloseIdleConnections()
	server.Close()
	assert.Len(t, connections, 1)
	assert.Len(t, requests, 100)
	kept := 0
	for _, p := range requests {
		for range 200 {
			if testexec.Collect(); p.Value() == nil {
				break
			}
			time.Sleep(50 * time.Microsecond)
		}
		if p.Value() != nil {
			kept++
		}
	}
	assert.Zero(t, kept)
	runtime.KeepAlive(client)
}
