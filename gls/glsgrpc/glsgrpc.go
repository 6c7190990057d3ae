package glsgrpc

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"regexp"
	"sync/atomic"

	"google.golang.org/grpc"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/peer"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/ambient"
)

// Server returns options for grpc.NewServer: the interceptors of this package, and then opts.
//
//	server := grpc.NewServer(glsgrpc.Server(grpc.Creds(c), grpc.ChainUnaryInterceptor(auth))...)
func Server(opts ...grpc.ServerOption) []grpc.ServerOption {
	return append([]grpc.ServerOption{
		grpc.ChainUnaryInterceptor(UnaryServerInterceptor()),
		grpc.ChainStreamInterceptor(StreamServerInterceptor()),
	}, opts...)
}

// UnaryServerInterceptor returns the interceptor of Server for calls of one request and one response.
func UnaryServerInterceptor() grpc.UnaryServerInterceptor {
	return func(ctx context.Context, req any, info *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
		serve(ctx, info.FullMethod, func(ctx context.Context) { resp, err = next(ctx, req) })
		return resp, err
	}
}

// StreamServerInterceptor returns the interceptor of Server for streams.
func StreamServerInterceptor() grpc.StreamServerInterceptor {
	return func(srv any, stream grpc.ServerStream, info *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
		serve(stream.Context(), info.FullMethod, func(ctx context.Context) {
			err = next(srv, &serverStream{stream, ctx})
		})
		return err
	}
}

// A serverStream is a stream whose context carries the frame.
type serverStream struct {
	grpc.ServerStream

	ctx context.Context
}

func (s *serverStream) Context() context.Context { return s.ctx }

// serve calls next as a continuation of the flow that ctx belongs to, in a call of its own. The call finishes however
// next ends. Inside another interceptor of this package it is another Call with the same id.
func serve(ctx context.Context, method string, next func(ctx context.Context)) {
	gls.Resume(ctx, func() {
		c := newCall(ctx, method)
		defer c.finished.Store(true)
		s := gls.Capture().With(current.With(c), glslog.With(c.LogValue().Group()...))
		ctx := gls.NewContext(ctx, s)
		s.With(gls.WithContext(&callContext{ctx, c})).Run(func() { next(ctx) })
	})
}

// A callContext is a call's ctx as the ambient one, which ends with the call.
type callContext struct {
	context.Context

	call *Call
}

var _ ambient.Source = (*callContext)(nil)

// Ambient returns the call's ctx, false when the call is over: it is cancelled then.
func (c *callContext) Ambient() (context.Context, bool) { return c.Context, !c.call.Finished() }

// Dial returns options for grpc.NewClient: the interceptors of this package, and then opts.
//
//	conn, err := grpc.NewClient(target, glsgrpc.Dial(grpc.WithTransportCredentials(c))...)
func Dial(opts ...grpc.DialOption) []grpc.DialOption {
	return append([]grpc.DialOption{
		grpc.WithChainUnaryInterceptor(UnaryClientInterceptor()),
		grpc.WithChainStreamInterceptor(StreamClientInterceptor()),
	}, opts...)
}

// UnaryClientInterceptor returns the interceptor of Dial for calls of one request and one response.
func UnaryClientInterceptor() grpc.UnaryClientInterceptor {
	return func(ctx context.Context, method string, req, reply any, conn *grpc.ClientConn, invoke grpc.UnaryInvoker,
		opts ...grpc.CallOption,
	) error {
		return invoke(outgoing(ctx), method, req, reply, conn, opts...)
	}
}

// StreamClientInterceptor returns the interceptor of Dial for streams.
func StreamClientInterceptor() grpc.StreamClientInterceptor {
	return func(ctx context.Context, desc *grpc.StreamDesc, conn *grpc.ClientConn, method string,
		open grpc.Streamer, opts ...grpc.CallOption,
	) (grpc.ClientStream, error) {
		return open(outgoing(ctx), desc, conn, method, opts...)
	}
}

// outgoing returns the context that a call gets which is made with ctx.
func outgoing(ctx context.Context) context.Context {
	if ctx == context.Background() {
		ctx = gls.Context()
	}
	id := ""
	gls.Resume(ctx, func() { id = requestID() })
	if explicit, _ := metadata.FromOutgoingContext(ctx); id == "" || len(explicit.Get(idKey)) > 0 {
		return ctx
	}
	return metadata.AppendToOutgoingContext(ctx, idKey, id)
}

// ErrFinished says that the call which the goroutine belonged to is over.
var ErrFinished = errors.New("glsgrpc: the call is over")

// current is the call that a flow belongs to. It may be finished.
var current = gls.New[*Call]("glsgrpc")

// A Call is a call that this process serves. It is made for one call and finished when its handler has returned,
// panicked or called runtime.Goexit. It may be used from any number of goroutines at once, also when it is finished.
type Call struct {
	id, method, peer string

	finished atomic.Bool // from false to true when the handler has ended
}

// Get returns the call that is being served and true, or nil and false: outside of a call, after it, or where it was
// lost. Lookup says which.
func Get() (*Call, bool) {
	c, ok := current.Get()
	if !ok || c.Finished() {
		return nil, false
	}
	return c, true
}

// Lookup returns the call that is being served, or an error: ErrFinished, or a *gls.NotSetError that names the go
// statement at which the call was lost.
func Lookup() (*Call, error) {
	c, err := current.Lookup()
	switch {
	case err != nil:
		return nil, err
	case c.Finished():
		return nil, ErrFinished
	default:
		return c, nil
	}
}

// ID returns the request's id. It is that of the HTTP request (see package httpctx) or call that this one belongs to,
// or the client's x-request-id if it is 1 to 128 characters of letters, digits and -_.:/+=@, else a random one.
func (c *Call) ID() string { return c.id }

// Method returns the method's full name, /package.Service/Method.
func (c *Call) Method() string { return c.method }

// Peer returns the address of the other end of the connection, or "" where it is not known.
func (c *Call) Peer() string { return c.peer }

// Finished reports whether the handler has ended.
func (c *Call) Finished() bool { return c.finished.Load() }

// LogValue is the id, the method and the peer, as they stand on log lines.
func (c *Call) LogValue() slog.Value {
	return slog.GroupValue(slog.String("request_id", c.id), slog.String("method", c.method), slog.String("peer", c.peer))
}

// idKey is the key of the metadata that the id travels in.
const idKey = "x-request-id"

// wellFormed is the rule of httpctx: such an id can go into log lines and headers as it is.
var wellFormed = regexp.MustCompile(`^[-a-zA-Z0-9_.:/+=@]{1,128}$`)

func newCall(ctx context.Context, method string) *Call {
	c := &Call{id: requestID(), method: method}
	switch ids := metadata.ValueFromIncomingContext(ctx, idKey); {
	case c.id != "":
	case len(ids) > 0 && wellFormed.MatchString(ids[0]):
		c.id = ids[0]
	default:
		c.id = fmt.Sprintf("%016x%016x", rand.Uint64(), rand.Uint64())
	}
	if p, ok := peer.FromContext(ctx); ok && p.Addr != nil {
		c.peer = p.Addr.String()
	}
	return c
}

// requestID returns the id of the call, or else of the HTTP request, that is being served here, or "".
func requestID() string {
	if c, ok := Get(); ok {
		return c.id
	}
	if request, ok := httpctx.Get(); ok {
		return request.ID()
	}
	return ""
}
