package middleware

import (
	"context"
	"net/http"
	"strconv"
	"time"
)

// TimeoutHeader is the header that tells the next server how many milliseconds are left.
const TimeoutHeader = "X-Request-Timeout"

// Deadline limits each request to d, or to less if its client asks for less.
func Deadline(d time.Duration, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		d := d
		if ms, err := strconv.Atoi(r.Header.Get(TimeoutHeader)); err == nil {
			d = min(d, time.Duration(ms)*time.Millisecond)
		}
		ctx, cancel := context.WithTimeout(r.Context(), d)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}
