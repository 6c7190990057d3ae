package fiberv2ctx

import (
	"net/http"
	"reflect"
	"strings"

	"github.com/gofiber/fiber/v2"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fasthttpctx"
	"github.com/ambient-go/ambient/httpctx/internal/adapt"
)

// Middleware returns a handler that calls the next ones so that they, everything they call, and every goroutine they
// start with gls.Go find the current request with httpctx.Get. It returns their error.
func Middleware(opts ...httpctx.Option) fiber.Handler {
	adapter := adapt.New(opts)
	return func(c *fiber.Ctx) (err error) {
		if !httpctx.Enabled() {
			return c.Next()
		}
		ctx, server, route := c.UserContext(), c.Context(), c.Route()
		r := fasthttpctx.NewRequest(ctx, server)
		if matchesAll(route) {
			r.Pattern = route.Path
		}
		for _, name := range route.Params {
			r.SetPathValue(name, strings.Clone(c.Params(name)))
		}
		adapter.Serve(r, &server.Response.Header, server, func(given *http.Request) {
			if given != r { // by WithRequestContext
				c.SetUserContext(given.Context())
				defer c.SetUserContext(ctx)
			}
			err = c.Next()
		})
		return err
	}
}

// use is the field of a route that is true where app.Use has made the route, which then matches the beginning of a
// path (router.go of fiber v2.52.15). Fiber 3 has Ctx.Matched; fiber 2 tells nobody. Without the field no pattern is
// known.
var use, known = reflect.TypeFor[fiber.Route]().FieldByName("use")

// matchesAll reports whether a route's path is the pattern of a whole request path.
func matchesAll(route *fiber.Route) bool {
	return known && !reflect.ValueOf(route).Elem().FieldByIndex(use.Index).Bool()
}
