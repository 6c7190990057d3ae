package chi_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the request, as tracing and authentication do.
func trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(routetest.Trace(r.Context())))
	})
}

func newProbe(pattern string) *routetest.Probe {
	return &routetest.Probe{Pattern: pattern, Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
}

// newServer serves by p, in a router that is mounted at prefix in another one.
func newServer(p *routetest.Probe) http.Handler {
	inner := chi.NewRouter()
	inner.Get("/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, p.Handle(chi.URLParam(r, "id"))) })
	router := chi.NewRouter()
	router.Use(recoverer, trace, httpctx.Middleware)
	router.Mount("/users", inner)
	router.Get("/panic", func(http.ResponseWriter, *http.Request) { p.Panic() })
	return router
}

// recoverer is chi's without its log.
func recoverer(next http.Handler) http.Handler {
	quiet := middleware.WithValue(middleware.LogEntryCtxKey, quiet{})
	return quiet(middleware.Recoverer(next))
}

type quiet struct{ middleware.LogEntry }

func (quiet) Panic(any, []byte) {}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p := newProbe("/users/{id}")
	p.Load(t, newServer(p))
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p := newProbe("/users/{id}")
	p.Faults(t, newServer(p))
}

// A middleware of a mounted router replaces the request once more.
func TestMiddlewareInAMountedRouter(t *testing.T) {
	p := newProbe("/users/{id}")
	inner := chi.NewRouter()
	inner.Use(trace, httpctx.Middleware)
	inner.Get("/{id}", func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, p.Handle(chi.URLParam(r, "id"))) })
	router := chi.NewRouter()
	router.Use(httpctx.Middleware)
	router.Mount("/users", inner)
	p.Load(t, router)
}
