// Package routetest checks the promises of httpctx below a web framework under load: each of many
// requests finds itself, its route and its values, on all its goroutines, and leaves nothing
// behind.
package routetest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

var (
	user   = httpctx.NewKey[string]("routetest.user")
	tenant = gls.New[string]("routetest.tenant")
)

// A Probe serves as the handler of a route and as its clients.
type Probe struct {
	Pattern string // the result of Context.Pattern in the route's handler
	Param   string // the name of the path value that is the caller's identity, "" if the route has none

	// Traced is for a server that hands the request on with a context of Trace, which must be the
	// ambient context.
	Traced bool

	// HTTP2 makes all requests streams of one connection.
	HTTP2 bool

	// Start is a plain go statement of the test's own package, which stands for a program's code.
	// It is nil if there is none to test.
	Start func(fn func())

	// Call makes one request as id, with the header that SetID sets, and returns the answer. The
	// default is GET /users/id.
	Call func(client *http.Client, url, id string) (string, error)

	tally   adaptertest.Tally
	lines   lines
	crowd   atomic.Bool // handlers wait until inside counts all of them
	inside  sync.WaitGroup
	serving atomic.Int64   // requests whose handlers have not returned
	late    sync.WaitGroup // goroutines that outlive their requests
	over    chan struct{}  // closed when all requests have been answered and all handlers have returned
	dirty   adaptertest.Tally
}

// lines is a log. It is safe for concurrent use.
type lines struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (p *Probe) logger() *slog.Logger {
	return slog.New(httpctx.LogHandler(slog.NewJSONHandler(&p.lines, nil)))
}

type spanKey struct{}

// Trace derives a context from a request's, as tracing and authentication do.
func Trace(ctx context.Context) context.Context { return context.WithValue(ctx, spanKey{}, "a span") }

// SetID makes id the identity of a request.
func SetID(header http.Header, id string) { header.Set("X-Request-ID", "id-"+id) }

// Handle runs in a route's handler, with the identity as the framework itself gives it. It returns
// the answer.
func (p *Probe) Handle(id string) string {
	if c, ok := httpctx.Get(); ok {
		user.Set(c, id)
	}
	tenant.Run(id, func() { p.handle(id) })
	return id
}

func (p *Probe) handle(id string) {
	p.look("the handler", id)
	if p.crowd.Load() {
		p.inside.Done()
		p.inside.Wait()
	}
	p.look("the handler", id)

	handler, _ := httpctx.Get()
	var children gls.WaitGroup
	children.Go(func() {
		p.look("a child", id)
		if c, _ := httpctx.Get(); c != handler {
			p.tally.During("a child's Context", id, "another", true)
		}
		p.logger().Info("in a child", "want", id)
	})
	if p.Start != nil {
		children.Add(1)
		p.Start(func() {
			defer children.Done()
			p.plain(id)
		})
	}
	children.Wait()

	p.late.Add(2)
	httpctx.GoDetached(func() {
		defer p.late.Done()
		<-p.over
		p.look("detached work", id)
	})
	gls.Go(func() {
		defer p.late.Done()
		<-p.over
		p.after("a child", id, handler)
	})
	_ = tenant.Enter("left open by " + id)
}

// look reads everything that belongs to the request.
func (p *Probe) look(place, id string) {
	c, err := httpctx.Lookup()
	if err != nil {
		p.tally.During(place, id, "", false)
		return
	}
	p.tally.During(place+", ID", "id-"+id, c.ID(), true)
	if p.Param != "" {
		value, err := c.LookupParam(p.Param)
		p.tally.During(place+", Param", id, value, err == nil)
	}
	p.tally.During(place+", Pattern", p.Pattern, c.Pattern(), c.Pattern() != "")
	if p.Traced {
		span, ok := gls.Context().Value(spanKey{}).(string)
		p.tally.During(place+", ambient context", "a span", span, ok)
	}
	got, ok := user.Get()
	p.tally.During(place+", Key", id, got, ok)
	got, ok = tenant.Get()
	p.tally.During(place+", Storage", id, got, ok)
}

// plain reads on a goroutine of a plain go statement.
func (p *Probe) plain(id string) {
	if gls.Propagation() == gls.Inherited {
		p.look("a plain goroutine", id)
		return
	}
	_, err := httpctx.Lookup()
	p.expect("a plain goroutine", id, err, httpctx.ErrLost)
	got, ok := tenant.Get()
	p.tally.After("a plain goroutine", "", got, ok)
}

// after reads once the request is over, with the Context that its handler had.
func (p *Probe) after(place, id string, c *httpctx.Context) {
	_, err := httpctx.Lookup()
	p.expect(place, id, err, httpctx.ErrFinished)
	got, ok := tenant.Get()
	p.tally.After(place, id, got, ok)
	if gls.Context() != context.Background() {
		p.tally.After(place+", ambient context", id, "one of a request", true)
	}
	if c == nil {
		return // the read has been counted
	}
	p.tally.After(place+", ID", "id-"+id, c.ID(), true)
	if p.Param != "" {
		p.tally.After(place+", Param", id, c.Param(p.Param), true)
	}
	p.tally.After(place+", Pattern", p.Pattern, c.Pattern(), true)
	_, err = c.Writer().Write([]byte("late"))
	p.expect(place+", Write", id, err, httpctx.ErrFinished)
}

func (p *Probe) expect(place, id string, err, want error) {
	if !errors.Is(err, want) {
		p.tally.After(place, id, fmt.Sprint(err), true)
	}
}

// Panic runs in the handler of GET /panic: it leaves all scopes and values open that it can, and
// panics.
func (p *Probe) Panic() {
	c, _ := httpctx.Get()
	tenant.Enter("panic")
	p.late.Add(1)
	gls.Go(func() {
		defer p.late.Done()
		<-p.over
		_, err := httpctx.Lookup()
		p.expect("a child of a panic", c.ID(), err, httpctx.ErrFinished)
	})
	panic("routetest: a panic of a handler")
}

// verify closes a run of n calls.
func (p *Probe) verify(t *testing.T, n int) {
	t.Helper()
	p.late.Wait()
	p.tally.Verify(t, n*12, n*3)
	p.dirty.Verify(t, 0, n)
	count := map[any]int{}
	decoder := json.NewDecoder(&p.lines.buf)
	for decoder.More() {
		var line map[string]any
		if !assert.NoError(t, decoder.Decode(&line)) {
			return
		}
		count[line["want"]]++
		assert.Equal(t, "id-"+fmt.Sprint(line["want"]), line["request_id"])
		assert.Equal(t, p.Pattern, line["pattern"])
	}
	assert.Equal(t, n, len(count), "log lines")
}
