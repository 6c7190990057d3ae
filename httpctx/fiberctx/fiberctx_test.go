package fiberctx_test

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/gofiber/fiber/v3"
	recovery "github.com/gofiber/fiber/v3/middleware/recover"
	"github.com/gofiber/fiber/v3/middleware/timeout"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/httpctx/fiberctx"
	"github.com/ambient-go/ambient/internal/adaptertest/framework"
)

func callOf(c fiber.Ctx) framework.Call {
	return framework.Call{
		Header:    func(name string) string { return c.Get(name) },
		Body:      func() string { return string(c.Body()) },
		Write:     func(s string) { _, _ = c.WriteString(s) },
		SetHeader: c.Set,
		SetStatus: func(status int) { c.Status(status) },
		Stream: func(fn func(io.Writer)) {
			_ = c.SendStreamWriter(func(w *bufio.Writer) { fn(w) })
		},
	}
}

// hook is a middleware that calls fn around the next handlers.
func hook(fn func(next func())) fiber.Handler {
	return func(c fiber.Ctx) (err error) {
		fn(func() { err = c.Next() })
		return err
	}
}

// listen serves on a loopback port until the test ends.
func listen(t testing.TB, app *fiber.App) (addr string) {
	l := framework.Listen(t)
	go func() { _ = app.Listener(l, fiber.ListenConfig{DisableStartupMessage: true}) }()
	t.Cleanup(func() { assert.NoError(t, app.Shutdown()) })
	return l.Addr().String()
}

var tested = framework.Framework{
	Serve: func(t testing.TB, a framework.App) string {
		app := fiber.New()
		app.Use(recovery.New())
		app.Use(hook(a.Outside))
		app.Use(fiberctx.Middleware(a.Options...))
		app.Use(hook(a.Inside))
		handle := func(c fiber.Ctx) error { a.Handle(callOf(c)); return nil }
		app.Get("/work/:id", fiberctx.Middleware(a.Options...), handle)
		app.Post("/work/:id", fiberctx.Middleware(a.Options...), handle)
		app.Get("/once/:id", handle)
		return listen(t, app)
	},
	Work:             "/work/:id",
	Go:               func(fn func()) { go fn() },
	MethodNotAllowed: http.StatusMethodNotAllowed,
}

func TestFiber(t *testing.T) { framework.Test(t, tested) }

// get serves one request.
func get(t *testing.T, app *fiber.App, path string) (status int) {
	response, err := http.Get("http://" + listen(t, app) + path) //nolint:noctx // nothing to cancel
	require.NoError(t, err)
	response.Body.Close()
	return response.StatusCode
}

func TestErrorsOfHandlersPass(t *testing.T) {
	own := errors.New("own")
	var passed, handled error
	var inHandler bool
	app := fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		handled = err
		_, inHandler = httpctx.Get()
		return c.SendStatus(fiber.StatusTeapot)
	}})
	app.Use(func(c fiber.Ctx) error { passed = c.Next(); return passed })
	app.Use(fiberctx.Middleware())
	app.Get("/own", func(fiber.Ctx) error { return own })
	assert.Equal(t, fiber.StatusTeapot, get(t, app, "/own"))
	assert.Equal(t, own, passed)
	assert.Equal(t, own, handled)
	assert.False(t, inHandler, "fiber calls it when all middlewares have returned")

	// As the package's documentation has it.
	app = fiber.New(fiber.Config{ErrorHandler: func(c fiber.Ctx, err error) error {
		handled = err
		_, inHandler = httpctx.Get()
		return c.SendStatus(fiber.StatusTeapot)
	}})
	app.Use(fiberctx.Middleware(), func(c fiber.Ctx) error {
		if err := c.Next(); err != nil {
			return c.App().ErrorHandler(c, err)
		}
		return nil
	})
	app.Get("/own", func(fiber.Ctx) error { return own })
	assert.Equal(t, fiber.StatusTeapot, get(t, app, "/own"))
	assert.True(t, inHandler)
}

