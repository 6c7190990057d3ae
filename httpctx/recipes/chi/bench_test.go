package chi_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	router := func(middleware func(http.Handler) http.Handler, id func(context.Context) string) http.Handler {
		router := chi.NewRouter()
		router.Use(middleware)
		router.Get("/work/{id}", func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, id(r.Context())) })
		return router
	}
	framework.CompareHandlers(b,
		router(framework.IDMiddleware, framework.ID),
		router(httpctx.Middleware, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
