package framework

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

var (
	user   = httpctx.NewKey[string]("user")
	tenant = gls.New[string]("tenant")
)

type valueKey struct{}

// A load is the state that many requests with an identity each share. A request's identity is in
// its header, its path, its id, and the values that its handler sets.
type load struct {
	tally   adaptertest.Tally
	log     *slog.Logger
	waiting atomic.Int64  // handlers still to come; the others wait for them
	all     chan struct{} // closed when all handlers have come
	over    chan struct{} // closed when all responses have been received
	late    sync.WaitGroup
}

// lines collects the log lines.
type lines struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func testLoad(t *testing.T, f Framework) {
	const n, rounds = adaptertest.Calls, 2
	var out lines
	l := &load{all: make(chan struct{}), over: make(chan struct{})}
	l.log = slog.New(httpctx.LogHandler(slog.NewJSONHandler(&out, nil)))
	l.waiting.Store(n)
	var dirty atomic.Int64
	clean := func() {
		if _, ok := httpctx.Get(); ok || gls.Capture() != (gls.Snapshot{}) {
			dirty.Add(1)
		}
	}
	url := ""
	tenant.Run("of whoever starts the server", func() {
		url = f.start(t, App{
			Outside: func(next func()) { clean(); defer clean(); next() },
			Handle:  l.handle,
		})
	})
	c := client(t)
	for round := range rounds {
		var failed atomic.Int64
		adaptertest.Each(n, func(i int) {
			name := fmt.Sprintf("%d.%d", round, i)
			r, _ := http.NewRequest(http.MethodGet, url+"/work/"+name+"?q="+name, http.NoBody)
			r.Header.Set("X-Request-ID", "id-"+name)
			r.Header.Set("X-User", name)
			response, err := c.Do(r)
			if err != nil {
				failed.Add(1)
				t.Log(err)
				return
			}
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			l.tally.During("the body", name+" "+name, string(text), len(text) > 0)
			l.tally.During("the header", name, response.Header.Get("X-Own"), true)
		})
		require.Zero(t, failed.Load())
	}
	close(l.over)
	done := make(chan struct{})
	go func() { l.late.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		require.Fail(t, "work that outlives its request does not end")
	}
	l.tally.Verify(t, rounds*n*20, rounds*n*2)
	assert.Zero(t, dirty.Load(), "something is set outside of a request")

	logged := 0
	for line := range strings.Lines(out.text.String()) {
		var of struct {
			ID   string `json:"request_id"`
			Own  string `json:"own"`
			Path string `json:"path"`
		}
		require.NoError(t, json.Unmarshal([]byte(line), &of))
		require.Equal(t, "id-"+of.Own, of.ID, line)
		require.Equal(t, "/work/"+of.Own, of.Path, line)
		logged++
	}
	assert.Equal(t, rounds*n*3, logged, "lines of handlers, of their children and of detached work")
}

// handle serves one request of many.
func (l *load) handle(c Call) {
	name := strings.Clone(c.Header("X-User"))
	if l.waiting.Add(-1) == 0 {
		close(l.all)
	}
	<-l.all
	held := httpctx.GetOrFail()
	user.Set(held, name)
	held.AddLogAttrs(slog.String("own", name))
	ctx := context.WithValue(gls.Context(), valueKey{}, name)
	gls.Run(func() {
		l.read("the handler", name)
		var child gls.WaitGroup
		child.Go(func() { l.read("a child", name) })
		child.Wait()
	}, tenant.With(name), gls.WithContext(ctx))
	l.late.Add(2)
	tenant.Run(name, func() {
		httpctx.GoDetached(func() { defer l.late.Done(); l.afterwards(name, held) })
		gls.Go(func() { defer l.late.Done(); l.finished(name, held) })
	})
	w := held.Writer()
	w.Header().Set("X-Own", name)
	fmt.Fprint(w, name)
	c.Write(" " + name)
}

// read looks for the identity while the request is being served.
func (l *load) read(place, name string) {
	c, ok := httpctx.Get()
	id := ""
	if ok {
		id = c.ID()
	}
	l.tally.During(place+", Get", "id-"+name, id, ok)
	got, ok := user.Get()
	l.tally.During(place+", a key", name, got, ok)
	got, ok = tenant.Get()
	l.tally.During(place+", a storage", name, got, ok)
	got, ok = gls.Context().Value(valueKey{}).(string)
	l.tally.During(place+", gls.Context", name, got, ok)
	l.log.Info(place)
}

// afterwards is work that outlives the request, and finds it.
func (l *load) afterwards(name string, held *httpctx.Context) {
	<-l.over
	c, ok := httpctx.Get()
	if !ok {
		l.tally.During("detached, Get", name, "", false)
		return
	}
	l.tally.During("detached, Get", "id-"+name, c.ID(), c != held)
	got, ok := user.Get()
	l.tally.During("detached, a key", name, got, ok)
	got, ok = tenant.Get()
	l.tally.During("detached, a storage", name, got, ok)
	l.tally.During("detached, the parameter", name, c.Param("id"), true)
	l.requested("detached", name, c.Request())
	l.log.Info("detached")
}

// finished is work that outlives the request and was started by gls.Go. The request has ended, and
// the data that the goroutine holds of it is its own.
func (l *load) finished(name string, held *httpctx.Context) {
	<-l.over
	c, ok := httpctx.Get()
	l.tally.After("Get", "nothing", "a request", ok || c != nil)
	_, err := httpctx.Lookup()
	_, wrote := held.Writer().Write([]byte("late"))
	l.tally.After("Lookup and Write", "ErrFinished", fmt.Sprint(err, wrote),
		!errors.Is(err, httpctx.ErrFinished) || !errors.Is(wrote, httpctx.ErrFinished))
	l.tally.During("held", "id-"+name, held.ID(), true)
	l.tally.During("held, the parameter", name, held.Param("id"), true)
	l.requested("held", name, held.Request())
}

// requested looks for the identity in a request whose memory has been used again.
func (l *load) requested(place, name string, r *http.Request) {
	l.tally.During(place+", the header", name, r.Header.Get("X-User"), true)
	l.tally.During(place+", the URL", "/work/"+name+"?q="+name, r.URL.String(), r.URL.String() == r.RequestURI)
}
