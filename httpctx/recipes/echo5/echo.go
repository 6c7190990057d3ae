// Package echo5 is the recipe for github.com/labstack/echo/v5: a middleware that the Echo is given by Use, behind those
// that replace the request.
//
//	e := echo.New()
//	e.Use(Ambient) // the one line more
//
// Not by Pre: what that is given runs before the router. echo sets the request's Pattern itself, before any middleware
// can have replaced it, and writes the answer for an error when all middlewares have returned, outside of the request.
package echo5

import (
	"github.com/labstack/echo/v5"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the request that echo has routed the current one.
func Ambient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c *echo.Context) (err error) {
		for _, param := range c.PathValues() {
			c.Request().SetPathValue(param.Name, param.Value)
		}
		httpctx.Run(c.Response(), c.Request(), func() { err = next(c) })
		return err
	}
}
