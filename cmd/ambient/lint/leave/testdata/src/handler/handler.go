// Package handler opens scopes in HTTP handlers.
package handler

import (
	"net/http"

	"github.com/ambient-go/ambient/gls"
)

var user = gls.New[string]("user")

func discards(_ http.ResponseWriter, r *http.Request) {
	user.Enter(r.Host) // want `^the Scope of user.Enter is discarded: the value stays set for the caller too; in a handler use Run$`
}

func early(_ http.ResponseWriter, r *http.Request) {
	scope := user.Enter(r.Host) // want `not left on every path: the return on line 19 is reached without it; in a handler use Run$`
	if r.Host == "" {
		return
	}
	scope.Leave()
}

func middleware(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer user.Enter(r.Host).Leave() // want `^user.Enter in a handler where Run serves: `
		next.ServeHTTP(w, r)
	})
}

type server struct{ scope gls.Scope }

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	scope := user.Enter(r.Host) // want `^user.Enter in a handler where Run serves: the value lasts until a Leave that is easily lost, that of Run as long as its function; put what needs the value into Run$`
	_, _ = w.Write(nil)
	scope.Leave()
	for range 3 {
		scope := user.Enter(r.Host) // want `^user.Enter in a handler where Run serves`
		_, _ = w.Write(nil)
		scope.Leave()
	}
}

func right(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user.Run(r.Host, func() { next.ServeHTTP(w, r) }) // ok: ends with its function
	})
}

func conditional(w http.ResponseWriter, r *http.Request) {
	if r.Host != "" {
		defer user.Enter(r.Host).Leave() // ok: with Run, what follows would have to be written twice
	}
	var scope gls.Scope
	if r.Host == "" {
		scope = user.Enter("nobody") // ok: the same
	}
	defer scope.Leave()
	switch r.Method {
	case http.MethodGet:
		scope := user.Enter("reader") // ok: the same
		defer scope.Leave()
	}
	_, _ = w.Write(nil)
}

func (s *server) escapes(_ http.ResponseWriter, r *http.Request) {
	s.scope = user.Enter(r.Host) // ok: left by someone else
}

func helper(r *http.Request, _ http.ResponseWriter) {
	defer user.Enter(r.Host).Leave() // ok: not a handler
}

func inner(http.ResponseWriter, *http.Request) {
	func() {
		defer user.Enter("Ada").Leave() // ok: in a function of its own, which ends it
	}()
}
