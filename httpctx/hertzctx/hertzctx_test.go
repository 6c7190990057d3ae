package hertzctx_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/cloudwego/hertz/pkg/app"
	"github.com/cloudwego/hertz/pkg/app/middlewares/server/recovery"
	"github.com/cloudwego/hertz/pkg/app/server"
	"github.com/cloudwego/hertz/pkg/common/config"
	"github.com/cloudwego/hertz/pkg/common/hlog"
	"github.com/cloudwego/hertz/pkg/common/ut"
	"github.com/cloudwego/hertz/pkg/network/standard"
	"github.com/cloudwego/hertz/pkg/protocol/consts"
	"github.com/cloudwego/hertz/pkg/route"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/hertzctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func init() { hlog.SetOutput(io.Discard) }

func callOf(c *app.RequestContext) framework.Call {
	return framework.Call{
		Header:    func(name string) string { return string(c.GetHeader(name)) },
		Body:      func() string { body, _ := c.Body(); return string(body) },
		Write:     func(s string) { _, _ = c.WriteString(s) },
		SetHeader: c.Header,
		SetStatus: c.SetStatusCode,
		Stream:    func(fn func(io.Writer)) { c.SetBodyStream(&lazy{fn: fn}, -1) },
	}
}

// A lazy reader has what fn writes when it is read.
type lazy struct {
	fn func(io.Writer)
	bytes.Buffer
}

func (l *lazy) Read(p []byte) (int, error) {
	if l.fn != nil {
		l.fn(&l.Buffer)
		l.fn = nil
	}
	return l.Buffer.Read(p)
}

// hook is a middleware that calls fn around the next handlers.
func hook(fn func(next func())) app.HandlerFunc {
	return func(ctx context.Context, c *app.RequestContext) { fn(func() { c.Next(ctx) }) }
}

// listen serves on a loopback port until the test ends.
func listen(t testing.TB, routes func(h *server.Hertz), opts ...config.Option) (addr string) {
	l := framework.Listen(t)
	opts = append(opts, server.WithListener(l), server.WithHostPorts(l.Addr().String()), server.WithExitWaitTime(0),
		server.WithHandleMethodNotAllowed(true))
	h := server.New(opts...)
	routes(h)
	go func() { _ = h.Run() }()
	require.Eventually(t, h.IsRunning, time.Minute, time.Millisecond)
	t.Cleanup(func() { _ = h.Close() })
	return l.Addr().String()
}

// tested is hertz on a transport: netpoll, whose goroutines are those of gopool, or the standard library's.
func tested(transport ...config.Option) framework.Framework {
	return framework.Framework{
		Serve: func(t testing.TB, a framework.App) string {
			return listen(t, func(h *server.Hertz) {
				h.Use(recovery.Recovery(), hook(a.Outside), hertzctx.Middleware(a.Options...), hook(a.Inside))
				handle := func(_ context.Context, c *app.RequestContext) { a.Handle(callOf(c)) }
				h.GET("/work/:id", hertzctx.Middleware(a.Options...), handle)
				h.HEAD("/work/:id", hertzctx.Middleware(a.Options...), handle)
				h.POST("/work/:id", hertzctx.Middleware(a.Options...), handle)
				h.GET("/once/:id", handle)
			}, transport...)
		},
		Work:             "/work/:id",
		Once:             "/once/:id",
		Go:               func(fn func()) { go fn() },
		MethodNotAllowed: http.StatusMethodNotAllowed,
	}
}

func TestHertz(t *testing.T) { framework.Test(t, tested()) }

func TestHertzOnNet(t *testing.T) {
	framework.Test(t, tested(server.WithTransport(standard.NewTransporter)))
}

// Handlers are given the context that carries the request where they are asked to, and otherwise the one that the
// framework gives.
func TestTheContextOfHandlers(t *testing.T) {
	type key struct{}
	around := context.WithValue(context.Background(), key{}, "around")
	for _, carries := range []bool{false, true} {
		var opts []httpctx.Option
		if carries {
			opts = append(opts, httpctx.WithRequestContext())
		}
		e := route.NewEngine(config.NewOptions(nil))
		called := false
		e.Use(func(_ context.Context, c *app.RequestContext) { c.Next(around) })
		e.Use(hertzctx.Middleware(opts...))
		e.GET("/", func(ctx context.Context, _ *app.RequestContext) {
			called = true
			assert.Equal(t, ctx, gls.Context())
			assert.Equal(t, "around", ctx.Value(key{}))
			if !carries {
				assert.Equal(t, around, ctx)
				return
			}
			found, ok := httpctx.FromContext(ctx)
			assert.True(t, ok)
			assert.Same(t, httpctx.GetOrFail(), found)
			gls.Isolate(func() {
				gls.Resume(ctx, func() { assert.Same(t, found, httpctx.GetOrFail()) })
			})
		})
		assert.Equal(t, consts.StatusOK, ut.PerformRequest(e, http.MethodGet, "/", nil).Code)
		assert.True(t, called)
	}
}

func TestAborted(t *testing.T) {
	var after []string
	e := route.NewEngine(config.NewOptions(nil))
	e.Use(hertzctx.Middleware(), func(ctx context.Context, c *app.RequestContext) {
		c.Next(ctx)
		after = append(after, httpctx.GetOrFail().Pattern())
	}, func(_ context.Context, c *app.RequestContext) { c.AbortWithStatus(http.StatusUnauthorized) })
	e.GET("/a/:b", func(context.Context, *app.RequestContext) { t.Error("called") })
	assert.Equal(t, http.StatusUnauthorized, ut.PerformRequest(e, http.MethodGet, "/a/b", nil).Code)
	assert.Equal(t, []string{"/a/:b"}, after)
}

func TestRequestOverTLS(t *testing.T) {
	certificate := framework.Certificate(t)
	var name string
	addr := listen(t, func(h *server.Hertz) {
		h.Use(hertzctx.Middleware())
		h.GET("/", func(context.Context, *app.RequestContext) { name = httpctx.GetOrFail().Request().TLS.ServerName })
	}, server.WithTLS(&tls.Config{Certificates: []tls.Certificate{certificate}}),
		server.WithTransport(standard.NewTransporter))
	config := &tls.Config{ServerName: "localhost", InsecureSkipVerify: true}
	conn, err := tls.Dial("tcp", addr, config)
	require.NoError(t, err)
	defer conn.Close()
	_, err = io.WriteString(conn, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
	require.NoError(t, err)
	_, err = io.ReadAll(conn)
	require.NoError(t, err)
	assert.Equal(t, "localhost", name)
}
