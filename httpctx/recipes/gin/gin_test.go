package gin_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/gin-gonic/gin"

	recipe "github.com/ambient-go/ambient/httpctx/recipes/gin"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the request, as tracing and authentication do.
func trace(c *gin.Context) {
	c.Request = c.Request.WithContext(routetest.Trace(c.Request.Context()))
	c.Next()
}

func newProbe() (*routetest.Probe, http.Handler) {
	p := &routetest.Probe{Pattern: "/users/:id", Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	engine.Use(gin.RecoveryWithWriter(io.Discard), trace, recipe.Ambient)
	engine.GET("/users/:id", func(c *gin.Context) { c.String(http.StatusOK, p.Handle(c.Param("id"))) })
	engine.GET("/panic", func(*gin.Context) { p.Panic() })
	return p, engine
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p, h := newProbe()
	p.Load(t, h)
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p, h := newProbe()
	p.Faults(t, h)
}
