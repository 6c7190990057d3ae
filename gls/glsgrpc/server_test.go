package glsgrpc_test

import (
	"context"
	"crypto/x509"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/interop/grpc_testing"
	"google.golang.org/grpc/stats"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/httpctx"
)

// goroutine is the header of the running goroutine's stack.
func goroutine() string {
	buf := make([]byte, 64)
	header, _, _ := strings.Cut(string(buf[:runtime.Stack(buf, false)]), "[")
	return header
}

// Each kind of call to s.
func kinds(s *service, handler func(ctx context.Context) error) map[string]func(c client, ctx context.Context) error {
	s.unary = handler
	s.stream = func(stream grpc.ServerStream) error { return handler(stream.Context()) }
	return map[string]func(c client, ctx context.Context) error{"unary": client.unary, "stream": client.stream}
}

func TestRequestIDs(t *testing.T) {
	var got string
	var s service
	calls := kinds(&s, func(context.Context) error {
		c, _ := glsgrpc.Get()
		got = c.ID()
		return nil
	})
	c := dial(t, start(t, &s, glsgrpc.Server()...))
	random := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for name, tc := range map[string]struct {
		sent []string
		kept bool
	}{
		"letters, digits and marks":      {[]string{"aZ09-_.:/+=@"}, true},
		"128 characters":                 {[]string{strings.Repeat("x", 128)}, true},
		"129 characters":                 {[]string{strings.Repeat("x", 129)}, false},
		"a space":                        {[]string{"a b"}, false},
		"a quote":                        {[]string{`a"b`}, false},
		"empty":                          {[]string{""}, false},
		"none":                           {nil, false},
		"the first of two":               {[]string{"one", "two"}, true},
		"malformed, with another behind": {[]string{"o ne", "two"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			for kind, call := range calls {
				ctx := t.Context()
				for _, id := range tc.sent {
					ctx = with(ctx, "x-request-id", id)
				}
				require.NoError(t, call(c, ctx))
				if tc.kept {
					assert.Equal(t, tc.sent[0], got, kind)
				} else {
					assert.Regexp(t, random, got, kind)
				}
			}
		})
	}
}

func TestTheFrameOfACtxIsResumed(t *testing.T) {
	h := &statsHandler{put: tenant.With("acme")}
	var s service
	calls := kinds(&s, func(ctx context.Context) error {
		name, _ := tenant.Get()
		assert.Equal(t, "acme", name, "TagRPC has put it into the ctx")
		assert.Equal(t, ctx, gls.Context())
		c, ok := glsgrpc.Get()
		assert.True(t, ok)

		// On somebody else's goroutine with the ctx alone.
		var wg sync.WaitGroup
		wg.Go(func() {
			gls.Isolate(func() {
				_, ok := glsgrpc.Get()
				assert.False(t, ok)
				gls.Resume(ctx, func() {
					name, _ := tenant.Get()
					assert.Equal(t, "acme", name)
					again, _ := glsgrpc.Get()
					assert.Same(t, c, again)
				})
			})
		})
		wg.Wait()
		return nil
	})
	c := dial(t, start(t, &s, glsgrpc.Server(grpc.StatsHandler(h))...))
	for _, call := range calls {
		require.NoError(t, call(c, t.Context()))
	}
}

// The package documentation says what these two tests do.
func TestWhatAServersStatsHandlerSees(t *testing.T) {
	for kind, want := range map[string]map[string]string{
		"unary":  {"InPayload": "", "OutHeader": "", "OutPayload": ""},
		"stream": {"InPayload": "id-1", "OutHeader": "id-1", "OutPayload": "id-1"},
	} {
		t.Run(kind, func(t *testing.T) {
			h := &statsHandler{put: tenant.With("acme"), seen: make(map[string]string)}
			var s service
			call := kinds(&s, func(context.Context) error { return nil })[kind]
			h.ended.Add(1)
			c := dial(t, start(t, &s, glsgrpc.Server(grpc.StatsHandler(h))...))
			require.NoError(t, call(c, with(t.Context(), "x-request-id", "id-1")))
			h.ended.Wait()
			h.mu.Lock()
			defer h.mu.Unlock()
			for _, event := range []string{"TagRPC", "InHeader", "Begin", "End"} {
				want[event] = ""
			}
			for event, id := range want {
				assert.Equal(t, "acme", h.resumed[event], event)
				got, ok := h.seen[event]
				assert.True(t, ok, event)
				assert.Equal(t, id, got, event)
			}
		})
	}
}

