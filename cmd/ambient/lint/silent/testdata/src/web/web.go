// Package web has handlers. Whoever installs the log handler imports it, so it does not see that one is.
package web

import (
	"log/slog"
	"net/http"
)

func Order(w http.ResponseWriter, r *http.Request) {
	go slog.Info("charged") // ok here: app reports it
}
