package echo4_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/labstack/echo/v4"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/echo4"
)

// greeting is far below the handler, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	e := echo.New()
	e.Use(recipe.Ambient) // the recipe
	e.GET("/hello/:name", func(c echo.Context) error {
		return c.String(http.StatusOK, greeting())
	})

	w := httptest.NewRecorder()
	e.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
