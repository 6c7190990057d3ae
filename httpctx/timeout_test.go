package httpctx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// slowAndFast gives the handler little time for /slow and enough for /fast.
func slowAndFast(h http.Handler) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/slow", http.TimeoutHandler(h, 20*time.Millisecond, "too slow"))
	mux.Handle("/fast", http.TimeoutHandler(h, time.Minute, "too slow"))
	return mux
}

// Outside of http.TimeoutHandler the request is lost, and the error says how to put that right.
func TestRule6Outside(t *testing.T) {
	explicit(t)
	const detail = `^http\.TimeoutHandler runs its handler on another goroutine, started by ` +
		`net/http\.\(\*timeoutHandler\)\.ServeHTTP \(.*/server\.go:\d+\): put Middleware inside it$`
	var err, deep error
	hold, done := make(chan bool), make(chan bool)
	s := serve(t, httpctx.Middleware(slowAndFast(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Nil(t, current())
		if r.URL.Path == "/slow" {
			defer close(done)
			<-hold
		}
		err = why()
		func() { deep = why() }()
		_, _ = fmt.Fprint(w, panicOf(func() { httpctx.GetOrFail() }))
	}))))
	assert.Equal(t, "too slow", get(t, s.Client(), s.URL+"/slow"))
	close(hold)
	within(t, done)
	for range 2 {
		e := isOnly(t, err, httpctx.ErrLost, detail)
		require.NotNil(t, e.Cause, "also when the outer request is over")
		assert.True(t, strings.HasPrefix(e.Cause.StartedAt, "net/http."))
		isOnly(t, deep, httpctx.ErrLost, detail)
		assert.Equal(t, err.Error(), get(t, s.Client(), s.URL+"/fast"))
	}
}

// Inside it, the request is there, and goes on after the client has had its answer.
func TestRule6Inside(t *testing.T) {
	hold := make(chan bool)
	type seen struct {
		c, now            *httpctx.Context
		finished          bool
		direct, guarded   error
		cause             error
		ambient, deadline bool
	}
	results := make(chan seen, 1)
	s := serve(t, slowAndFast(middleware(func(w http.ResponseWriter, r *http.Request) {
		c := httpctx.GetOrFail()
		if r.URL.Path == "/fast" {
			_, _ = io.WriteString(c.Writer(), c.ID())
			return
		}
		<-hold
		e := seen{c: c, now: current(), finished: c.Finished()}
		_, e.direct = w.Write([]byte("x"))
		_, e.guarded = c.Writer().Write([]byte("x"))
		e.cause = gls.Context().Err()
		_, e.deadline = gls.Context().Deadline()
		e.ambient = gls.Context() == r.Context()
		results <- e
	})))
	for range 3 {
		assert.Equal(t, "fast", get(t, s.Client(), s.URL+"/fast", "X-Request-ID", "fast"))
		assert.Equal(t, "too slow", get(t, s.Client(), s.URL+"/slow", "X-Request-ID", "slow"))
		hold <- true
		e := within(t, results)
		assert.Equal(t, "slow", e.c.ID())
		assert.Same(t, e.c, e.now, "the handler has not returned")
		assert.False(t, e.finished)
		assert.ErrorIs(t, e.direct, http.ErrHandlerTimeout)
		assert.ErrorIs(t, e.guarded, http.ErrHandlerTimeout)
		assert.Error(t, e.cause, "the deadline is the ambient context's")
		assert.True(t, e.deadline && e.ambient)
		eventually(t, e.c.Finished, "it returns")
	}
}

// On both sides: the inner one is a request of its own, and the outer one is not disturbed.
func TestRule6BothSides(t *testing.T) {
	explicit(t)
	var outer, inner *httpctx.Context
	inside := middleware(func(http.ResponseWriter, *http.Request) { inner = httpctx.GetOrFail() })
	h := middleware(func(w http.ResponseWriter, r *http.Request) {
		outer = httpctx.GetOrFail()
		http.TimeoutHandler(inside, time.Minute, "").ServeHTTP(w, r)
		assert.Same(t, outer, current())
	})
	h.ServeHTTP(httptest.NewRecorder(), newRequest("/", "X-Request-ID", "id-1"))
	assert.NotSame(t, outer, inner)
	assert.Equal(t, "id-1", inner.ID(), "the client's id is in the request")
	h.ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	assert.NotEqual(t, outer.ID(), inner.ID(), "without one, each makes its own")
}

// A panic goes through the timeout handling.
func TestRule6Panic(t *testing.T) {
	var held *httpctx.Context
	h := http.TimeoutHandler(middleware(func(http.ResponseWriter, *http.Request) {
		held = httpctx.GetOrFail()
		panic("over")
	}), time.Minute, "")
	assert.Equal(t, "over", panicOf(func() { h.ServeHTTP(httptest.NewRecorder(), newRequest("/")) }))
	assert.True(t, held.Finished())
}