func TestAClientsStatsHandlerBeginsWithTheFrameAndTheAmbientContext(t *testing.T) {
	var s service
	calls := kinds(&s, func(context.Context) error { return nil })
	for kind, call := range calls {
		h := &statsHandler{put: tenant.With("acme"), seen: make(map[string]string)}
		h.ended.Add(1)
		c := dial(t, start(t, &s), grpc.WithStatsHandler(h))
		inCall(t, func(context.Context) {
			require.NoError(t, call(c, context.Background()))
		})
		h.mu.Lock()
		assert.True(t, h.hadDeadline, kind)
		assert.Equal(t, "id-1", h.seen["TagRPC"], kind)
		assert.Equal(t, "id-1", h.seen["Begin"], kind)
		h.mu.Unlock()
	}
}

var tenant = gls.New[string]("tenant")

// A statsHandler puts a value into the ctx of each call, and notes the call that is found at each event.
type statsHandler struct {
	put   gls.Binding
	ended sync.WaitGroup

	mu          sync.Mutex        // guards what follows
	seen        map[string]string // the call's id, by event; nil for nothing to be noted
	resumed     map[string]string // the tenant, in the frame of the event's ctx
	hadDeadline bool
}

func (h *statsHandler) note(ctx context.Context, event string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.seen == nil {
		return
	}
	h.seen[event] = ""
	if c, ok := glsgrpc.Get(); ok {
		h.seen[event] = c.ID()
	}
	if h.resumed == nil {
		h.resumed = make(map[string]string)
	}
	gls.Resume(ctx, func() { h.resumed[event], _ = tenant.Get() })
}

func (h *statsHandler) TagRPC(ctx context.Context, _ *stats.RPCTagInfo) context.Context {
	_, h.hadDeadline = ctx.Deadline()
	ctx = gls.NewContext(ctx, gls.Snapshot{}.With(h.put))
	h.note(ctx, "TagRPC")
	return ctx
}

func (h *statsHandler) HandleRPC(ctx context.Context, s stats.RPCStats) {
	h.note(ctx, reflect.TypeOf(s).Elem().Name())
	if _, ok := s.(*stats.End); ok && h.seen != nil {
		h.ended.Done()
	}
}

func (h *statsHandler) TagConn(ctx context.Context, _ *stats.ConnTagInfo) context.Context { return ctx }
func (h *statsHandler) HandleConn(context.Context, stats.ConnStats)                       {}

// Interceptors with a timeout call the handler on another goroutine, where only the ctx is at hand.
func TestAnInterceptorInsideAnotherOneHasItsID(t *testing.T) {
	unary, stream := glsgrpc.UnaryServerInterceptor(), glsgrpc.StreamServerInterceptor()
	var ids []string
	note := func() {
		c, ok := glsgrpc.Get()
		require.True(t, ok)
		ids = append(ids, c.ID())
	}
	elsewhere := func(fn func()) {
		done := make(chan struct{})
		gls.Isolate(func() {
			go func() { defer close(done); fn() }()
		})
		<-done
	}
	var s service
	calls := kinds(&s, func(context.Context) error { note(); return nil })
	c := dial(t, start(t, &s, glsgrpc.Server(
		grpc.ChainUnaryInterceptor(
			func(ctx context.Context, req any, _ *grpc.UnaryServerInfo, next grpc.UnaryHandler) (resp any, err error) {
				note()
				elsewhere(func() { resp, err = next(ctx, req) })
				note() // not finished by the inner one
				return resp, err
			}, unary),
		grpc.ChainStreamInterceptor(
			func(srv any, s grpc.ServerStream, _ *grpc.StreamServerInfo, next grpc.StreamHandler) (err error) {
				note()
				elsewhere(func() { err = next(srv, s) })
				note()
				return err
			}, stream),
	)...))
	for kind, call := range calls {
		ids = nil
		require.NoError(t, call(c, t.Context()))
		require.Len(t, ids, 3, kind)
		assert.Equal(t, ids[0], ids[1], kind)
		assert.Equal(t, ids[0], ids[2], kind)
	}
}

