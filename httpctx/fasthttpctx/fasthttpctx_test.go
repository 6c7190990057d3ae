package fasthttpctx_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/valyala/fasthttp"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fasthttpctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

// route is a router as they are for fasthttp: it puts path parameters into user values.
func route(app framework.App) fasthttp.RequestHandler {
	handle := func(ctx *fasthttp.RequestCtx) { app.Handle(callOf(ctx)) }
	work := fasthttpctx.Middleware(handle, app.Options...)
	return func(ctx *fasthttp.RequestCtx) {
		path := string(ctx.Path())
		name, isWork := strings.CutPrefix(path, "/work/")
		if once, ok := strings.CutPrefix(path, "/once/"); ok {
			name = once
		} else if !isWork {
			ctx.SetStatusCode(fasthttp.StatusNotFound)
			return
		}
		ctx.SetUserValue("id", name)
		switch {
		case ctx.IsPut():
			ctx.SetStatusCode(fasthttp.StatusMethodNotAllowed)
		case isWork:
			work(ctx)
		default:
			handle(ctx)
		}
	}
}

// recovering is what every program on fasthttp has, which recovers nothing itself.
func recovering(next fasthttp.RequestHandler) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		defer func() {
			if r := recover(); r != nil {
				ctx.Error("recovered", fasthttp.StatusInternalServerError)
			}
		}()
		next(ctx)
	}
}

func callOf(ctx *fasthttp.RequestCtx) framework.Call {
	return framework.Call{
		Header:    func(name string) string { return string(ctx.Request.Header.Peek(name)) },
		Body:      func() string { return string(ctx.PostBody()) },
		Write:     func(s string) { _, _ = ctx.WriteString(s) },
		SetHeader: ctx.Response.Header.Set,
		SetStatus: ctx.SetStatusCode,
		Stream: func(fn func(io.Writer)) {
			ctx.SetBodyStreamWriter(func(w *bufio.Writer) { fn(w) })
		},
	}
}

// listen serves on a loopback port until the test ends.
func listen(t testing.TB, h fasthttp.RequestHandler) (addr string) {
	l := framework.Listen(t)
	s := &fasthttp.Server{Handler: h, NoDefaultServerHeader: true}
	go func() { _ = s.Serve(l) }()
	t.Cleanup(func() { assert.NoError(t, s.Shutdown()) })
	return l.Addr().String()
}

var tested = framework.Framework{
	Serve: func(t testing.TB, app framework.App) string {
		routes := route(app)
		inside := func(ctx *fasthttp.RequestCtx) { app.Inside(func() { routes(ctx) }) }
		middleware := fasthttpctx.Middleware(inside, app.Options...)
		return listen(t, recovering(func(ctx *fasthttp.RequestCtx) { app.Outside(func() { middleware(ctx) }) }))
	},
	Go:               func(fn func()) { go fn() },
	MethodNotAllowed: http.StatusMethodNotAllowed,
}

func TestFasthttp(t *testing.T) { framework.Test(t, tested) }

func TestNilHandler(t *testing.T) {
	assert.PanicsWithValue(t, "fasthttpctx.Middleware: nil handler", func() { fasthttpctx.Middleware(nil) })
}

