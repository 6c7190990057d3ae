// Package mux is the recipe for github.com/gorilla/mux: a middleware that the router is given behind those that replace
// the request.
//
//	router := mux.NewRouter()
//	router.Use(Ambient) // the one line more
//
// The router calls its middlewares for requests that a route matches: those that it answers with 404 or 405 by itself
// have no current request.
package mux

import (
	"net/http"

	"github.com/gorilla/mux"

	"github.com/ambient-go/ambient/httpctx"
)

// Ambient makes the request that the router has routed the current one.
func Ambient(next http.Handler) http.Handler {
	next = httpctx.Middleware(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range mux.Vars(r) {
			r.SetPathValue(name, value)
		}
		r.Pattern, _ = mux.CurrentRoute(r).GetPathTemplate()
		next.ServeHTTP(w, r)
	})
}
