package mux_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/gorilla/mux"

	recipe "github.com/ambient-go/ambient/httpctx/recipes/mux"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// trace replaces the request, as tracing and authentication do.
func trace(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(routetest.Trace(r.Context())))
	})
}

// recoverer stands for that of gorilla/handlers.
func recoverer(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			if recover() != nil {
				w.WriteHeader(http.StatusInternalServerError)
			}
		}()
		next.ServeHTTP(w, r)
	})
}

func newProbe() (*routetest.Probe, http.Handler) {
	p := &routetest.Probe{Pattern: "/users/{id:[0-9]+}", Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
	router := mux.NewRouter()
	router.Use(recoverer, trace, recipe.Ambient)
	users := router.PathPrefix("/users").Subrouter()
	users.HandleFunc("/{id:[0-9]+}", func(w http.ResponseWriter, r *http.Request) {
		fmt.Fprint(w, p.Handle(mux.Vars(r)["id"]))
	}).Methods(http.MethodGet)
	router.HandleFunc("/panic", func(http.ResponseWriter, *http.Request) { p.Panic() })
	return p, router
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) {
	p, h := newProbe()
	p.Load(t, h)
}

func TestFaultsLeaveNothingBehind(t *testing.T) {
	p, h := newProbe()
	p.Faults(t, h)
}
