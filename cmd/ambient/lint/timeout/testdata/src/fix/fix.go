// Package fix has both calls in one expression.
package fix

import (
	"net/http"
	"time"

	"github.com/ambient-go/ambient/httpctx"
)

var (
	app http.Handler
	mw  = httpctx.New()
)

func one() []http.Handler {
	return []http.Handler{
		httpctx.Middleware(http.TimeoutHandler(app, time.Second, "slow")),                       // want `stands around`
		httpctx.New(httpctx.WithLogger(nil))(http.TimeoutHandler(app, time.Second, "slow")),     // want `stands around`
		mw(http.TimeoutHandler(app, time.Second, "slow")),                                       // want `stands around`
		httpctx.Middleware((http.TimeoutHandler(app, time.Second, "slow"))),                     // want `stands around`
		httpctx.Middleware(http.Handler(http.TimeoutHandler(app, time.Second, "slow"))),         // want `stands around`
		httpctx.Middleware(http.TimeoutHandler(http.NotFoundHandler(), 2*time.Second, "a"+"b")), // want `stands around`
	}
}

func lines() http.Handler { // want lines:`made{Timeout:false Middleware:true Within:\[\]}`
	return httpctx.Middleware( // want `stands around`
		// Slow clients are cut off.
		http.TimeoutHandler(
			app,           // the application
			time.Second,   // for this long
			"still slow?", // and then
		), // done
	)
}

func literal() *http.Server {
	return &http.Server{
		Handler: httpctx.New(httpctx.WithLogger(nil))(http.TimeoutHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { // want `stands around`
			_, _ = w.Write([]byte("hello"))
		}), time.Second, "slow")),
	}
}

func apart() http.Handler { // want apart:`made{Timeout:false Middleware:true Within:\[\]}`
	h := http.TimeoutHandler(app, time.Second, "slow")
	return httpctx.Middleware(h) // want `stands around`
}
