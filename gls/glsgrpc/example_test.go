// The program of the package documentation is the example of this file.

package glsgrpc_test

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"os"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/metadata"

	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/gls/glslog"
)

type health struct {
	grpc_health_v1.UnimplementedHealthServer
}

func (health) Check(context.Context, *grpc_health_v1.HealthCheckRequest) (*grpc_health_v1.HealthCheckResponse, error) {
	look()
	return &grpc_health_v1.HealthCheckResponse{Status: grpc_health_v1.HealthCheckResponse_SERVING}, nil
}

// look takes no ctx.
func look() { log.Info("all is well") }

var log *slog.Logger

// shown drops what is different in each run.
func shown(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "peer" {
		return slog.Attr{}
	}
	return a
}

func Example() {
	log = slog.New(glslog.Handler(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: shown})))
	server := grpc.NewServer(glsgrpc.Server()...)
	grpc_health_v1.RegisterHealthServer(server, health{})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err)
	}
	go server.Serve(listener)
	defer server.Stop()

	conn, err := grpc.NewClient(listener.Addr().String(),
		glsgrpc.Dial(grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	if err != nil {
		panic(err)
	}
	defer conn.Close()
	ctx := metadata.AppendToOutgoingContext(context.Background(), "x-request-id", "id-1")
	answer, err := grpc_health_v1.NewHealthClient(conn).Check(ctx, &grpc_health_v1.HealthCheckRequest{})
	fmt.Println(answer.GetStatus(), err)
	// Output:
	// level=INFO msg="all is well" request_id=id-1 method=/grpc.health.v1.Health/Check
	// SERVING <nil>
}
