package fiberctx_test

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v3"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fiberctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	serve := func(middleware, handler fiber.Handler) (addr string) {
		app := fiber.New()
		app.Use(middleware)
		app.Get("/work/:id", handler)
		return listen(b, app)
	}
	framework.Compare(b,
		serve(func(c fiber.Ctx) error { c.Locals("id", strings.Clone(c.Get("X-Request-ID"))); return c.Next() },
			func(c fiber.Ctx) error { return c.SendString(c.Locals("id").(string)) }),
		serve(fiberctx.Middleware(), func(c fiber.Ctx) error { return c.SendString(httpctx.GetOrFail().ID()) }))
}
