package fleet

import (
	"context"
	"log/slog"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/ambient-go/ambient/gls/glsgrpc"
)

// Orders is a client of the gRPC service, which is grpc's own test service here: it needs no generated code of ours.
type Orders struct {
	client grpc_testing.TestServiceClient
}

// DialOrders returns a client of the service at addr, and what closes it.
func DialOrders(addr string, opts ...grpc.DialOption) (*Orders, func() error, error) {
	opts = append(opts, grpc.WithStatsHandler(otelgrpc.NewClientHandler()))
	conn, err := grpc.NewClient(addr, glsgrpc.Dial(opts...)...)
	if err != nil {
		return nil, nil, err
	}
	return &Orders{grpc_testing.NewTestServiceClient(conn)}, conn.Close, nil
}

// Place places an order of the running flow.
func (o *Orders) Place() error {
	_, err := o.client.EmptyCall(context.Background(), &grpc_testing.Empty{})
	return err
}

// NewOrders returns the gRPC server, which puts an order into the queue.
func NewOrders(log *slog.Logger, queue *Queue) *grpc.Server {
	server := grpc.NewServer(glsgrpc.Server(grpc.StatsHandler(otelgrpc.NewServerHandler()))...)
	grpc_testing.RegisterTestServiceServer(server, &ordersServer{log: log, queue: queue})
	return server
}

type ordersServer struct {
	grpc_testing.UnimplementedTestServiceServer

	log   *slog.Logger
	queue *Queue
}

// EmptyCall has a ctx because grpc says so.
func (s *ordersServer) EmptyCall(context.Context, *grpc_testing.Empty) (*grpc_testing.Empty, error) {
	return &grpc_testing.Empty{}, work(s.log, "orders", s.queue.Publish)
}
