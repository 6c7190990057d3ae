package main

import (
	"context"
	"net"

	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"

	"github.com/ambient-go/ambient/gls/glsgrpc"
)

func runOrders(p place, done <-chan struct{}) error {
	q, err := openQueue(p.queue)
	if err != nil {
		return err
	}
	defer q.close()
	server := grpc.NewServer(glsgrpc.Server(grpc.StatsHandler(otelgrpc.NewServerHandler()))...)
	grpc_testing.RegisterTestServiceServer(server, &ordersServer{publish: q.publish})
	return serveGRPC(p.orders, server, done)
}

func serveGRPC(address string, server *grpc.Server, done <-chan struct{}) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	go func() { <-done; server.GracefulStop() }()
	return server.Serve(listener)
}

// An ordersClient is a client of the gRPC service. The service is grpc's test service, which needs
// no generated code here.
type ordersClient struct {
	conn   *grpc.ClientConn
	client grpc_testing.TestServiceClient
}

func dialOrders(address string) (*ordersClient, error) {
	conn, err := grpc.NewClient(address, glsgrpc.Dial(
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithStatsHandler(otelgrpc.NewClientHandler()))...)
	if err != nil {
		return nil, err
	}
	return &ordersClient{conn, grpc_testing.NewTestServiceClient(conn)}, nil
}

func (c *ordersClient) close() { _ = c.conn.Close() }

// place places an order for the current flow.
func (c *ordersClient) place(goods string) error {
	_, err := c.client.UnaryCall(context.Background(),
		&grpc_testing.SimpleRequest{Payload: &grpc_testing.Payload{Body: []byte(goods)}})
	return err
}

type ordersServer struct {
	grpc_testing.UnimplementedTestServiceServer

	publish func(goods string) error
}

// UnaryCall has a ctx because grpc's interface has one.
func (s *ordersServer) UnaryCall(_ context.Context, r *grpc_testing.SimpleRequest,
) (*grpc_testing.SimpleResponse, error) {
	goods := string(r.GetPayload().GetBody())
	return &grpc_testing.SimpleResponse{}, work("orders", goods, func() error { return s.publish(goods) })
}
