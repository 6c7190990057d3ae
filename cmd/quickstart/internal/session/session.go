// Package session knows which user is signed in to the current request.
package session

import (
	"log/slog"
	"net/http"

	"github.com/ambient-go/ambient/cmd/quickstart/internal/current"
	"github.com/ambient-go/ambient/httpctx"
)

var user = httpctx.NewKey[current.User]("signed-in user")

// User returns the signed-in user. It panics if there is none.
func User() current.User { return user.GetOrFail() }

// SignIn is middleware that signs in the user of the request's basic authentication and adds the
// user to the request's log lines.
func SignIn(users map[string]current.User, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		name, _, _ := r.BasicAuth()
		u, ok := users[name]
		if !ok {
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		user.Set(httpctx.GetOrFail(), u)
		httpctx.AddLogAttrs(slog.Int("user", u.ID))
		next.ServeHTTP(w, r)
	})
}
