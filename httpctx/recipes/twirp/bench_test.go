package twirp_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

type reader func(ctx context.Context) string

func (r reader) Greet(ctx context.Context, _ *wrapperspb.StringValue) (*wrapperspb.StringValue, error) {
	return wrapperspb.String(r(ctx)), nil
}

func BenchmarkCall(b *testing.B) {
	calls := func(middleware func(http.Handler) http.Handler, id reader) func(n int) {
		server := httptest.NewServer(middleware(NewUsersServer(id)))
		b.Cleanup(server.Close)
		return func(n int) {
			for range n {
				answer, err := call(server.Client(), server.URL, "1")
				require.NoError(b, err)
				require.Equal(b, "id-1", answer)
			}
		}
	}
	adaptertest.InTurn(b,
		calls(framework.IDMiddleware, framework.ID),
		calls(httpctx.Middleware, func(context.Context) string { return httpctx.GetOrFail().ID() }))
}
