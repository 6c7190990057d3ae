// Package a puts Middleware around http.TimeoutHandler in every way.
package a

import (
	"net/http"
	"os"
	"time"

	"github.com/ambient-go/ambient/cmd/ambient/lint/timeout/testdata/src/other"
	"github.com/ambient-go/ambient/httpctx"
)

var (
	app  http.Handler
	id   = httpctx.WithRequestID(func(*http.Request) string { return "" })
	with = httpctx.New(id)
	slow = http.TimeoutHandler(app, time.Second, "")

	wrong = httpctx.Middleware(slow)                                      // want `^Middleware stands around http.TimeoutHandler \(line 17\): the handler runs on another goroutine and has no request there; put Middleware inside$`
	right = http.TimeoutHandler(httpctx.Middleware(app), time.Second, "") // ok: the request begins inside
)

func variable() http.Handler { // want variable:`made{Timeout:false Middleware:true Within:\[\]}`
	h := http.TimeoutHandler(app, time.Second, "")
	return httpctx.Middleware(h) // want `Middleware stands around http.TimeoutHandler \(line 24\)`
}

func sameVariable() http.Handler { // want sameVariable:`made{Timeout:false Middleware:true Within:\[\]}`
	var h http.Handler = http.NewServeMux()
	h = http.TimeoutHandler(h, time.Second, "")
	h = other.Log(h)
	h = httpctx.New(id)(h) // want `Middleware stands around http.TimeoutHandler \(line 30\)`
	return h
}

func sometimes() http.Handler { // want sometimes:`made{Timeout:false Middleware:true Within:\[\]}`
	h := app
	if len(os.Args) > 1 {
		h = http.TimeoutHandler(h, time.Second, "")
	}
	return httpctx.Middleware(h) // want `Middleware stands around http.TimeoutHandler \(line 39\)`
}

func otherMiddleware() http.Handler { // want otherMiddleware:`made{Timeout:false Middleware:true Within:\[\]}`
	return httpctx.Middleware(other.Log(http.TimeoutHandler(app, time.Second, ""))) // want `Middleware stands around http.TimeoutHandler: the handler`
}

func routes() http.Handler { // want routes:`made{Timeout:false Middleware:true Within:\[\]}`
	mux := http.NewServeMux()
	mux.Handle("/fast", app)
	mux.Handle("/slow", http.StripPrefix("/slow", http.TimeoutHandler(app, time.Second, "")))
	return with(mux) // want `Middleware stands around http.TimeoutHandler \(line 51\)`
}

type server struct {
	mux  *http.ServeMux
	http http.Server
}

func (s *server) routes() {
	s.mux.Handle("/slow", slow)
}

func (s *server) start() error {
	s.http.Handler = httpctx.Middleware(s.mux) // want `Middleware stands around http.TimeoutHandler \(line 17\)`
	return s.http.ListenAndServe()
}

func byName(mw func(http.Handler) http.Handler) {
	wrap, limit := httpctx.Middleware, http.TimeoutHandler
	_ = wrap(limit(app, time.Second, ""))                   // want `Middleware stands around http.TimeoutHandler`
	_ = mw(http.TimeoutHandler(app, time.Second, ""))       // ok: nothing is known of mw
	_ = wrap(mw(http.TimeoutHandler(app, time.Second, ""))) // want `Middleware stands around http.TimeoutHandler`
}

func throughFunctions() {
	_ = httpctx.Middleware(other.WithTimeout(app))                    // want `^Middleware stands around other.WithTimeout, which uses http.TimeoutHandler: `
	_ = other.WithRequest(http.TimeoutHandler(app, time.Second, ""))  // want `^other.WithRequest stands around http.TimeoutHandler: `
	_ = other.WithRequest(other.WithTimeout(app))                     // want `^other.WithRequest stands around other.WithTimeout`
	_ = other.WithTimeout(other.WithRequest(app))                     // ok: the right order
	_ = httpctx.Middleware(other.WithTimeout(other.WithRequest(app))) // want `^Middleware stands around other.WithTimeout, which uses http.TimeoutHandler, in which there is a Middleware too: that one begins another request, with an id of its own and without the outer one's keys; give the outer one httpctx.WithRequestContext, or leave it out$`
	_ = httpctx.Middleware(other.Both(app))                           // want `^Middleware stands around other.Both, which uses http.TimeoutHandler, in which there is a Middleware too`
	_ = other.WithRequest(other.Both(app))                            // want `^other.WithRequest stands around other.Both, which`
	_ = httpctx.Middleware(inside())                                  // want `^Middleware stands around inside, which uses http.TimeoutHandler, in which`
	_ = other.Log(other.Both(app))                                    // ok: there is one alone
	_ = httpctx.Middleware(local(app))                                // want `Middleware stands around local, which uses`
	_ = httpctx.Middleware(localNamed(app))                           // want `Middleware stands around localNamed, which uses`
}

