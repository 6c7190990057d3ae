package glsgrpc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/httpctx"
)

// A backend notes what reaches it.
type backend struct {
	service

	md          metadata.MD
	hasDeadline bool
	calls       map[string]func(c client, ctx context.Context) error
	client      client
}

func newBackend(t *testing.T) *backend {
	b := new(backend)
	b.calls = kinds(&b.service, func(ctx context.Context) error {
		b.md, _ = metadata.FromIncomingContext(ctx)
		_, b.hasDeadline = ctx.Deadline()
		return nil
	})
	b.client = dial(t, start(t, &b.service))
	return b
}

func (b *backend) ids() []string { return b.md.Get("x-request-id") }

// inCall calls fn as the handler of a call with the id "id-1" and a deadline.
func inCall(t *testing.T, fn func(ctx context.Context)) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ctx = metadata.NewIncomingContext(ctx, metadata.Pairs("x-request-id", "id-1"))
	_, err := glsgrpc.UnaryServerInterceptor()(ctx, nil, &grpc.UnaryServerInfo{FullMethod: "/s/m"},
		func(ctx context.Context, _ any) (any, error) { fn(ctx); return nil, nil })
	require.NoError(t, err)
}

func TestACallWithBackgroundGetsTheAmbientContext(t *testing.T) {
	b := newBackend(t)
	for kind, call := range b.calls {
		inCall(t, func(ctx context.Context) {
			require.NoError(t, call(b.client, context.Background()))
			assert.True(t, b.hasDeadline, kind)
			assert.Equal(t, []string{"id-1"}, b.ids(), kind)

			cancelled, cancel := context.WithCancel(ctx)
			cancel()
			gls.RunContext(cancelled, func() {
				assert.Equal(t, codes.Canceled, status.Code(call(b.client, context.Background())), kind)
				require.NoError(t, call(b.client, context.TODO()), "%s: any other context wins", kind)
				assert.False(t, b.hasDeadline, kind)
				assert.Equal(t, []string{"id-1"}, b.ids(), kind)
			})
			gls.RunContext(with(ctx, "tenant", "acme"), func() {
				require.NoError(t, call(b.client, context.Background()))
				assert.Equal(t, []string{"acme"}, b.md.Get("tenant"), kind)
			})
		})
	}
}

func TestExplicitMetadataWins(t *testing.T) {
	b := newBackend(t)
	for kind, call := range b.calls {
		inCall(t, func(context.Context) {
			require.NoError(t, call(b.client, with(context.Background(), "x-request-id", "mine")))
			assert.Equal(t, []string{"mine"}, b.ids(), kind)
			assert.False(t, b.hasDeadline, kind)
		})
	}
}

func TestNothingIsAddedOutsideOfACall(t *testing.T) {
	b := newBackend(t)
	for kind, call := range b.calls {
		outside := func(ctx context.Context) {
			require.NoError(t, call(b.client, ctx))
			assert.Empty(t, b.ids(), kind)
			assert.False(t, b.hasDeadline, kind)
		}
		outside(context.Background())
		inCall(t, func(context.Context) { gls.Isolate(func() { outside(context.Background()) }) })

		var late gls.Snapshot
		var over context.Context
		inCall(t, func(ctx context.Context) { late, over = gls.Capture(), context.WithoutCancel(ctx) })
		late.Run(func() {
			assert.Equal(t, context.Background(), gls.Context())
			outside(context.Background())
			require.NoError(t, call(b.client, over))
			assert.Empty(t, b.ids(), kind)
			expired, cancel := context.WithCancel(context.Background())
			cancel()
			gls.RunContext(expired, func() {
				assert.Equal(t, codes.Canceled, status.Code(call(b.client, context.Background())),
					"%s: an ambient context set after the call counts", kind)
			})
		})
	}
}

// On a goroutine of a library, say, that has been handed the ctx.
func TestTheIDIsFoundByTheCtxAlone(t *testing.T) {
	b := newBackend(t)
	for kind, call := range b.calls {
		inCall(t, func(ctx context.Context) {
			gls.Isolate(func() {
				require.NoError(t, call(b.client, ctx))
				assert.Equal(t, []string{"id-1"}, b.ids(), kind)
			})
		})
	}
}

func TestACallInAnHTTPRequestSendsItsID(t *testing.T) {
	b := newBackend(t)
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Request-ID", "of-http")
	ctx, cancel := context.WithTimeout(r.Context(), time.Minute)
	defer cancel()
	for kind, call := range b.calls {
		httpctx.Run(httptest.NewRecorder(), r.WithContext(ctx), func() {
			require.NoError(t, call(b.client, context.Background()))
			assert.Equal(t, []string{"of-http"}, b.ids(), kind)
			assert.True(t, b.hasDeadline, kind)
		})
	}
}

func TestTheCallersContextIsNotChanged(t *testing.T) {
	b := newBackend(t)
	for _, call := range b.calls {
		inCall(t, func(context.Context) {
			ctx := with(t.Context(), "tenant", "acme")
			require.NoError(t, call(b.client, ctx))
			md, _ := metadata.FromOutgoingContext(ctx)
			assert.Equal(t, metadata.Pairs("tenant", "acme"), md)
		})
	}
}
