// Package echo4 is the recipe for github.com/labstack/echo/v4: a middleware that the Echo is given by Use, behind those
// that replace the request.
//
//	e := echo.New()
//	e.Use(Ambient) // the one line more
//
// Not by Pre: what that is given runs before the router. echo writes the answer for an error when all middlewares have
// returned, outside of the request.
package echo4

import (
	"github.com/labstack/echo/v4"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the request that echo has routed the current one.
func Ambient(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) (err error) {
		for _, name := range c.ParamNames() {
			c.Request().SetPathValue(name, c.Param(name))
		}
		c.Request().Pattern = c.Path()
		httpctx.Run(c.Response(), c.Request(), func() { err = next(c) })
		return err
	}
}
