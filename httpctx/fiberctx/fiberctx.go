package fiberctx

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fasthttpctx"
	"github.com/ambient-go/ambient/httpctx/internal/adapt"
)

// Middleware returns a handler that calls the next ones so that they, everything they call, and every goroutine they
// start with gls.Go find the current request with httpctx.Get. It returns their error.
func Middleware(opts ...httpctx.Option) fiber.Handler {
	adapter := adapt.New(opts)
	return func(c fiber.Ctx) (err error) {
		if !httpctx.Enabled() {
			return c.Next()
		}
		ctx, server := c.Context(), c.RequestCtx()
		r := fasthttpctx.NewRequest(ctx, server)
		if c.Matched() {
			r.Pattern = c.Route().Path
		}
		for _, name := range c.Route().Params {
			r.SetPathValue(name, strings.Clone(c.Params(name)))
		}
		adapter.Serve(r, &server.Response.Header, server, func(given *http.Request) {
			if given != r { // by WithRequestContext
				c.SetContext(given.Context())
				defer c.SetContext(ctx)
			}
			err = c.Next()
		})
		return err
	}
}