// A handler below fasthttp.TimeoutHandler runs on another goroutine.
func TestTimeoutHandler(t *testing.T) {
	get := func(h fasthttp.RequestHandler) int {
		response, err := http.Get("http://" + listen(t, h)) //nolint:noctx // nothing to cancel
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	var err error
	ask := func(*fasthttp.RequestCtx) { _, err = httpctx.Lookup() }

	get(fasthttpctx.Middleware(fasthttp.TimeoutHandler(ask, time.Minute, "slow")))
	assert.ErrorIs(t, err, httpctx.ErrLost)
	assert.ErrorContains(t, err, ": fasthttp.TimeoutHandler runs its handler on another goroutine, started by ")
	assert.ErrorContains(t, err, ": put Middleware inside it")
	get(fasthttp.TimeoutHandler(fasthttpctx.Middleware(ask), time.Minute, "slow"))
	assert.NoError(t, err)

	// One that goes on after its time writes to nobody's response, and still has its request.
	timedOut, done := make(chan struct{}), make(chan struct{})
	status := get(fasthttp.TimeoutHandler(fasthttpctx.Middleware(func(*fasthttp.RequestCtx) {
		defer close(done)
		<-timedOut
		c := httpctx.GetOrFail()
		_, err = c.Writer().Write([]byte("late"))
		assert.Equal(t, "/", c.Request().URL.Path)
	}), time.Millisecond, "slow"))
	assert.Equal(t, fasthttp.StatusRequestTimeout, status)
	close(timedOut)
	<-done
	assert.NoError(t, err)
}

func TestRequestOverTLS(t *testing.T) {
	certificate, key, err := fasthttp.GenerateTestCertificate("localhost")
	require.NoError(t, err)
	pair, err := tls.X509KeyPair(certificate, key)
	require.NoError(t, err)
	l := framework.Listen(t)
	s := &fasthttp.Server{Handler: fasthttpctx.Middleware(func(ctx *fasthttp.RequestCtx) {
		r := httpctx.GetOrFail().Request()
		_, _ = ctx.WriteString(r.TLS.ServerName)
	})}
	go func() { _ = s.Serve(tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{pair}})) }()
	defer func() { assert.NoError(t, s.Shutdown()) }()
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{ServerName: "localhost", InsecureSkipVerify: true},
	}}
	response, err := client.Get("https://" + l.Addr().String()) //nolint:noctx // nothing to cancel
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, "localhost", string(text))
}

// Requests that net/http's server would refuse.
func TestNewRequestOfOddTargets(t *testing.T) {
	for target, want := range map[string]string{
		"/a%zz?q=%zz":         "/a%zz ?q=%zz",
		"*":                   "* ?",
		"http://b.example/x?": "/x ?",
		"//c/d":               "//c/d ?",
		"":                    "/ ?",
	} {
		var ctx fasthttp.RequestCtx
		var request fasthttp.Request
		request.Header.SetRequestURI(target)
		request.Header.SetHost("a.example")
		request.Header.DisableNormalizing()
		request.Header.Set("x-lower", "1")
		ctx.Init(&request, &net.TCPAddr{IP: net.ParseIP("::ffff:192.0.2.1"), Port: 8}, nil)
		r := fasthttpctx.NewRequest(context.Background(), &ctx)
		assert.Equal(t, want, r.URL.Path+" ?"+r.URL.RawQuery, target)
		if r.URL.Host != "" {
			assert.Equal(t, "b.example", r.Host)
		} else {
			assert.Equal(t, "a.example", r.Host)
		}
		assert.Equal(t, "1", r.Header.Get("X-Lower"))
		assert.Equal(t, "192.0.2.1:8", r.RemoteAddr)
		assert.Equal(t, context.Background(), r.Context())
	}
}

func TestAddresses(t *testing.T) {
	for want, addr := range map[string]net.Addr{
		"[::1]:8":       &net.TCPAddr{IP: net.ParseIP("::1"), Port: 8},
		"[fe80::1%a]:8": &net.TCPAddr{IP: net.ParseIP("fe80::1"), Port: 8, Zone: "a"},
		":8":            &net.TCPAddr{Port: 8},
		"/run/socket":   &net.UnixAddr{Name: "/run/socket", Net: "unix"},
	} {
		var ctx fasthttp.RequestCtx
		ctx.Init(new(fasthttp.Request), addr, nil)
		assert.Equal(t, want, fasthttpctx.NewRequest(context.Background(), &ctx).RemoteAddr)
	}
}

// Switched off, Middleware does not copy what nobody reads.
func TestSwitchedOffAllocatesNothing(t *testing.T) {
	h := fasthttpctx.Middleware(func(*fasthttp.RequestCtx) {})
	var ctx fasthttp.RequestCtx
	ctx.Init(new(fasthttp.Request), nil, nil)
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	assert.Zero(t, testing.AllocsPerRun(100, func() { h(&ctx) }))
}
