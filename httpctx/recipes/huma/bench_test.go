package huma_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	server := func(middleware func(http.Handler) http.Handler, id func(context.Context) string) http.Handler {
		mux := http.NewServeMux()
		api := humago.New(mux, huma.DefaultConfig("Work", "1.0.0"))
		huma.Get(api, "/work/{id}", func(ctx context.Context, _ *struct{}) (*answer, error) {
			return &answer{Body: []byte(id(ctx))}, nil
		})
		return middleware(mux)
	}
	framework.CompareHandlers(b,
		server(framework.IDMiddleware, framework.ID),
		server(httpctx.Middleware, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
