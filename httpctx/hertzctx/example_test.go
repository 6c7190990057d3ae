package hertzctx_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/ut"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/hertzctx"
)

var user = httpctx.NewKey[string]("user")

// greeting takes no parameter.
func greeting() string {
	c := httpctx.GetOrFail()
	return fmt.Sprintf("hello, %s, at %s of %s in request %s", user.GetOrFail(), c.Param("id"), c.Pattern(), c.ID())
}

func Example() {
	h := server.New()
	h.Use(hertzctx.Middleware())
	h.GET("/posts/:id", func(_ context.Context, c *app.RequestContext) {
		user.Set(httpctx.GetOrFail(), strings.Clone(c.Query("user")))
		c.String(http.StatusOK, greeting())
	})

	id := ut.Header{Key: "X-Request-ID", Value: "id-1"}
	response := ut.PerformRequest(h.Engine, http.MethodGet, "/posts/7?user=ada", nil, id)
	fmt.Println(response.Body.String())
	// Output:
	// hello, ada, at 7 of /posts/:id in request id-1
}
