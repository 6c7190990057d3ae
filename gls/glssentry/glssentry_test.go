package glssentry_test

import (
	"context"
	"errors"
	"net/http"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/getsentry/sentry-go"
	sentryhttp "github.com/getsentry/sentry-go/http"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glssentry"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// start binds a client to the process's hub, for one test.
func start(t *testing.T) *sentry.MockTransport {
	t.Helper()
	adaptertest.Build(t)
	events := &sentry.MockTransport{}
	client, err := sentry.NewClient(sentry.ClientOptions{Dsn: "https://key@sentry.example/1", Transport: events})
	require.NoError(t, err)
	hub := sentry.CurrentHub()
	before := hub.Client()
	hub.PushScope()
	hub.BindClient(client)
	t.Cleanup(func() {
		hub.PopScope()
		hub.BindClient(before)
	})
	return events
}

func tag(value string) {
	glssentry.ConfigureScope(func(scope *sentry.Scope) { scope.SetTag("user", value) })
}

// capture reports the identity that it is called for as the message.
func capture(want string) { glssentry.CaptureMessage(want) }

func join(start func(fn func()), fn func()) {
	done := make(chan struct{})
	start(func() {
		defer close(done)
		fn()
	})
	<-done
}

func plain(fn func()) { go fn() }

// Each request sets a tag and breadcrumbs by code without a ctx, and each event has its own and no other's.
func TestEachRequestsEventsUnderLoad(t *testing.T) {
	events := start(t)
	var late sync.WaitGroup
	over := make(chan struct{})
	middleware := func(next http.Handler) http.Handler {
		return sentryhttp.New(sentryhttp.Options{Repanic: true}).Handle(httpctx.Middleware(next))
	}
	adaptertest.Requests(t, middleware, func(_ *http.Request, want string) {
		tag(want)
		glssentry.AddBreadcrumb(&sentry.Breadcrumb{Message: want})
		capture(want)
		join(gls.Go, func() { capture(want) })
		var group gls.WaitGroup
		for _, which := range []string{"!1", "!2"} { // at once, on the request's hub
			group.Go(func() {
				glssentry.WithScope(func(scope *sentry.Scope) {
					scope.SetTag("user", want+which)
					runtime.Gosched()
					capture(want + which)
				})
			})
		}
		group.Wait()
		glssentry.CaptureException(errors.New(want))
		late.Add(2)
		gls.Go(func() {
			defer late.Done()
			<-over
			glssentry.CaptureMessage("late " + want)
		})
		glssentry.Run(func() {
			tag("late " + want)
			gls.Go(func() {
				defer late.Done()
				<-over
				capture("late " + want)
			})
		})
		capture(want)
	})
	close(over)
	late.Wait()

	var tally adaptertest.Tally
	for _, e := range events.Events() {
		want := e.Message
		if len(e.Exception) > 0 {
			want = e.Exception[0].Value
		}
		got, ok := e.Tags["user"]
		if strings.HasPrefix(want, "late ") {
			tally.After("an event", want, got, ok)
			continue
		}
		tally.During("an event", want, got, ok)
		id, _, _ := strings.Cut(want, "!")
		crumb, url := "", ""
		if len(e.Breadcrumbs) == 1 {
			crumb = e.Breadcrumbs[0].Message
		}
		if e.Request != nil {
			url = e.Request.URL[len(e.Request.URL)-len(id)-1:]
		}
		tally.During("a breadcrumb", id, crumb, crumb != "")
		tally.During("a URL", "/"+id, url, url != "")
	}
	tally.Verify(t, 3*6*adaptertest.Calls, 2*adaptertest.Calls)
	assert.Len(t, events.Events(), 8*adaptertest.Calls)
	assert.NotContains(t, sentry.CurrentHub().Scope().ApplyToEvent(&sentry.Event{}, nil, sentry.CurrentHub().Client()).Tags, "user")
}

// Each flow of Run has a hub of its own, without any request.
func TestEachFlowsEventsUnderLoad(t *testing.T) {
	events := start(t)
	var tally adaptertest.Tally
	adaptertest.Each(adaptertest.Calls, func(i int) {
		want := strconv.Itoa(i)
		glssentry.Run(func() {
			tag(want)
			capture(want)
			join(gls.Go, func() { glssentry.Run(func() { tag(want + "?"); capture(want + "?") }) })
			gls.Bind(func() { capture(want) })()
		})
	})
	for _, e := range events.Events() {
		got, ok := e.Tags["user"]
		tally.During("an event", e.Message, got, ok)
	}
	tally.Verify(t, 3*adaptertest.Calls, 0)
}

// The inner one of Run and an ambient context wins, and an end brings back what was before.
func TestHubIsTheInnermost(t *testing.T) {
	start(t)
	process, a, b := sentry.CurrentHub(), sentry.NewHub(nil, sentry.NewScope()), sentry.NewHub(nil, sentry.NewScope())
	in := func(hub *sentry.Hub, fn func()) {
		gls.RunContext(sentry.SetHubOnContext(gls.Context(), hub), fn)
	}
	assert.Same(t, process, glssentry.Hub())
	in(a, func() {
		assert.Same(t, a, glssentry.Hub(), "an ambient context")
		glssentry.Run(func() {
			run := glssentry.Hub()
			assert.NotSame(t, a, run, "Run in it")
			gls.RunContext(context.WithValue(gls.Context(), t, 1), func() { assert.Same(t, run, glssentry.Hub(), "a derived context") })
			gls.RunContext(context.Background(), func() { assert.Same(t, run, glssentry.Hub(), "a context without") })
			in(b, func() {
				assert.Same(t, b, glssentry.Hub(), "another in that")
				gls.Run(func() { assert.Same(t, a, glssentry.Hub(), "With in that") }, glssentry.With(a))
				join(gls.Go, func() { assert.Same(t, b, glssentry.Hub()) })
			})
			assert.Same(t, run, glssentry.Hub())
			gls.Isolate(func() { assert.Same(t, process, glssentry.Hub()) })
		})
		assert.Same(t, a, glssentry.Hub())
	})
	assert.Same(t, process, glssentry.Hub())
	glssentry.Run(func() {
		run := glssentry.Hub()
		join(plain, func() {
			if gls.Propagation() == gls.Inherited {
				assert.Same(t, run, glssentry.Hub())
			} else {
				assert.Same(t, process, glssentry.Hub(), "lost")
			}
		})
	})
}

// Run ends however its function ends, and a panic passes through and can be reported by the flow's hub.
func TestRunEndsHoweverItsFunctionEnds(t *testing.T) {
	events := start(t)
	value := errors.New("over")
	func() {
		defer func() { assert.Same(t, value, recover()) }()
		glssentry.Run(func() { panic(value) })
	}()
	assert.Same(t, sentry.CurrentHub(), glssentry.Hub())
	glssentry.Run(func() {
		tag("ada")
		func() {
			defer glssentry.Hub().Recover(nil)
			panic(value)
		}()
	})
	require.Len(t, events.Events(), 1)
	assert.Equal(t, map[string]string{"user": "ada"}, events.Events()[0].Tags)
	join(plain, func() {
		defer func() { assert.Same(t, sentry.CurrentHub(), glssentry.Hub()) }()
		glssentry.Run(runtime.Goexit)
	})
}

func TestEventsAndMisuse(t *testing.T) {
	events := start(t)
	glssentry.Run(func() {
		tag("ada")
		assert.NotNil(t, glssentry.CaptureEvent(&sentry.Event{Message: "m"}))
		glssentry.WithScope(func(*sentry.Scope) { tag("bob") })
		capture("n")
	})
	for _, e := range events.Events() {
		assert.Equal(t, map[string]string{"user": "ada"}, e.Tags)
	}
	assert.PanicsWithValue(t, "glssentry.Run: nil function", func() { glssentry.Run(nil) })
	assert.PanicsWithValue(t, "glssentry.WithScope: nil function", func() { glssentry.WithScope(nil) })
	assert.PanicsWithValue(t, "glssentry.With: nil *sentry.Hub", func() { glssentry.With(nil) })
}
