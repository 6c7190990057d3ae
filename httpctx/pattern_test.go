package httpctx_test

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/httpctx"
)

// patternOf is the pattern that a Context logs on the running goroutine.
func patternOf(c *httpctx.Context) string {
	for _, a := range c.LogValue().Group() {
		if a.Key == "pattern" {
			return a.Value.String()
		}
	}
	return ""
}

const pattern = "GET /posts/{id}"

// serveAside serves /posts/1 on a goroutine of its own.
func serveAside(h http.Handler) (served chan struct{}) {
	served = make(chan struct{})
	go func() {
		defer close(served)
		h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/posts/1", http.NoBody))
	}()
	return served
}

// While a ServeMux routes the request, another goroutine logs its Context, with nothing to order the two but what
// httpctx has. The race detector watches.
func TestLogValueElsewhereDuringTheRequest(t *testing.T) {
	quiet := slog.New(httpctx.LogHandler(slog.NewTextHandler(t.Output(), nil)))
	tests := []struct {
		name string
		act  func() // in the handler
		want string
	}{
		{"after Param", func() { httpctx.GetOrFail().Param("id") }, pattern},
		{"after Pattern", func() { httpctx.GetOrFail().Pattern() }, pattern},
		{"after a log line", func() { quiet.Info("hello") }, pattern},
		{"nobody knows", func() {}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			made, release := make(chan *httpctx.Context, 1), make(chan struct{})
			mux := http.NewServeMux()
			mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
				test.act()
				<-release
			})
			served := serveAside(httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				made <- httpctx.GetOrFail()
				mux.ServeHTTP(w, r)
			})))
			c := <-made
			assert.Eventually(t, func() bool { return patternOf(c) == test.want }, 10*time.Second, time.Millisecond)
			close(release)
			<-served
			assert.Equal(t, pattern, patternOf(c), "after the request it is there in any case")
		})
	}
}

// A ServeMux that the Middleware wraps itself is asked.
func TestLogValueElsewhereAsksTheMux(t *testing.T) {
	made, release := make(chan *httpctx.Context), make(chan struct{})
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		made <- httpctx.GetOrFail()
		<-release
	})
	served := serveAside(httpctx.Middleware(mux))
	assert.Equal(t, pattern, patternOf(<-made))
	close(release)
	<-served
}

// In the request's own flow it is there without anything asked before, and a detached Context has it everywhere.
func TestLogValueInTheFlow(t *testing.T) {
	mux := http.NewServeMux()
	detached := make(chan *httpctx.Context, 1)
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		assert.Equal(t, pattern, patternOf(httpctx.GetOrFail()))
		httpctx.GoDetached(func() { detached <- httpctx.GetOrFail() })
	})
	h := httpctx.Middleware(http.StripPrefix("", mux))
	<-serveAside(h)
	assert.Equal(t, pattern, patternOf(<-detached))
}
