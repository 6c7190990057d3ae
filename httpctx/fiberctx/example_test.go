package fiberctx_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/gofiber/fiber/v3"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fiberctx"
)

var user = httpctx.NewKey[string]("user")

// greeting takes no parameter.
func greeting() string {
	c := httpctx.GetOrFail()
	return fmt.Sprintf("hello, %s, at %s of %s in request %s", user.GetOrFail(), c.Param("id"), c.Pattern(), c.ID())
}

func Example() {
	app := fiber.New()
	app.Use(fiberctx.Middleware())
	app.Get("/posts/:id", fiberctx.Middleware(), func(c fiber.Ctx) error {
		user.Set(httpctx.GetOrFail(), strings.Clone(c.Query("user")))
		return c.SendString(greeting())
	})

	r := httptest.NewRequest(http.MethodGet, "/posts/7?user=ada", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	response, err := app.Test(r)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	fmt.Println(string(text), err)
	// Output:
	// hello, ada, at 7 of /posts/:id in request id-1 <nil>
}
