package middleware

import (
	"context"
	"errors"
	"log/slog"
	"net/http"

	"gorm.io/gorm"

	"github.com/ambient-go/ambient/httpctx"
)

// Page turns a function without parameters into a handler. The function's error becomes the
// response.
func Page(fn func() error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		c := httpctx.GetOrFail()
		w.Header().Set("X-Request-ID", c.ID())
		defer func() {
			p := recover()
			if p == nil {
				return
			}
			if p != http.ErrAbortHandler { //nolint:errorlint // that very value is a request to abort
				slog.Error("panic", "value", p)
			}
			panic(http.ErrAbortHandler) // closes the connection: the response so far is no page
		}()
		err := fn()
		if over := c.Context().Err(); err != nil && over != nil {
			err = over // the database may have changed the error
		}
		switch {
		case err == nil:
			slog.Debug("served")
		case errors.Is(err, gorm.ErrRecordNotFound):
			http.Error(w, "There is no such page.", http.StatusNotFound)
		case errors.Is(err, context.Canceled):
			slog.Debug("the client has gone")
			http.Error(w, "The client has gone.", 499) // the client does not read it
		case errors.Is(err, context.DeadlineExceeded):
			slog.Warn("too late", "err", err)
			http.Error(w, "This took too long.", http.StatusServiceUnavailable)
		default:
			slog.Error("failed", "err", err)
			http.Error(w, "Something went wrong.", http.StatusInternalServerError)
		}
	})
}
