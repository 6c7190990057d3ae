package chi_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/go-chi/chi/v5"

	"github.com/ambient-go/ambient/httpctx"
)

// greeting is far below the handler, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	router := chi.NewRouter()
	router.Use(httpctx.Middleware) // the recipe
	router.Get("/hello/{name}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, greeting())
	})

	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
