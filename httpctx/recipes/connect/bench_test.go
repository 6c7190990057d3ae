package connect_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func BenchmarkUnaryCall(b *testing.B) {
	calls := func(middleware func(http.Handler) http.Handler, id func(context.Context) string) func(n int) {
		server := httptest.NewServer(middleware(connect.NewUnaryHandler(unary,
			func(ctx context.Context, _ *connect.Request[text]) (*connect.Response[text], error) {
				return connect.NewResponse(wrapperspb.String(id(ctx))), nil
			})))
		b.Cleanup(server.Close)
		return func(n int) {
			for range n {
				answer, err := callUnary(server.Client(), server.URL, "1")
				require.NoError(b, err)
				require.Equal(b, "id-1", answer)
			}
		}
	}
	adaptertest.InTurn(b,
		calls(framework.IDMiddleware, framework.ID),
		calls(httpctx.Middleware, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
