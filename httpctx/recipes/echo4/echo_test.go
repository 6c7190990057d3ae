package echo4_test

import (
	"net/http"
	"testing"

	"github.com/labstack/echo/v4"
	"github.com/labstack/echo/v4/middleware"

	recipe "github.com/ambient-go/ambient/httpctx/recipes/echo4"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the request, as tracing and authentication do.
func trace(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		c.SetRequest(c.Request().WithContext(routetest.Trace(c.Request().Context())))
		return next(c)
	}
}

func newProbe() (*routetest.Probe, http.Handler) {
	p := &routetest.Probe{Pattern: "/users/:id", Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
	e := echo.New()
	e.Use(middleware.Recover(), trace, recipe.Ambient)
	e.GET("/users/:id", func(c echo.Context) error { return c.String(http.StatusOK, p.Handle(c.Param("id"))) })
	e.GET("/panic", func(echo.Context) error { p.Panic(); return nil })
	return p, e
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p, h := newProbe()
	p.Load(t, h)
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p, h := newProbe()
	p.Faults(t, h)
}