func local(h http.Handler) http.Handler { // want local:`made{Timeout:true`
	wrapped := other.Log(h)
	return other.WithTimeout(wrapped)
}

func localNamed(h http.Handler) (out http.Handler) { // want localNamed:`made{Timeout:true`
	out = local(h)
	return
}

func literal() http.Handler { // want literal:`made{Timeout:false Middleware:true Within:\[\]}`
	return httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { // want `Middleware stands around http.TimeoutHandler`
		if r.URL.Path == "/slow" {
			http.TimeoutHandler(app, time.Second, "").ServeHTTP(w, r)
			return
		}
		app.ServeHTTP(w, r)
	}))
}

type logged struct{ next http.Handler }

func (l logged) ServeHTTP(w http.ResponseWriter, r *http.Request) { l.next.ServeHTTP(w, r) }

func composite() {
	_ = httpctx.Middleware(&logged{http.TimeoutHandler(app, time.Second, "")}) // want `Middleware stands around http.TimeoutHandler`
	_ = httpctx.Middleware(logged{next: slow})                                 // want `Middleware stands around http.TimeoutHandler`
}

type router struct{ http.ServeMux }

func (*router) Use(...func(http.Handler) http.Handler) {}

func use(r *router) {
	r.Use(other.Log, httpctx.Middleware) // want `Middleware stands around http.TimeoutHandler \(line 125\)`
	r.Handle("/slow", http.TimeoutHandler(app, time.Second, ""))
	var fine router
	fine.Use(httpctx.Middleware) // ok: no route has a timeout
	fine.Handle("/fast", app)
}

// These are right.

func inside() http.Handler { // want inside:`made{Timeout:false Middleware:true Within:\[\] Pair}`
	h := httpctx.Middleware(app) // ok: the timeout comes around it later
	h = http.TimeoutHandler(h, time.Second, "")
	return h
}

func both() http.Handler { // want both:`made{Timeout:false Middleware:true Within:\[\]}`
	h := http.TimeoutHandler(httpctx.Middleware(app), time.Second, "")
	return httpctx.Middleware(h) // want `^Middleware stands around http.TimeoutHandler \(line 140\), in which`
}

func insideMux() http.Handler { // want insideMux:`made{Timeout:false Middleware:true Within:\[\]}`
	mux := http.NewServeMux()
	mux.Handle("/", httpctx.Middleware(app))
	return httpctx.Middleware(http.TimeoutHandler(mux, time.Second, "")) // want `^Middleware stands around http.TimeoutHandler, in which`
}

func replaced() http.Handler { // want replaced:`made{Timeout:false Middleware:true Within:\[\]}`
	h := http.TimeoutHandler(app, time.Second, "")
	_ = h
	h = app
	return httpctx.Middleware(h) // ok: no longer what it was
}

func later() http.Handler { // want later:`made{Timeout:false Middleware:true Within:\[\] Pair}`
	h := app
	wrapped := httpctx.Middleware(h) // ok: the timeout is put around something else, afterwards
	h = http.TimeoutHandler(wrapped, time.Second, "")
	return h
}

func notHandler(d time.Duration) {
	_ = httpctx.Middleware(app)               // ok: no timeout
	_ = http.TimeoutHandler(app, d, "").(any) // ok: no Middleware
	type TimeoutHandler = func(http.Handler) http.Handler
	var mine TimeoutHandler
	_ = httpctx.Middleware(mine(app)) // ok: not that of net/http
}

func loop(hs []http.Handler) {
	var h http.Handler
	for _, h = range hs {
		h = httpctx.Middleware(h) // ok: unknown handlers
	}
	self := func(http.Handler) http.Handler { return h }
	h = self(h)
	_ = httpctx.Middleware(h) // ok
}
