package huma_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humachi"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
	"github.com/go-chi/chi/v5"

	"github.com/ambient-go/ambient/httpctx"
	recipe "github.com/ambient-go/ambient/httpctx/recipes/huma"
	"github.com/ambient-go/ambient/internal/adaptertest/routetest"
)

// servers are huma's adapters with the recipe of their routers; the pattern is the router's.
var servers = map[string]struct {
	pattern string
	make    func() (http.Handler, huma.API)
}{
	"humago": {"GET /users/{id}", func() (http.Handler, huma.API) {
		mux := http.NewServeMux()
		return recoverer(httpctx.Middleware(mux)), humago.New(mux, huma.DefaultConfig("Users", "1.0.0"))
	}},
	"humachi": {"/users/{id}", func() (http.Handler, huma.API) {
		router := chi.NewRouter()
		router.Use(recoverer, httpctx.Middleware)
		return router, humachi.New(router, huma.DefaultConfig("Users", "1.0.0"))
	}},
}

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

// trace replaces the context of the operation alone.
func trace(ctx huma.Context, next func(huma.Context)) {
	next(huma.WithContext(ctx, routetest.Trace(ctx.Context())))
}

type answer struct {
	Body []byte
}

func each(t *testing.T, run func(*routetest.Probe, *testing.T, http.Handler)) {
	for name, server := range servers {
		t.Run(name, func(t *testing.T) {
			p := &routetest.Probe{Pattern: server.pattern, Param: "id", Traced: true, Start: func(fn func()) { go fn() }}
			handler, api := server.make()
			api.UseMiddleware(trace, recipe.Ambient)
			huma.Get(api, "/users/{id}", func(_ context.Context, in *struct {
				ID string `path:"id"`
			},
			) (*answer, error) {
				return &answer{Body: []byte(p.Handle(in.ID))}, nil
			})
			huma.Get(api, "/panic", func(context.Context, *struct{}) (*answer, error) {
				p.Panic()
				return nil, nil
			})
			run(p, t, handler)
		})
	}
}

func TestEachRequestFindsItselfUnderLoad(t *testing.T) { each(t, (*routetest.Probe).Load) }

func TestFaultsLeaveNothingBehind(t *testing.T) {
	each(t, func(p *routetest.Probe, t *testing.T, h http.Handler) { p.Faults(t, h) })
}
