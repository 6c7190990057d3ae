package httpctx_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"
	"testing/slogtest"
	"weak"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// shows returns what a source with ShowRequest says, as one text.
func shows(ctx context.Context, opts ...httpctx.LogOption) string {
	text := ""
	for _, a := range glslog.NewSource(httpctx.ShowRequest(opts...)).Attrs(ctx) {
		text += a.String() + " "
	}
	return text
}

func TestShowRequest(t *testing.T) {
	ctx := context.Background()
	const ids = "request_id=id-1 method=GET path=/posts/7 "
	const routed = ids + "pattern=GET /posts/{id} "
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		assert.Equal(t, routed, shows(ctx))
		httpctx.AddLogAttrs(slog.String("user", "ada"), slog.Int("n", 1))
		assert.Equal(t, routed+"user=ada n=1 ", shows(ctx))
		glslog.Run(func() {
			want := routed + "n=1 flow=1 user=bob "
			assert.Equal(t, want, shows(ctx), "the flow's wins")
			join(gls.Go, func() { assert.Equal(t, want, shows(ctx)) })
			httpctx.RunOutside(func() { assert.Equal(t, "flow=1 user=bob ", shows(ctx)) })
		}, slog.Int("flow", 1), slog.String("user", "bob"))
		httpctx.AddLogAttrs(slog.Int("n", 2))
	})
	var over gls.Snapshot
	middleware(func(w http.ResponseWriter, r *http.Request) {
		over = gls.Capture()
		assert.Equal(t, ids, shows(ctx), "before it is routed")
		trace(httpctx.Middleware(mux)).ServeHTTP(w, r)
		assert.Equal(t, routed+"user=ada n=2 ", shows(ctx), "and after")
		join(httpctx.GoDetached, func() {
			assert.Equal(t, routed+"user=ada n=2 ", shows(ctx))
			httpctx.AddLogAttrs(slog.Int("n", 3))
			assert.Equal(t, routed+"user=ada n=3 ", shows(ctx))
		})
		assert.Equal(t, routed+"user=ada n=2 ", shows(ctx))
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"))
	assert.Empty(t, shows(ctx))
	over.Run(func() { assert.Empty(t, shows(ctx), "over") })
	switchedOff(func() { assert.Empty(t, shows(ctx)) })
	assert.Equal(t, "httpctx.ShowRequest: nil option", panicOf(func() { httpctx.ShowRequest(nil) }))
}

// What is remembered of a request is not shown of it when it has been routed, nor of one that is nested in it.
func TestShowRequestFollowsTheRouting(t *testing.T) {
	ctx := context.Background()
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		for range 2 {
			assert.Equal(t, "request_id=id-1 method=GET path=/posts/7 pattern=GET /posts/{id} ", shows(ctx))
		}
	})
	inner := http.StripPrefix("/api", httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for range 2 {
			assert.Equal(t, "request_id=id-1 method=GET path=/posts/7 ", shows(ctx))
		}
		mux.ServeHTTP(w, r)
	})))
	middleware(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "request_id=id-1 method=GET path=/api/posts/7 ", shows(ctx))
		inner.ServeHTTP(w, r)
		assert.Equal(t, "request_id=id-1 method=GET path=/api/posts/7 pattern=GET /posts/{id} ", shows(ctx))
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/api/posts/7", "X-Request-ID", "id-1"))
}

// Detached work that has attributes does not keep the request.
func TestShowRequestDetachedKeepsNothing(t *testing.T) {
	var request weak.Pointer[httpctx.Context]
	over, done := make(chan struct{}), make(chan struct{})
	inGetX(func() {
		request = weak.Make(httpctx.GetOrFail())
		httpctx.AddLogAttrs(slog.Int("a", 1))
		assert.Contains(t, shows(context.Background()), "a=1 ")
		httpctx.GoDetached(func() {
			defer close(done)
			<-over
			assert.Contains(t, shows(context.Background()), "a=1 ")
		})
	})
	for range 50 {
		runtime.GC()
		if request.Value() == nil {
			break
		}
	}
	assert.Nil(t, request.Value())
	close(over)
	<-done
}

// A ctx that carries a Context says which request it is, and MarkLost where one was lost.
func TestShowRequestByContextAndLost(t *testing.T) {
	carrying(func(_ http.ResponseWriter, r *http.Request) {
		httpctx.AddLogAttrs(slog.String("user", "ada"))
		join(plain, func() { assert.Contains(t, shows(r.Context()), "user=ada ") })
		httpctx.RunOutside(func() { assert.Contains(t, shows(r.Context()), "user=ada ") })
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))

	explicit(t)
	inGetX(func() {
		join(plain, func() {
			assert.Empty(t, shows(context.Background()))
			assert.Regexp(t, `^request_lost=.*\.plain.* `, shows(context.Background(), httpctx.MarkLost()))
		})
	})
	assert.Empty(t, shows(context.Background(), httpctx.MarkLost()))
}

// With glslog.Handler it is one handler for both, for which the tests of testing/slogtest hold.
func TestShowRequestIsAnOptionOfHandler(t *testing.T) {
	inGetX(func() {
		httpctx.AddLogAttrs(slog.String("user", "ada"))
		glslog.Run(func() {
			var out bytes.Buffer
			h := glslog.Handler(slog.NewJSONHandler(&out, nil), httpctx.ShowRequest())
			assert.NoError(t, slogtest.TestHandler(h, func() []map[string]any {
				all := records(t, out.String())
				for _, m := range all {
					assert.Equal(t, []any{"id-1", "ada", 1.0}, []any{m["request_id"], m["user"], m["flow"]})
				}
				return all
			}))
		}, slog.Int("flow", 1))
	})
}

// Goroutines that add, log and detach at once see a set that was in force.
func TestShowRequestConcurrently(t *testing.T) {
	inGetX(func() {
		var group gls.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for j := range 20 {
					httpctx.AddLogAttrs(slog.Int(fmt.Sprint("k", i), j))
					assert.Contains(t, shows(context.Background()), fmt.Sprint("k", i, "=", j, " "))
					done := make(chan struct{})
					httpctx.GoDetached(func() {
						defer close(done)
						assert.Contains(t, shows(context.Background()), fmt.Sprint("k", i, "=", j, " "))
					})
					<-done
				}
			})
		}
		group.Wait()
		assert.Equal(t, 8, strings.Count(shows(context.Background()), "=19 "))
	})
}
