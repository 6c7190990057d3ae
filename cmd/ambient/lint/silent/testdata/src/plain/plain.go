// Package plain installs nothing: its log lines never had a request.
package plain

import (
	"log/slog"
	"net/http"
)

func handler(w http.ResponseWriter, r *http.Request) {
	go slog.Info("charged")
	go func() { _, _ = http.Get("http://example.com") }()
}

var _ http.HandlerFunc = handler
