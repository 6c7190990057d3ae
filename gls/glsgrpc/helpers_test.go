package glsgrpc_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/gls/glslog"
)

func TestBuildIsTheExpectedOne(t *testing.T) {
	if want := os.Getenv("AMBIENT_EXPECT"); want != "" {
		assert.Equal(t, want, gls.Propagation().String())
	}
}

const (
	unaryMethod  = grpc_testing.TestService_UnaryCall_FullMethodName
	streamMethod = grpc_testing.TestService_FullDuplexCall_FullMethodName
)

// user is what auth sets.
var user = gls.New[string]("user")

// A service is grpc's own test service.
type service struct {
	grpc_testing.UnimplementedTestServiceServer

	empty, unary func(ctx context.Context) error
	stream       func(s grpc.ServerStream) error
}

func (s *service) EmptyCall(ctx context.Context, _ *grpc_testing.Empty) (*grpc_testing.Empty, error) {
	return &grpc_testing.Empty{}, s.empty(ctx)
}

func (s *service) UnaryCall(ctx context.Context, _ *grpc_testing.SimpleRequest) (*grpc_testing.SimpleResponse, error) {
	return &grpc_testing.SimpleResponse{}, s.unary(ctx)
}

func (s *service) FullDuplexCall(stream grpc_testing.TestService_FullDuplexCallServer) error {
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := s.stream(stream); err != nil {
		return err
	}
	return stream.Send(&grpc_testing.StreamingOutputCallResponse{})
}

// start serves s on a loopback port until the test ends.
func start(t *testing.T, s *service, opts ...grpc.ServerOption) (addr string) {
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

// A client is one with Dial's interceptors, which calls the service.
type client struct{ grpc_testing.TestServiceClient }

func dial(t *testing.T, addr string, opts ...grpc.DialOption) client {
	opts = append(opts, grpc.WithTransportCredentials(insecure.NewCredentials()))
	conn, err := grpc.NewClient(addr, glsgrpc.Dial(opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, conn.Close()) })
	return client{grpc_testing.NewTestServiceClient(conn)}
}

func (c client) empty(ctx context.Context) error {
	_, err := c.EmptyCall(ctx, &grpc_testing.Empty{})
	return err
}

func (c client) unary(ctx context.Context) error {
	_, err := c.UnaryCall(ctx, &grpc_testing.SimpleRequest{})
	return err
}

func (c client) stream(ctx context.Context) error {
	stream, err := c.FullDuplexCall(ctx)
	if err != nil {
		return err
	}
	if err := stream.Send(&grpc_testing.StreamingOutputCallRequest{}); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != nil {
		return err
	}
	if err := stream.CloseSend(); err != nil {
		return err
	}
	if _, err := stream.Recv(); err != io.EOF { // until the handler has returned
		return fmt.Errorf("the stream ends with %w", err)
	}
	return nil
}

// with returns a context in which calls send these pairs of key and value.
func with(ctx context.Context, pairs ...string) context.Context {
	return metadata.AppendToOutgoingContext(ctx, pairs...)
}

// authed calls next as the user that the client names, which is how a user of the package sets values.
func authed(ctx context.Context, next func()) {
	names := metadata.ValueFromIncomingContext(ctx, "user")
	if len(names) == 0 {
		next()
		return
	}
	user.Run(names[0], next)
}

// auth is authed as interceptors.
func auth() []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.ChainUnaryInterceptor(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
				authed(ctx, func() { resp, err = next(ctx, req) })
				return resp, err
			}),
		grpc.ChainStreamInterceptor(
			func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
				authed(s.Context(), func() { err = next(srv, s) })
				return err
			}),
	}
}

// around are interceptors outside of all others, those of Server too, which call fn.
func around(fn func(next func() error) error) []grpc.ServerOption {
	return []grpc.ServerOption{
		grpc.UnaryInterceptor(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
				err = fn(func() error { resp, err = next(ctx, req); return err })
				return resp, err
			}),
		grpc.StreamInterceptor(
			func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) error {
				return fn(func() error { return next(srv, s) })
			}),
	}
}

// recovering is next with a panic as an error.
func recovering(next func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = status.Errorf(codes.Internal, "recovered: %v", r)
		}
	}()
	return next()
}

// Lines collects log lines.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

// logger logs through glslog.
func (l *lines) logger() *slog.Logger { return slog.New(glslog.Handler(slog.NewJSONHandler(l, nil))) }

func (l *lines) all(t *testing.T) (all []map[string]any) {
	for _, line := range bytes.Split(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m))
		all = append(all, m)
	}
	return all
}
