package gin_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/gin"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	gin.SetMode(gin.ReleaseMode)
	engine := func(middleware gin.HandlerFunc, id func(context.Context) string) http.Handler {
		engine := gin.New()
		engine.Use(middleware)
		engine.GET("/work/:id", func(c *gin.Context) { c.String(http.StatusOK, id(c.Request.Context())) })
		return engine
	}
	own := func(c *gin.Context) {
		c.Request = framework.WithID(c.Request)
		c.Next()
	}
	framework.CompareHandlers(b,
		engine(own, framework.ID),
		engine(recipe.Ambient, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
