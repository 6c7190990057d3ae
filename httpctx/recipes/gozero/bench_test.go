package gozero_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/zeromicro/go-zero/core/conf"
	"github.com/zeromicro/go-zero/core/logx"
	"github.com/zeromicro/go-zero/rest"
	"github.com/zeromicro/go-zero/rest/httpx"
	"github.com/zeromicro/go-zero/rest/router"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/recipes/gozero"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	logx.Disable()
	var c rest.RestConf
	require.NoError(b, conf.FillDefault(&c))
	c.Port = 1
	server := func(routes httpx.Router, middleware func(http.Handler) http.Handler, id func(context.Context) string) http.Handler {
		server, err := rest.NewServer(c, rest.WithRouter(routes))
		require.NoError(b, err)
		server.Use(rest.ToMiddleware(middleware))
		server.AddRoute(rest.Route{Method: http.MethodGet, Path: "/work/:id", Handler: func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, id(r.Context()))
		}})
		served, err := rest.NewServerless(server)
		require.NoError(b, err)
		return http.HandlerFunc(served.Serve)
	}
	framework.CompareHandlers(b,
		server(router.NewRouter(), framework.IDMiddleware, framework.ID),
		server(gozero.Router{Router: router.NewRouter()}, httpctx.Middleware,
			func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