func TestACallIsFinishedHoweverItsHandlerEnds(t *testing.T) {
	for name, end := range map[string]func(){
		"return": func() {}, "panic": func() { panic("in the handler") }, "Goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			var c *glsgrpc.Call
			done := make(chan any)
			go func() {
				defer func() {
					r := recover()
					_, ok := glsgrpc.Get()
					assert.False(t, ok)
					done <- r
				}()
				_, _ = glsgrpc.UnaryServerInterceptor()(t.Context(), nil, &grpc.UnaryServerInfo{FullMethod: "/s/m"},
					func(context.Context, any) (any, error) {
						c, _ = glsgrpc.Get()
						assert.False(t, c.Finished())
						end()
						return nil, nil
					})
			}()
			if r := <-done; name == "panic" {
				assert.Equal(t, "in the handler", r, "a panic passes as it is")
			} else {
				assert.Nil(t, r)
			}
			assert.True(t, c.Finished())
			assert.Equal(t, "/s/m", c.Method())
			assert.Empty(t, c.Peer(), "no connection")
		})
	}
}

func TestLookupTellsWhyThereIsNoCall(t *testing.T) {
	var notSet *gls.NotSetError
	_, err := glsgrpc.Lookup()
	require.ErrorAs(t, err, &notSet)

	var s service
	calls := kinds(&s, func(context.Context) error {
		_, err := glsgrpc.Lookup()
		assert.NoError(t, err)
		if gls.Propagation() == gls.Inherited {
			return nil
		}
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err := glsgrpc.Lookup()
			assert.ErrorAs(t, err, &notSet)
			assert.ErrorContains(t, err, "server_test.go")
		}()
		<-done
		return nil
	})
	c := dial(t, start(t, &s, glsgrpc.Server()...))
	for _, call := range calls {
		require.NoError(t, call(c, t.Context()))
	}
}

// Grpc.Server.ServeHTTP runs handlers on goroutines of its own, with the ctx of the HTTP request.
func TestACallInAnHTTPRequestHasItsIDAndItsFrame(t *testing.T) {
	var got []string
	var s service
	calls := kinds(&s, func(context.Context) error {
		r, err := httpctx.Lookup()
		if assert.NoError(t, err) {
			c, _ := glsgrpc.Get()
			got = append(got, c.ID(), r.ID())
		}
		return nil
	})
	server := grpc.NewServer(glsgrpc.Server()...)
	grpc_testing.RegisterTestServiceServer(server, &s)
	id := httpctx.WithRequestID(func(*http.Request) string { return "of-http" })
	front := httptest.NewUnstartedServer(httpctx.New(id, httpctx.WithRequestContext())(server))
	front.EnableHTTP2 = true
	front.StartTLS()
	defer front.Close()
	roots := x509.NewCertPool()
	roots.AddCert(front.Certificate())
	tls := grpc.WithTransportCredentials(credentials.NewClientTLSFromCert(roots, "example.com"))
	conn, err := grpc.NewClient(front.Listener.Addr().String(), glsgrpc.Dial(tls)...)
	require.NoError(t, err)
	defer conn.Close()
	c := client{grpc_testing.NewTestServiceClient(conn)}
	for _, call := range calls {
		require.NoError(t, call(c, with(t.Context(), "x-request-id", "of-grpc")))
	}
	assert.Equal(t, []string{"of-http", "of-http", "of-http", "of-http"}, got)
}

func TestAStreamsChildrenSendAndReceive(t *testing.T) {
	var s service
	s.stream = func(stream grpc.ServerStream) error {
		c, _ := glsgrpc.Get()
		received := make(chan error)
		gls.Go(func() {
			inner, ok := glsgrpc.Get()
			assert.True(t, ok)
			assert.Same(t, c, inner)
			for {
				if err := stream.RecvMsg(&grpc_testing.StreamingOutputCallRequest{}); err != nil {
					received <- err
					return
				}
				assert.NoError(t, stream.SendMsg(&grpc_testing.StreamingOutputCallResponse{}))
			}
		})
		assert.Equal(t, io.EOF, <-received)
		return nil
	}
	c := dial(t, start(t, &s, glsgrpc.Server()...))
	stream, err := c.FullDuplexCall(t.Context())
	require.NoError(t, err)
	for range 100 {
		require.NoError(t, stream.Send(&grpc_testing.StreamingOutputCallRequest{}))
	}
	require.NoError(t, stream.CloseSend())
	responses := 0
	for {
		if _, err = stream.Recv(); err != nil {
			break
		}
		responses++
	}
	assert.Equal(t, io.EOF, err)
	assert.Equal(t, 100, responses, "99 of the child, and one of the handler")
}
