package web_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/keepalive"
	"google.golang.org/grpc/mem"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/stats"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/internal/mix"
)

// TestRPC is TestMix for gRPC: servers with workers for streams and without, over plain connections
// and TLS.
func TestRPC(t *testing.T) {
	w := newWorld(t)
	ready, end := make(chan bool), make(chan bool)
	var setup sync.WaitGroup
	var clients []*grpc.ClientConn
	setup.Go(func() {
		w.In("the one that began it all", func() {
			for _, kind := range []rpcKind{{}, {workers: 3}, {tls: true, workers: 1}, {restless: true}, {handler: true}} {
				clients = append(clients, w.rpc(kind))
			}
			close(ready)
			<-end
		})
	})
	<-ready

	var n, answered, failed atomic.Int64
	var group sync.WaitGroup
	for range 12 {
		gls.Isolate(func() {
			group.Go(func() {
				for {
					n := int(n.Add(1) - 1)
					own, none, _ := w.Totals()
					if n >= 300 && own+none >= checks() {
						return
					}
					id := fmt.Sprint("rpc-", n)
					w.In(id, func() {
						if err := w.call(clients[n%len(clients)], n/len(clients), id); err == nil {
							answered.Add(1)
						} else if failed.Add(1); status.Code(err) == codes.Internal {
							w.Fault("%v", err)
						}
					})
				}
			})
		})
	}
	group.Wait()
	w.settle()
	assert.Empty(t, w.Kept(), "kept of requests that are over, while connections are open")
	close(end)
	setup.Wait()
	for _, c := range clients {
		require.NoError(t, c.Close())
	}
	w.close()

	own, none, another := w.Totals()
	t.Logf("%v: %d calls answered, %d failed; found own %d, nothing %d, another's %d", gls.Propagation(), answered.Load(),
		failed.Load(), own, none, another)
	t.Logf("\n%v", w)
	assert.Empty(t, w.Faults())
	assert.Zero(t, another)
	assert.Greater(t, answered.Load(), failed.Load())
	for _, place := range rpcPlaces {
		own, none, _ := w.Of(place)
		assert.NotZero(t, own+none, "%s was not called", place)
	}
}

var rpcPlaces = []string{
	"grpc dialer", "per-RPC credentials", "client interceptor", "server interceptor", "client stats *stats.Begin",
	"client stats *stats.End", "server stats *stats.Begin", "server stats *stats.End", "client TagRPC", "server TagRPC",
	"client stats of connections", "server stats of connections", "codec.Marshal", "codec.Unmarshal", "server tap",
	"stream handler", "unary handler", "client tls.VerifyConnection", "grpc.OnFinish",
}

// A message has the id of its request.
type message struct{ id string }

// A codec writes messages as they are.
type codec struct{ w *world }

func (c codec) Marshal(v any) (mem.BufferSlice, error) {
	m := v.(*message)
	c.w.Check("codec.Marshal", m.id)
	return mem.BufferSlice{mem.SliceBuffer(m.id)}, nil
}

func (c codec) Unmarshal(data mem.BufferSlice, v any) error {
	m := v.(*message)
	m.id = string(data.Materialize())
	c.w.Check("codec.Unmarshal", m.id)
	return nil
}

func (codec) Name() string { return "mix" }

type rpcKind struct {
	tls      bool
	workers  uint32
	restless bool // connections are short-lived
	handler  bool // the server is a handler of net/http
}

// rpc starts a server and returns a client of it.
func (w *world) rpc(kind rpcKind) *grpc.ClientConn {
	options := []grpc.ServerOption{
		grpc.ForceServerCodecV2(codec{w}), grpc.NumStreamWorkers(kind.workers), grpc.MaxConcurrentStreams(8),
		grpc.StatsHandler(statistics{w, "server", metadata.FromIncomingContext}),
		grpc.ChainUnaryInterceptor(func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (answer any, err error) {
			w.Check("server interceptor, before its scope", around(kind, ctx))
			w.In(rpcID(metadata.FromIncomingContext(ctx)), func() { answer, err = next(ctx, r) })
			return answer, err
		}, func(ctx context.Context, r any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (any, error) {
			w.Must("server interceptor", rpcID(metadata.FromIncomingContext(ctx)))
			return next(ctx, r)
		}),
		grpc.StreamInterceptor(func(s any, stream grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
			w.Check("server interceptor, before its scope", around(kind, stream.Context()))
			w.In(rpcID(metadata.FromIncomingContext(stream.Context())), func() { err = next(s, stream) })
			return err
		}),
		grpc.InTapHandle(func(ctx context.Context, _ *tap.Info) (context.Context, error) {
			w.CheckHere("server tap")
			return ctx, nil
		}),
		grpc.UnknownServiceHandler(w.stream),
	}
	if kind.restless {
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionAge: 10 * time.Millisecond, MaxConnectionAgeGrace: 10 * time.Millisecond, Time: time.Second,
		}))
	}
	secret := insecure.NewCredentials()
	if kind.tls {
		plain := w.serve(nil, how{tls: true, http2: true}) // for its certificate
		options = append(options, grpc.Creds(credentials.NewTLS(plain.TLS)))
		secret = credentials.NewTLS(w.clientTLS(certificates(plain)))
	}
	server := grpc.NewServer(options...)
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: "mix", HandlerType: (*any)(nil),
		Methods: []grpc.MethodDesc{{MethodName: "unary", Handler: w.unary}},
	}, nil)
	w.closers = append(w.closers, server.Stop)
	target := "passthrough:"
	if kind.workers == 0 {
		target = "dns:"
	}
	if kind.handler {
		s := w.serve(w.Serve(server), how{tls: true, http2: true})
		secret = credentials.NewTLS(w.clientTLS(certificates(s)))
		target += s.Listener.Addr().String()
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(w.t, err)
		gls.Isolate(func() { go func() { _ = server.Serve(&listener{l, w}) }() })
		target += l.Addr().String()
	}
	c, err := grpc.NewClient(target,
		grpc.WithTransportCredentials(secret), grpc.WithPerRPCCredentials(perCall{w}),
		grpc.WithDefaultCallOptions(grpc.ForceCodecV2(codec{w}), grpc.WaitForReady(true)),
		grpc.WithStatsHandler(statistics{w, "client", metadata.FromOutgoingContext}),
		grpc.WithIdleTimeout(50*time.Millisecond),
		grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			w.CheckHere("grpc dialer")
			return w.dial(ctx, "tcp", address)
		}),
		grpc.WithUnaryInterceptor(func(ctx context.Context, method string, r, answer any, c *grpc.ClientConn, next grpc.UnaryInvoker, o ...grpc.CallOption) error {
			w.Must("client interceptor", idOf(ctx))
			defer w.Must("client interceptor", idOf(ctx))
			return next(ctx, method, r, answer, c, o...)
		}),
		grpc.WithStreamInterceptor(func(ctx context.Context, d *grpc.StreamDesc, c *grpc.ClientConn, method string, next grpc.Streamer, o ...grpc.CallOption) (grpc.ClientStream, error) {
			w.Must("client interceptor", idOf(ctx))
			return next(ctx, d, c, method, o...)
		}))
	require.NoError(w.t, err)
	return c
}

