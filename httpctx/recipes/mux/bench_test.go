package mux_test

import (
	"context"
	"io"
	"net/http"
	"testing"

	"github.com/gorilla/mux"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/mux"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	router := func(middleware mux.MiddlewareFunc, id func(context.Context) string) http.Handler {
		router := mux.NewRouter()
		router.Use(middleware)
		router.HandleFunc("/work/{id}", func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.WriteString(w, id(r.Context()))
		})
		return router
	}
	framework.CompareHandlers(b,
		router(framework.IDMiddleware, framework.ID),
		router(recipe.Ambient, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
