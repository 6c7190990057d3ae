package echo4_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/echo4"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	server := func(middleware echo.MiddlewareFunc, id func(context.Context) string) http.Handler {
		e := echo.New()
		e.Use(middleware)
		e.GET("/work/:id", func(c echo.Context) error { return c.String(http.StatusOK, id(c.Request().Context())) })
		return e
	}
	own := func(next echo.HandlerFunc) echo.HandlerFunc {
		return func(c echo.Context) error {
			c.SetRequest(framework.WithID(c.Request()))
			return next(c)
		}
	}
	framework.CompareHandlers(b,
		server(own, framework.ID),
		server(recipe.Ambient, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
