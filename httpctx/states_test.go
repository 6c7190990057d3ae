package httpctx_test

import (
	"context"
	"net/http"
	"runtime"
	"runtime/pprof"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// A state is something that a goroutine is in when a row of the conformance catalogue runs on it.
type state struct {
	name string
	run  func(fn func())
}

// states are the states to run a row in.
func states(t *testing.T) []state {
	other := gls.New[int]("other")
	used := func(fn func()) {
		_ = gls.Capture()
		_ = gls.Bind(func() {})
		fn()
	}
	var next atomic.Pointer[func()]
	reused := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/first" {
			httpctx.Middleware(http.NotFoundHandler()).ServeHTTP(w, r)
			return
		}
		(*next.Load())()
	}))
	return []state{
		{"fresh goroutine", func(fn func()) { join(plain, fn) }},
		{"in another storage", func(fn func()) { other.Run(1, fn) }},
		{"after captures", func(fn func()) { other.Run(1, func() { used(fn) }) }},
		{"gls.Go", func(fn func()) { other.Run(1, func() { join(gls.Go, fn) }) }},
		{"after a panic", func(fn func()) {
			_ = panicOf(func() { inRequest(func(*httpctx.Context) { panic("over") }) })
			fn()
		}},
		{"pprof.Do", func(fn func()) {
			pprof.Do(context.Background(), pprof.Labels("k", "v"), func(context.Context) { fn() })
		}},
		{"locked thread", func(fn func()) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			fn()
		}},
		{"reused connection", func(fn func()) {
			next.Store(&fn)
			w := dial(t, reused)
			for _, path := range []string{"/first", "/second"} {
				_, err := w.ask(t, path)
				assert.NoError(t, err)
			}
		}},
	}
}
