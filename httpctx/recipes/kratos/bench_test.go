package kratos_test

import (
	"context"
	"io"
	"testing"

	"github.com/go-kratos/kratos/v2/log"
	"github.com/go-kratos/kratos/v2/middleware"
	"github.com/go-kratos/kratos/v2/transport/http"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/recipes/kratos"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	log.SetLogger(log.NewStdLogger(io.Discard))
	server := func(filter http.FilterFunc, middlewares []middleware.Middleware, id func(context.Context) string) *http.Server {
		srv := http.NewServer(http.Timeout(0), http.Filter(filter), http.Middleware(middlewares...))
		srv.Route("/").GET("/work/{id}", operation(func(ctx context.Context, _ string) (string, error) { return id(ctx), nil }))
		return srv
	}
	framework.CompareHandlers(b,
		server(framework.IDMiddleware, nil, framework.ID),
		server(httpctx.Middleware, []middleware.Middleware{kratos.Ambient},
			func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
