package glsgqlgen_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"github.com/ambient-go/ambient/gls/glsgqlgen"
)

type whoKey struct{}

const below = "seen again children(n:8){seen again one{seen again} children(n:2){seen again}}"

// A response with 68 strings, 66 of them below a list, with extensions of one's own that put the value into the ctx, and with
// this one.
func BenchmarkQuery(b *testing.B) {
	body := []byte(`{"query":"{node{` + below + `}}"}`)
	for _, impl := range []string{"none", "context", "ambient"} {
		b.Run("impl="+impl, func(b *testing.B) {
			r := &root{t: b, value: func(ctx context.Context) string { name, _ := ctx.Value(whoKey{}).(string); return name }}
			srv := newServer(r)
			switch impl {
			case "context":
				srv.AroundOperations(func(ctx context.Context, next graphql.OperationHandler) graphql.ResponseHandler {
					return next(context.WithValue(ctx, whoKey{}, "ada"))
				})
				srv.AroundFields(func(ctx context.Context, next graphql.Resolver) (any, error) { return next(ctx) })
			case "ambient":
				r.value = func(context.Context) string { name, _ := who.Get(); return name }
				srv.Use(glsgqlgen.Extension{})
			}
			b.ReportAllocs()
			for b.Loop() {
				who.Run("ada", func() {
					request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(body))
					request.Header.Set("Content-Type", plainJSON)
					srv.ServeHTTP(httptest.NewRecorder(), request)
				})
			}
		})
	}
}
