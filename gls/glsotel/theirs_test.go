package glsotel_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/httpctx"
)

// A service is grpc's own test service, whose calls of two kinds are one function.
type service struct {
	grpc_testing.UnimplementedTestServiceServer

	call func(ctx context.Context)
}

func (s *service) EmptyCall(ctx context.Context, _ *grpc_testing.Empty) (*grpc_testing.Empty, error) {
	s.call(ctx)
	return &grpc_testing.Empty{}, nil
}

func (s *service) StreamingOutputCall(
	_ *grpc_testing.StreamingOutputCallRequest, stream grpc_testing.TestService_StreamingOutputCallServer,
) error {
	s.call(stream.Context())
	return nil
}

func serveGRPC(t *testing.T, s *service, opts ...grpc.ServerOption) (addr string) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(opts...)
	grpc_testing.RegisterTestServiceServer(server, s)
	served := make(chan struct{})
	go func() {
		defer close(served)
		assert.NoError(t, server.Serve(listener))
	}()
	t.Cleanup(func() { server.Stop(); <-served })
	return listener.Addr().String()
}

// A caller calls the service, in both kinds.
type caller struct {
	client grpc_testing.TestServiceClient
}

func dial(t *testing.T, addr string, opts ...grpc.DialOption) caller {
	conn, err := grpc.NewClient(addr, append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	return caller{grpc_testing.NewTestServiceClient(conn)}
}

func (c caller) unary(ctx context.Context) error {
	_, err := c.client.EmptyCall(ctx, &grpc_testing.Empty{})
	return err
}

func (c caller) stream(ctx context.Context) error {
	stream, err := c.client.StreamingOutputCall(ctx, &grpc_testing.StreamingOutputCallRequest{})
	if err != nil {
		return err
	}
	for {
		if _, err := stream.Recv(); err == io.EOF {
			return nil
		} else if err != nil {
			return err
		}
	}
}

// connected fails the test where the spans are not one trace, in which each has its parent and one is the root.
func connected(t *testing.T, all tracetest.SpanStubs) {
	t.Helper()
	known := make(map[trace.SpanID]bool)
	for _, s := range all {
		known[s.SpanContext.SpanID()] = true
	}
	roots := 0
	for _, s := range all {
		assert.Equal(t, all[0].SpanContext.TraceID(), s.SpanContext.TraceID(), s.Name)
		if !s.Parent.IsValid() {
			roots++
		} else {
			assert.True(t, known[s.Parent.SpanID()], "the parent of %s is missing", s.Name)
		}
	}
	assert.Equal(t, 1, roots)
}

// The lines of otelhttp's examples for a server and a client, with nothing of this package but the propagator: a span
// around the client's request, a baggage member that the server reads, and a span in the handler.
func TestOtelhttpWorksAsItDoes(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	hello := func(w http.ResponseWriter, r *http.Request) {
		ctx := r.Context()
		trace.SpanFromContext(ctx).AddEvent("handling this")
		_, s := otel.Tracer("example").Start(ctx, "in the handler")
		defer s.End()
		_, _ = io.WriteString(w, "Hello, "+baggage.FromContext(ctx).Member("username").Value())
	}
	url := serve(t, otelhttp.NewHandler(http.HandlerFunc(hello), "Hello"))
	client := http.Client{Transport: otelhttp.NewTransport(http.DefaultTransport)}
	ctx := withBaggage(context.Background(), t, member(t, "username", "donuts & coffee"))
	ctx, s := otel.Tracer("example").Start(ctx, "say hello")
	assert.Equal(t, "Hello, donuts & coffee", fetch(t, &client, get(ctx, t, url+"/hello")))
	s.End()
	all := exporter.GetSpans()
	assert.Len(t, all, 4)
	connected(t, all)
}

// The order that people write by hand: Middleware resumes what otelhttp's handler has put into the request's context.
func TestOtelhttpAroundMiddleware(t *testing.T) {
	exporter := global(t, glsotel.New(values, glsotel.AnyHost()))
	url := serve(t, otelhttp.NewHandler(httpctx.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, tenant.GetOrFail())
		glsotel.Run("in the handler", func() {})
	})), "server"))
	client := http.Client{Transport: httpctx.Transport(otelhttp.NewTransport(nil))}
	tenant.Run("acme", func() {
		glsotel.Run("client", func() {
			assert.Equal(t, "acme", fetch(t, &client, get(context.Background(), t, url)))
		})
	})
	assert.Len(t, exporter.GetSpans(), 4)
	connected(t, exporter.GetSpans())
}

// The lines of otelgrpc's example: a stats handler at each end.
func TestOtelgrpcWorksAsItDoes(t *testing.T) {
	for name, resumed := range map[string]bool{"alone": false, "with glsgrpc": true} {
		t.Run(name, func(t *testing.T) {
			exporter := global(t, glsotel.Propagator(values...))
			var s service
			server := []grpc.ServerOption{grpc.StatsHandler(otelgrpc.NewServerHandler())}
			client := []grpc.DialOption{grpc.WithStatsHandler(otelgrpc.NewClientHandler())}
			if resumed {
				server, client = glsgrpc.Server(server...), glsgrpc.Dial(client...)
			}
			c := dial(t, serveGRPC(t, &s, server...), client...)
			s.call = func(ctx context.Context) {
				assert.Equal(t, "1", baggage.FromContext(ctx).Member("other").Value())
				gls.Resume(ctx, func() { assert.Equal(t, "acme", tenant.GetOrFail()) })
				if resumed {
					assert.Equal(t, "acme", tenant.GetOrFail())
					assert.Equal(t, trace.SpanFromContext(ctx), trace.SpanFromContext(gls.Context()))
					glsotel.Run("in the handler", func() {})
				}
			}
			for kind, call := range map[string]func(context.Context) error{"unary": c.unary, "stream": c.stream} {
				exporter.Reset()
				gls.Run(func() {
					ctx := withBaggage(context.Background(), t, member(t, "other", "1"))
					ctx, span := otel.Tracer("example").Start(ctx, "client")
					defer span.End()
					if resumed { // no function takes a ctx
						gls.RunContext(ctx, func() { assert.NoError(t, call(context.Background()), kind) })
					} else {
						assert.NoError(t, call(ctx), kind)
					}
				}, tenant.With("acme"))
				want := 3
				if resumed {
					want++
				}
				assert.Eventually(t, func() bool { return len(exporter.GetSpans()) == want }, eventually, tick)
				connected(t, exporter.GetSpans())
			}
		})
	}
}
