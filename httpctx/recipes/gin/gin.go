// Package gin is the recipe for github.com/gin-gonic/gin: a middleware that the engine is given behind those that
// replace the request.
//
//	engine := gin.Default()
//	engine.Use(Ambient) // the one line more
//
// gin keeps parameters in its own Context, which it uses again for the next request: keep what you need of it, not the
// pointer. The log lines of gin.Logger are written outside of the request; put Ambient before it, on gin.New(), where
// that matters.
package gin

import (
	"github.com/gin-gonic/gin"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the request that gin has routed the current one.
func Ambient(c *gin.Context) {
	for _, param := range c.Params {
		c.Request.SetPathValue(param.Key, param.Value)
	}
	c.Request.Pattern = c.FullPath()
	httpctx.Run(c.Writer, c.Request, c.Next)
}
