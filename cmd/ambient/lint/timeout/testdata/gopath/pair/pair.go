// Package pair has Middleware on both sides of http.TimeoutHandler, and shares a request between
// them.
package pair

import (
	"net/http"
	"time"

	"github.com/ambient-go/ambient/httpctx"
)

var (
	app     http.Handler
	inner   = http.TimeoutHandler(httpctx.Middleware(app), time.Second, "")
	options []httpctx.Option

	two      = httpctx.Middleware(inner)                                                                      // want `^Middleware stands around http.TimeoutHandler .*, in which there is a Middleware too`
	plain    = httpctx.New(httpctx.WithLogger(nil))(inner)                                                    // want `in which there is a Middleware too`
	sharing  = httpctx.New(httpctx.WithRequestContext())(inner)                                               // ok: the outer one shares its request
	several  = httpctx.New(httpctx.WithLogger(nil), httpctx.WithRequestContext())(inner)                      // ok: the same
	unknown  = httpctx.New(options...)(inner)                                                                 // ok: it may be among the options
	outer    = httpctx.New(httpctx.WithRequestContext())(http.TimeoutHandler(app, time.Second, ""))           // want `the handler runs on another goroutine and has no request there`
	wrapped  = wrap(inner)                                                                                    // ok: wrap shares
	original = httpctx.Middleware(http.TimeoutHandler(httpctx.New(httpctx.WithRequestContext())(app), 1, "")) // want `in which there is a Middleware too`
)

func wrap(h http.Handler) http.Handler { // want wrap:`made{Timeout:false Middleware:true Within:\[0\] Shares}`
	share := httpctx.New(httpctx.WithRequestContext())
	return share(h)
}

type router struct{ http.ServeMux }

func (*router) Use(...func(http.Handler) http.Handler) {}

func use(r, s *router) {
	r.Use(httpctx.New(httpctx.WithRequestContext())) // ok: it shares its request
	r.Handle("/", inner)
	s.Use(httpctx.Middleware) // want `in which there is a Middleware too`
	s.Handle("/", inner)
}
