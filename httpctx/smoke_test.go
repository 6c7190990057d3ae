package httpctx_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

func TestSmoke(t *testing.T) {
	var seen *httpctx.Context
	h := httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen = httpctx.GetOrFail()
		assert.Same(t, r, seen.Request())
		assert.Equal(t, "abc", seen.ID())
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			assert.Same(t, seen, httpctx.GetOrFail())
		})
		<-done
		errs := make(chan error)
		go func() {
			_, err := httpctx.Lookup()
			errs <- err
		}()
		assert.ErrorIs(t, <-errs, httpctx.ErrLost)
		httpctx.RunOutside(func() {
			_, err := httpctx.Lookup()
			assert.ErrorIs(t, err, httpctx.ErrNoRequest)
		})
	}))
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("X-Request-ID", "abc")
	h.ServeHTTP(httptest.NewRecorder(), r)
	assert.True(t, seen.Finished())
	_, err := seen.Writer().Write([]byte("x"))
	assert.ErrorIs(t, err, httpctx.ErrFinished)
	_, err = httpctx.Lookup()
	assert.ErrorIs(t, err, httpctx.ErrNoRequest)
}