func rpcID(md metadata.MD, _ bool) string {
	if ids := md.Get(mix.Header); len(ids) > 0 {
		return ids[0]
	}
	return ""
}

// around returns the id of the request in which an interceptor runs: that of the call in
// Middleware, otherwise none.
func around(kind rpcKind, ctx context.Context) string {
	if kind.handler {
		return rpcID(metadata.FromIncomingContext(ctx))
	}
	return ""
}

func (w *world) unary(_ any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
	r := new(message)
	if err := decode(r); err != nil {
		return nil, err
	}
	return interceptor(ctx, r, &grpc.UnaryServerInfo{FullMethod: "/mix/unary"}, func(ctx context.Context, r any) (any, error) {
		id := rpcID(metadata.FromIncomingContext(ctx))
		w.Must("unary handler", id)
		w.children(ctx, id)
		time.Sleep(short() / 4)
		if r.(*message).id != id {
			w.Fault("the server of %q was sent %q", id, r.(*message).id)
		}
		if rand.IntN(10) == 0 {
			return nil, status.Error(codes.Aborted, "")
		}
		return &message{id}, nil
	})
}

// stream sends back all messages.
func (w *world) stream(_ any, s grpc.ServerStream) error {
	id := rpcID(metadata.FromIncomingContext(s.Context()))
	w.children(s.Context(), id)
	var m message
	for {
		w.Must("stream handler", id)
		if err := s.RecvMsg(&m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if m.id != id {
			w.Fault("the server of %q was sent %q", id, m.id)
		}
		if err := s.SendMsg(&m); err != nil {
			return err
		}
	}
}

// call makes one call: a unary one, or a stream on which both sides send, or one side, or which is
// left open or cancelled.
func (w *world) call(c *grpc.ClientConn, kind int, id string) error {
	ctx, cancel := context.WithTimeout(context.WithValue(context.Background(), idKey{}, id), 20*time.Second)
	defer cancel()
	ctx = metadata.AppendToOutgoingContext(ctx, mix.Header, id)
	finish := grpc.OnFinish(func(error) { w.Check("grpc.OnFinish", id) })
	if kind%5 == 4 {
		time.AfterFunc(short(), cancel)
	}
	if kind%2 == 0 {
		answer := new(message)
		err := c.Invoke(ctx, "/mix/unary", &message{id}, answer, finish)
		if err == nil && answer.id != id {
			w.Fault("the client of %q was answered %q", id, answer.id)
		}
		return err
	}
	s, err := c.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/mix/stream", finish)
	if err != nil {
		return err
	}
	sent := 1 + rand.IntN(5)
	for range sent {
		if err := s.SendMsg(&message{id}); err != nil {
			return err
		}
	}
	if kind%3 == 0 { // the context ends it
		return nil
	}
	if err := s.CloseSend(); err != nil {
		return err
	}
	for {
		answer := new(message)
		if err := s.RecvMsg(answer); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		w.Must("a client's code", id)
		if answer.id != id {
			w.Fault("the client of %q was answered %q", id, answer.id)
		}
	}
}

type perCall struct{ w *world }

func (c perCall) GetRequestMetadata(ctx context.Context, _ ...string) (map[string]string, error) {
	c.w.Check("per-RPC credentials", idOf(ctx))
	return nil, nil
}

func (perCall) RequireTransportSecurity() bool { return false }

// statistics is a stats handler.
type statistics struct {
	w    *world
	side string
	of   func(context.Context) (metadata.MD, bool)
}

func (s statistics) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	s.w.Check(s.side+" TagRPC", rpcID(s.of(ctx)))
	return ctx
}

func (s statistics) HandleRPC(ctx context.Context, what stats.RPCStats) {
	s.w.Check(fmt.Sprintf("%s stats %T", s.side, what), rpcID(s.of(ctx)))
}

func (s statistics) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }

func (s statistics) HandleConn(context.Context, stats.ConnStats) {
	s.w.CheckHere(s.side + " stats of connections")
}
