package gin_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gin-gonic/gin"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/gin"
)

// greeting is far below the handler, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.Use(recipe.Ambient) // the recipe
	engine.GET("/hello/:name", func(c *gin.Context) {
		c.String(http.StatusOK, greeting())
	})

	w := httptest.NewRecorder()
	engine.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
