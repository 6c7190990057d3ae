package fiberv2ctx_test

import (
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fiberv2ctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkMiddleware(b *testing.B) {
	serve := func(middleware, handler fiber.Handler) (addr string) {
		app := newApp()
		app.Use(middleware)
		app.Get("/work/:id", handler)
		return listen(b, app)
	}
	framework.Compare(b,
		serve(func(c *fiber.Ctx) error { c.Locals("id", strings.Clone(c.Get("X-Request-ID"))); return c.Next() },
			func(c *fiber.Ctx) error { return c.SendString(c.Locals("id").(string)) }),
		serve(fiberv2ctx.Middleware(), func(c *fiber.Ctx) error { return c.SendString(httpctx.GetOrFail().ID()) }))
}
