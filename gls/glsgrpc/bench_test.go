package glsgrpc_test

import (
	"context"
	"net"
	"testing"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"

	"github.com/ambient-go/ambient/gls/glsgrpc"
)

type idKey struct{}

// withValue is a server's own middleware: the id in the ctx.
func withValue(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
	ids := metadata.ValueFromIncomingContext(ctx, "x-request-id")
	return next(context.WithValue(ctx, idKey{}, ids[0]), req)
}

// forwarded is a client's own middleware.
func forwarded(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
	opts ...grpc.CallOption,
) error {
	return invoke(metadata.AppendToOutgoingContext(ctx, "x-request-id", "id-1"), method, req, reply, conn, opts...)
}

func BenchmarkUnaryCall(b *testing.B) {
	plain := grpc.WithTransportCredentials(insecure.NewCredentials())
	for _, impl := range []struct {
		name   string
		server []grpc.ServerOption
		client []grpc.DialOption
		read   func(ctx context.Context) string
	}{
		{"context", []grpc.ServerOption{grpc.ChainUnaryInterceptor(withValue)},
			[]grpc.DialOption{grpc.WithChainUnaryInterceptor(forwarded), plain},
			func(ctx context.Context) string { return ctx.Value(idKey{}).(string) }},
		{"ambient", glsgrpc.Server(), glsgrpc.Dial(grpc.WithChainUnaryInterceptor(forwarded), plain),
			func(context.Context) string { c, _ := glsgrpc.Get(); return c.ID() }},
	} {
		b.Run("impl="+impl.name, func(b *testing.B) {
			s := &service{empty: func(ctx context.Context) error {
				if id := impl.read(ctx); id != "id-1" {
					b.Error("lost", id)
				}
				return nil
			}}
			server := grpc.NewServer(impl.server...)
			defer server.Stop()
			grpc_testing.RegisterTestServiceServer(server, s)
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				b.Fatal(err)
			}
			go server.Serve(listener)
			conn, err := grpc.NewClient(listener.Addr().String(), impl.client...)
			if err != nil {
				b.Fatal(err)
			}
			defer conn.Close()
			c := client{grpc_testing.NewTestServiceClient(conn)}
			b.ReportAllocs()
			for b.Loop() {
				if err := c.empty(context.Background()); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
