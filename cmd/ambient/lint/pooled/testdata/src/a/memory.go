package a

import (
	"fmt"
	"strings"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/gin-gonic/gin"
	fiber2 "github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v3"
	"github.com/valyala/fasthttp"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type (
	userID string
	person struct{ name string }
)

var (
	ids    = gls.New[userID]("id")
	people = gls.New[*person]("person")
	raw    = gls.New[[]byte]("raw")
	name   = httpctx.NewKey[string]("name")
)

func lent(c *fiber2.Ctx, f fiber.Ctx, h *app.RequestContext, r *fasthttp.RequestCtx, current *httpctx.Context) {
	tenant.Run(c.Query("tenant"), run)                        // want `^c.Query\("tenant"\) is in memory that the framework uses for another request when this one is over, unless the app is Immutable: clone it$`
	defer tenant.Enter(strings.TrimSpace(c.Get("X"))).Leave() // want `c.Get\("X"\) is in memory`
	id := f.Params("id")
	ids.Run(userID(id), run)                 // want `f.Params\("id"\) is in memory`
	gls.Run(run, tenant.With(id[1:]))        // want `f.Params\("id"\) is in memory`
	people.Run(&person{name: id}, run)       // want `f.Params\("id"\) is in memory`
	raw.Run(r.Request.Header.Peek("X"), run) // want `r.Request.Header.Peek\("X"\) is in memory`
	q, ok := h.GetQuery("name")
	name.Set(current, q)   // want `h.GetQuery\("name"\) is in memory`
	raw.Run(c.Body(), run) // want `c.Body\(\) is in memory`
	fmt.Println(ok)
}

// Ok: copies.
func copied(c *fiber2.Ctx, g *gin.Context, r *fasthttp.RequestCtx) {
	tenant.Run(strings.Clone(c.Query("tenant")), run)
	tenant.Run(string(r.Request.Header.Peek("X")), run)
	tenant.Run("tenant "+c.Query("tenant"), run)
	tenant.Run(fmt.Sprint(c.Query("tenant")), run)
	tenant.Run(g.Param("tenant"), run) // net/http's strings
	people.Run(c.Locals("person").(*person), run)
	raw.Run([]byte(c.Query("raw")), run)
}

func made[T any](name string) *gls.Storage[T] { return gls.New[T](name) }

var (
	generic  = made[*gin.Context]("gin")           // want `Storage of \*gin.Context`
	strung   = made[string]("name")                // ok
	function = gls.New[func() *gin.Context]("gin") // want `Storage of \*gin.Context`
)
