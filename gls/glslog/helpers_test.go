package glslog_test

import (
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
)

// request is GET /x with the id id-1.
func request() *http.Request {
	r := httptest.NewRequest(http.MethodGet, "/x", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	return r
}

func join(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

func plain(fn func()) { go fn() }

func panicOf(fn func()) (value any) {
	defer func() { value = recover() }()
	fn()
	return nil
}

func boxed() *int {
	one := 1
	return &one
}

// restoreDefault returns what puts slog's and log's defaults back.
func restoreDefault() func() {
	l, w, flags := slog.Default(), log.Writer(), log.Flags()
	return func() {
		slog.SetDefault(l)
		log.SetOutput(w)
		log.SetFlags(flags)
	}
}
