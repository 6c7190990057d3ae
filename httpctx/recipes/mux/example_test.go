package mux_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"

	"github.com/gorilla/mux"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/mux"
)

// greeting is far below the handler, and has no parameter.
func greeting() string { return "hello, " + httpctx.GetOrFail().Param("name") }

func Example() {
	router := mux.NewRouter()
	router.Use(recipe.Ambient) // the recipe
	router.HandleFunc("/hello/{name}", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, greeting())
	}).Methods(http.MethodGet)

	w := httptest.NewRecorder()
	router.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/hello/Ada", http.NoBody))
	fmt.Println(w.Body)
	// Output: hello, Ada
}
