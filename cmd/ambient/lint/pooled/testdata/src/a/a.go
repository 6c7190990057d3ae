// Package a keeps the contexts of frameworks.
package a

import (
	"context"
	"net/http"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/gin-gonic/gin"
	fiber2 "github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v3"
	"github.com/labstack/echo/v4"
	"github.com/valyala/fasthttp"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

type session struct {
	name string
	c    *gin.Context
}

type nested struct{ *session }

type alias = *gin.Context

var (
	one   = gls.New[*gin.Context]("one")                   // want `^Storage of \*gin.Context: its framework uses that for another request when this one is over; keep copies of what is needed of it$`
	two   = gls.New[echo.Context]("two")                   // want `Storage of echo.Context`
	three = gls.New[*fiber2.Ctx]("three")                  // want `Storage of \*fiber.Ctx`
	four  = gls.New[fiber.Ctx]("four")                     // want `Storage of fiber.Ctx`
	five  = gls.New[*fasthttp.RequestCtx]("five")          // want `Storage of \*fasthttp.RequestCtx`
	six   = httpctx.NewKey[*app.RequestContext]("six")     // want `^Key of \*app.RequestContext`
	seven = gls.NewWithDefault[*gin.Context]("seven", nil) // want `Storage of \*gin.Context`
	eight = gls.NewWithDefault("eight", new(gin.Context))  // want `Storage of \*gin.Context`
	nine  = httpctx.NewKey[*session]("nine")               // want `Key of \*gin.Context`
	ten   = gls.New[nested]("ten")                         // want `Storage of \*gin.Context`
	other = gls.New[alias]("other")                        // want `Storage of \*gin.Context`
	zero  gls.Storage[*gin.Context]                        // want `Storage of \*gin.Context`
	many  = gls.New[[]*gin.Context]("many")                // want `Storage of \*gin.Context`
	named = gls.New[map[string]echo.Context]("named")      // want `Storage of echo.Context`
	queue = gls.New[chan *session]("queue")                // want `Storage of \*gin.Context`
)

type server struct {
	current gls.Storage[echo.Context] // want `Storage of echo.Context`
}

func serve(c *gin.Context, f fiber.Ctx) {
	gls.RunContext(c, func() {})                    // want `^\*gin.Context as the ambient context: its framework uses it for another request when this one is over; give the context.Context of its request, or a copy$`
	gls.Run(func() {}, gls.WithContext(f))          // want `fiber.Ctx as the ambient context`
	gls.RunContext(c.Request.Context(), func() {})  // ok: net/http's own
	gls.RunContext(context.Background(), func() {}) // ok
	tenant.Run(c.Param("tenant"), func() {})        // ok: a copy
}

func kept(c *gin.Context, r *httpctx.Context) {
	anything.Run(c, func() {})                                      // want `^\*gin.Context as a value: its framework uses it for another request when this one is over; give copies of what is needed of it$`
	anything.Enter(&session{c: c}).Leave()                          // want `\*gin.Context as a value`
	ctx.Run(c, func() {})                                           // want `\*gin.Context as a value`
	gls.Run(func() {}, anything.With(c))                            // want `\*gin.Context as a value`
	gls.Call(anything, any(c), func() int { return 0 })             // want `\*gin.Context as a value`
	property.Set(r, c)                                              // want `\*gin.Context as a value`
	one.Run(c, func() {})                                           // ok: the storage is reported
	anything.Run(c.Param("x"), func() {})                           // ok: a copy
	ctx.Run(c.Request.Context(), func() {})                         // ok: net/http's own
	derived := context.WithValue(c, key{}, 1)                       // with c's memory
	gls.RunContext(derived, func() {})                              // want `\*gin.Context as the ambient context`
	gls.RunContext(context.WithValue(derived, key{}, 2), func() {}) // want `\*gin.Context as the ambient context`
	own := context.WithValue(c.Request.Context(), key{}, 1)         // net/http's own
	gls.RunContext(own, func() {})                                  // ok
	gls.RunContext(context.WithoutCancel(c.Request.Context()), run) // ok
}

type key struct{}

func run() {}

// Ok: storages that may hold anything; what they are given is looked at.
var (
	anything = gls.New[any]("anything")
	ctx      = gls.New[context.Context]("ctx")
	property = httpctx.NewKey[any]("property")
)

// Ok: copies, what no framework uses again, and whoever is given a storage that is reported where it is made.
var (
	tenant  = gls.New[string]("tenant")
	request = gls.New[*http.Request]("request")
	user    = httpctx.NewKey[*struct{ name string }]("user")
	list    = gls.New[[]string]("list")
	cyclic  = gls.New[*node]("cyclic")
)

type node struct {
	next *node
	name string
}

func given(s *gls.Storage[*gin.Context]) { s.Get() }

type mine struct{ given *gls.Storage[*gin.Context] }
