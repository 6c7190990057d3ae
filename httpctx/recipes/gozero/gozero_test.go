package gozero_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/pathvar"
	"github.com/zeromicro/go-zero/rest/router"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/recipes/gozero"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the request, as authentication does.
func trace(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		next(w, r.WithContext(routetest.Trace(r.Context())))
	}
}

// newServer has all of go-zero's middlewares but the two that turn requests away when there are many, or many faults.
func newServer(t *testing.T) (*routetest.Probe, http.Handler) {
	logx.Disable()
	var c rest.RestConf
	require.NoError(t, conf.FillDefault(&c))
	c.Port, c.Timeout, c.MaxConns = 1, 120_000, 100_000
	c.Middlewares.Shedding, c.Middlewares.Breaker = false, false
	p := &routetest.Probe{Pattern: "/users/:id", Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
	server, err := rest.NewServer(c, rest.WithRouter(gozero.Router{Router: router.NewRouter()}))
	require.NoError(t, err)
	server.Use(trace)
	server.Use(rest.ToMiddleware(httpctx.Middleware))
	server.AddRoutes([]rest.Route{
		{Method: http.MethodGet, Path: "/users/:id", Handler: func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, p.Handle(pathvar.Vars(r)["id"]))
		}},
		{Method: http.MethodGet, Path: "/panic", Handler: func(http.ResponseWriter, *http.Request) { p.Panic() }},
	})
	served, err := rest.NewServerless(server)
	require.NoError(t, err)
	return p, http.HandlerFunc(served.Serve)
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p, h := newServer(t)
	p.Load(t, h)
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p, h := newServer(t)
	p.Faults(t, h)
}

// greeting is far below the handler, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	logx.Disable()
	var c rest.RestConf
	if err := conf.LoadFromYamlBytes([]byte("Name: hello\nPort: 8888\n"), &c); err != nil {
		panic(err)
	}
	server := rest.MustNewServer(c, rest.WithRouter(gozero.Router{Router: router.NewRouter()})) // the recipe
	server.Use(rest.ToMiddleware(httpctx.Middleware))                                           // the recipe
	server.AddRoute(rest.Route{
		Method: http.MethodGet, Path: "/hello/:name",
		Handler: func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, greeting()) },
	})

	served, err := rest.NewServerless(server) // in the place of server.Start()
	if err != nil {
		panic(err)
	}
	w := httptest.NewRecorder()
	served.Serve(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
