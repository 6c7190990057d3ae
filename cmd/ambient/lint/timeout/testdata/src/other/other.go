// Package other makes handlers for other packages.
package other

import (
	"net/http"
	"time"

	"github.com/ambient-go/ambient/httpctx"
)

func WithTimeout(h http.Handler) http.Handler { // want WithTimeout:`made{Timeout:true Middleware:false Within:\[\]}`
	return http.TimeoutHandler(h, time.Second, "")
}

func WithRequest(h http.Handler) http.Handler { // want WithRequest:`made{Timeout:false Middleware:true Within:\[0\]}`
	return Log(httpctx.New(httpctx.WithLogger(nil))(h))
}

func Both(h http.Handler) http.Handler { // want Both:`made{Timeout:false Middleware:true Within:\[0\] Pair}`
	h = WithRequest(h)
	return WithTimeout(h)
}

func Log(h http.Handler) http.Handler { // ok: neither
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { h.ServeHTTP(w, r) })
}
