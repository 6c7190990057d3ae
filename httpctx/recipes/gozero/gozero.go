// Package gozero is the recipe for github.com/zeromicro/go-zero: httpctx.Middleware as a middleware of the server, and
// a router that writes the route into the request.
//
//	server := rest.MustNewServer(conf, rest.WithRouter(Router{router.NewRouter()})) // the first option
//	server.Use(rest.ToMiddleware(httpctx.Middleware))                               // behind what replaces the request
//
// The second line alone serves programs that need no Param and no Pattern. Middlewares of Use run inside of go-zero's
// timeout, which runs them on a goroutine of its own: that is where Middleware belongs, not around the server.
package gozero

import (
	"net/http"

	"github.com/zeromicro/go-zero/rest/httpx"
	"github.com/zeromicro/go-zero/rest/pathvar"
)

// A Router writes the parameters and the pattern into the requests that it routes.
type Router struct{ httpx.Router }

// Handle adds a route.
func (r Router) Handle(method, pattern string, next http.Handler) error {
	return r.Router.Handle(method, pattern, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range pathvar.Vars(r) {
			r.SetPathValue(name, value)
		}
		r.Pattern = pattern
		next.ServeHTTP(w, r)
	}))
}