func TestRoutes(t *testing.T) {
	var pattern, tenant, file string
	note := func(fiber.Ctx) error {
		c := httpctx.GetOrFail()
		pattern, tenant, file = c.Pattern(), c.Param("tenant"), c.Param("*1")
		return nil
	}
	app := fiber.New()
	app.Use(fiberctx.Middleware(), func(c fiber.Ctx) error { return c.Next() }) // more than one handler
	group := app.Group("/t/:tenant", fiberctx.Middleware())
	group.Get("/files/*", fiberctx.Middleware(), note)
	group.Get("/plain", note)
	get(t, app, "/t/acme/files/a/b.txt")
	assert.Equal(t, []string{"/t/:tenant/files/*", "acme", "a/b.txt"}, []string{pattern, tenant, file})
	get(t, app, "/t/acme/plain")
	assert.Equal(t, []string{"", "acme", ""}, []string{pattern, tenant, file}, "that of a group is no pattern")
}

// Fiber's own context carries the request where it is asked to.
func TestWithRequestContext(t *testing.T) {
	app := fiber.New()
	app.Use(func(c fiber.Ctx) error {
		before := c.Context()
		err := c.Next()
		assert.Equal(t, before, c.Context(), "the one from before is back")
		return err
	})
	app.Use(fiberctx.Middleware(httpctx.WithRequestContext()))
	var id string
	app.Get("/", func(c fiber.Ctx) error {
		current := httpctx.GetOrFail()
		id = current.ID()
		carried, ok := httpctx.FromContext(c.Context())
		assert.True(t, ok)
		assert.Same(t, current, carried)
		gls.Isolate(func() {
			gls.Resume(c.Context(), func() {
				again, _ := httpctx.Get()
				assert.Same(t, current, again)
			})
		})
		return c.Next()
	})
	config := timeout.Config{Timeout: time.Minute}
	app.Get("/", timeout.New(fiberctx.Middleware(), config), func(fiber.Ctx) error {
		c, err := httpctx.Lookup()
		if assert.NoError(t, err) {
			assert.Equal(t, id, c.ID(), "on both sides of timeout handling it is one request")
			_, ok := gls.Context().Deadline()
			assert.True(t, ok)
		}
		return nil
	})
	assert.Equal(t, fiber.StatusOK, get(t, app, "/"))
}

func TestTimeoutHandling(t *testing.T) {
	var err error
	ask := func(fiber.Ctx) error { _, err = httpctx.Lookup(); return nil }
	config := timeout.Config{Timeout: time.Minute}
	app := fiber.New()
	app.Get("/outside", fiberctx.Middleware(), timeout.New(ask, config))
	app.Get("/inside", timeout.New(fiberctx.Middleware(), config), ask)
	timedOut, done := make(chan struct{}), make(chan struct{})
	app.Get("/slow", timeout.New(fiberctx.Middleware(), timeout.Config{Timeout: time.Millisecond}), func(fiber.Ctx) error {
		defer close(done)
		<-timedOut
		c := httpctx.GetOrFail()
		_, err = c.Writer().Write([]byte("late"))
		assert.Equal(t, "/slow", c.Request().URL.Path)
		return nil
	})
	addr := "http://" + listen(t, app)
	request := func(path string) int {
		response, err := http.Get(addr + path) //nolint:noctx // nothing to cancel
		require.NoError(t, err)
		response.Body.Close()
		return response.StatusCode
	}
	request("/outside")
	assert.ErrorIs(t, err, httpctx.ErrLost)
	assert.ErrorContains(t, err, ": fiber's timeout.New runs its handler on another goroutine, started by ")
	assert.ErrorContains(t, err, ": put Middleware inside it")
	request("/inside")
	assert.NoError(t, err)
	assert.Equal(t, fiber.StatusRequestTimeout, request("/slow"))
	close(timedOut)
	<-done
	assert.NoError(t, err)
}
