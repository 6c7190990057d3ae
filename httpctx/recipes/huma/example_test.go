package huma_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/ambient-go/ambient/httpctx"
)

// greeting is far below the operation, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

type output struct {
	Body string
}

func Example() {
	mux := http.NewServeMux()
	api := humago.New(mux, huma.DefaultConfig("Greetings", "1.0.0"))
	huma.Get(api, "/hello/{name}", func(context.Context, *struct {
		Name string `path:"name"`
	},
	) (*output, error) {
		return &output{Body: greeting()}, nil
	})
	handler := httpctx.Middleware(mux) // the recipe

	w := httptest.NewRecorder()
	handler.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: "hello, Ada"
}
