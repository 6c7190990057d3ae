package kratos_test

import (
	"context"
	"fmt"
	"io"
	nethttp "net/http"
	"net/http/httptest"
	"testing"

	"github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/middleware/recovery"
	"github.com/go-kratos/kratos/v2/transport/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/recipes/kratos"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the context of the operation.
func trace(next middleware.Handler) middleware.Handler {
	return func(ctx context.Context, in any) (any, error) { return next(routetest.Trace(ctx), in) }
}

// operation is a handler of the shape that kratos generates.
func operation(fn func(ctx context.Context, id string) (string, error)) http.HandlerFunc {
	return func(ctx http.Context) error {
		h := ctx.Middleware(func(ctx context.Context, in any) (any, error) { return fn(ctx, in.(string)) })
		out, err := h(ctx, ctx.Vars().Get("id"))
		if err != nil {
			return err
		}
		return ctx.String(nethttp.StatusOK, out.(string))
	}
}

func newServer() (*routetest.Probe, nethttp.Handler) {
	log.SetLogger(log.NewStdLogger(io.Discard))
	p := &routetest.Probe{Pattern: "/users/{id}", Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
	srv := http.NewServer(
		http.Timeout(0),
		http.MethodNotAllowedHandler(nethttp.HandlerFunc(func(w nethttp.ResponseWriter, _ *nethttp.Request) {
			w.WriteHeader(nethttp.StatusMethodNotAllowed)
		})),
		http.Filter(httpctx.Middleware),
		http.Middleware(recovery.Recovery(), trace, kratos.Ambient),
	)
	r := srv.Route("/")
	r.GET("/users/{id}", operation(func(_ context.Context, id string) (string, error) { return p.Handle(id), nil }))
	r.GET("/panic", operation(func(context.Context, string) (string, error) { p.Panic(); return "", nil }))
	return p, srv
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p, h := newServer()
	p.Load(t, h)
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p, h := newServer()
	p.Faults(t, h)
}

// A gRPC server calls the same middleware without a request of HTTP.
func TestAmbientWithoutHTTP(t *testing.T) {
	out, err := kratos.Ambient(func(_ context.Context, in any) (any, error) {
		_, ok := httpctx.Get()
		assert.False(t, ok)
		return in, nil
	})(t.Context(), "in")
	require.NoError(t, err)
	assert.Equal(t, "in", out)
}

// greeting is far below the operation, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	srv := http.NewServer(
		http.Address(":8000"),
		http.Filter(httpctx.Middleware),                      // the recipe
		http.Middleware(recovery.Recovery(), kratos.Ambient), // the recipe
	)
	srv.Route("/").GET("/hello/{name}", operation(func(context.Context, string) (string, error) {
		return greeting(), nil
	}))

	w := httptest.NewRecorder()
	srv.ServeHTTP(w, httptest.NewRequest(nethttp.MethodGet, "/hello/Ada", nethttp.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
