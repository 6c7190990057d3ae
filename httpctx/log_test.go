package httpctx_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
)

// A nopHandler takes records and does nothing with them.
type nopHandler struct{}

func (nopHandler) Enabled(context.Context, slog.Level) bool  { return true }
func (nopHandler) Handle(context.Context, slog.Record) error { return nil }
func (h nopHandler) WithAttrs([]slog.Attr) slog.Handler      { return h }
func (h nopHandler) WithGroup(string) slog.Handler           { return h }

// jsonLog returns a logger through LogHandler to JSON lines without a time.
func jsonLog(out io.Writer) *slog.Logger {
	return slog.New(httpctx.LogHandler(slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: noTime})))
}

// inGetX runs fn as the handler of GET /x with the id id-1.
func inGetX(fn func()) {
	httpctx.Run(httptest.NewRecorder(), newRequest("/x?q=1", "X-Request-ID", "id-1"), fn)
}

// Outside of a request it is the handler below it, in everything that testing/slogtest knows.
func TestLogHandlerIsAHandler(t *testing.T) {
	var over gls.Snapshot
	inGetX(func() { over = gls.Capture() })
	for where, in := range map[string]func(fn func()){
		"outside":           func(fn func()) { fn() },
		"after the request": over.Run,
		"RunOutside":        func(fn func()) { inGetX(func() { httpctx.RunOutside(fn) }) },
		"switched off":      switchedOff,
	} {
		t.Run(where, func(t *testing.T) {
			in(func() {
				var out bytes.Buffer
				h := httpctx.LogHandler(slog.NewJSONHandler(&out, nil))
				err := slogtest.TestHandler(h, func() []map[string]any { return records(t, out.String()) })
				assert.NoError(t, err)
				assert.NotContains(t, out.String(), "request_id")
			})
		})
	}
}

func records(t *testing.T, lines string) (all []map[string]any) {
	t.Helper()
	for line := range strings.Lines(lines) {
		var m map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		all = append(all, m)
	}
	return all
}

// During a request the tests of testing/slogtest hold as well, with the attributes added: they look at what they know.
func TestLogHandlerIsAHandlerDuringARequest(t *testing.T) {
	inGetX(func() {
		var out bytes.Buffer
		err := slogtest.TestHandler(httpctx.LogHandler(slog.NewJSONHandler(&out, nil)), func() []map[string]any {
			all := records(t, out.String())
			for _, m := range all {
				assert.Equal(t, "id-1", m["request_id"])
				assert.Equal(t, http.MethodGet, m["method"])
				assert.Equal(t, "/x", m["path"])
			}
			return all
		})
		assert.NoError(t, err)
	})
}

// The attributes stand at the top level; everything else keeps its place.
func TestLogHandlerPlaces(t *testing.T) {
	const ids = `"request_id":"id-1","method":"GET","path":"/x"`
	for name, c := range map[string]struct {
		log  func(l *slog.Logger)
		want string
	}{
		"no attributes": {
			func(l *slog.Logger) { l.Info("m") },
			`{"level":"INFO","msg":"m",` + ids + `}`,
		},
		"a record's own": {
			func(l *slog.Logger) { l.Info("m", "a", 1, slog.Group("g", "b", 2)) },
			`{"level":"INFO","msg":"m","a":1,"g":{"b":2},` + ids + `}`,
		},
		"WithAttrs": {
			func(l *slog.Logger) { l.With("a", 1).With("b", 2).Info("m", "c", 3) },
			`{"level":"INFO","msg":"m","a":1,"b":2,"c":3,` + ids + `}`,
		},
		"WithGroup": {
			func(l *slog.Logger) { l.WithGroup("g").Info("m", "a", 1) },
			`{"level":"INFO","msg":"m",` + ids + `,"g":{"a":1}}`,
		},
		"groups and attributes": {
			func(l *slog.Logger) {
				l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").With("c", 3).With("d", 4).Info("m", "e", 5)
			},
			`{"level":"INFO","msg":"m","a":1,` + ids + `,"g":{"b":2,"h":{"c":3,"d":4,"e":5}}}`,
		},
		"an empty group": {
			func(l *slog.Logger) { l.WithGroup("g").Info("m") },
			`{"level":"INFO","msg":"m",` + ids + `}`,
		},
		"nothing with": {
			func(l *slog.Logger) { l.With().WithGroup("").Info("m") },
			`{"level":"INFO","msg":"m",` + ids + `}`,
		},
		"a request_id of its own": {
			func(l *slog.Logger) {
				l.With("request_id", "own").WithGroup("g").With("request_id", 2).Info("m", "a", 1)
			},
			`{"level":"INFO","msg":"m","request_id":"own","method":"GET","path":"/x","g":{"request_id":2,"a":1}}`,
		},
		"a method and a path of its own": {
			func(l *slog.Logger) { l.With("path", "/tmp", slog.Group("", "method", "fast")).Info("m", "a", 1) },
			`{"level":"INFO","msg":"m","path":"/tmp","method":"fast","a":1,"request_id":"id-1"}`,
		},
		"a request_id in a group": {
			func(l *slog.Logger) { l.WithGroup("g").With("request_id", 2).Info("m") },
			`{"level":"INFO","msg":"m",` + ids + `,"g":{"request_id":2}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			l := jsonLog(&out)
			inGetX(func() { c.log(l) })
			assert.Equal(t, c.want+"\n", out.String())
			out.Reset()
			c.log(l)
			var want bytes.Buffer
			c.log(slog.New(slog.NewJSONHandler(&want, &slog.HandlerOptions{ReplaceAttr: noTime})))
			assert.Equal(t, want.String(), out.String(), "outside of a request it is as without")
		})
	}
}

// A LogHandler in front of another adds nothing twice. It has the options of both.
func TestLogHandlerOfALogHandler(t *testing.T) {
	const ids = `"request_id":"id-1","method":"GET","path":"/x"`
	for name, h := range map[string]func(next slog.Handler) slog.Handler{
		"directly": func(next slog.Handler) slog.Handler {
			return httpctx.LogHandler(httpctx.LogHandler(next, httpctx.MarkLost()))
		},
		"the other way": func(next slog.Handler) slog.Handler {
			return httpctx.LogHandler(httpctx.LogHandler(next), httpctx.MarkLost())
		},
		"below glslog.Handler": func(next slog.Handler) slog.Handler {
			return httpctx.LogHandler(glslog.Handler(httpctx.LogHandler(next, httpctx.MarkLost())))
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			l := slog.New(h(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime})))
			inGetX(func() {
				httpctx.AddLogAttrs(slog.Int("added", 1))
				l.Info("m")
				l.With("a", 1).WithGroup("g").Info("m", "r", 1)
			})
			assert.Equal(t, `{"level":"INFO","msg":"m",`+ids+`,"added":1}`+"\n"+
				`{"level":"INFO","msg":"m","a":1,`+ids+`,"added":1,"g":{"r":1}}`+"\n", out.String())
			if gls.Propagation() == gls.Explicit {
				out.Reset()
				inGetX(func() { join(plain, func() { l.Info("m") }) })
				assert.Equal(t, 1, strings.Count(out.String(), "request_lost"), "%s", &out)
			}
		})
	}
}

// The pattern is there when there is one, and the request is that of the innermost Middleware.
func TestLogHandlerPattern(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /orders/{id}", func(http.ResponseWriter, *http.Request) {
		l.Info("in")
		httpctx.Run(httptest.NewRecorder(), newRequest("/inner"), func() { l.Info("nested") })
	})
	r := httptest.NewRequest(http.MethodPost, "/orders/7?secret=1", nil)
	r.Header.Set("X-Request-ID", "id-1")
	middleware(func(w http.ResponseWriter, r *http.Request) {
		l.Info("before")
		mux.ServeHTTP(w, r)
	}).ServeHTTP(httptest.NewRecorder(), r)
	const request = `"request_id":"id-1","method":"POST","path":"/orders/7"`
	assert.Equal(t, []string{
		`{"level":"INFO","msg":"before",` + request + `}`,
		`{"level":"INFO","msg":"in",` + request + `,"pattern":"POST /orders/{id}"}`,
		`{"level":"INFO","msg":"nested","request_id":"id-1","method":"GET","path":"/inner"}`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// slog.Info, without a logger and without a context, in code that knows nothing of requests.
func TestLogHandlerAsDefault(t *testing.T) {
	defer func(l *slog.Logger, w io.Writer, flags int) {
		slog.SetDefault(l)
		log.SetOutput(w)
		log.SetFlags(flags)
	}(slog.Default(), log.Writer(), log.Flags())
	var out bytes.Buffer
	slog.SetDefault(jsonLog(&out))
	inGetX(func() {
		slog.Info("plain", "a", 1)
		slog.InfoContext(context.Background(), "with a context")
		log.Print("package log")
		httpctx.GetOrFail().Logger().Info("the request's")
		httpctx.GetOrFail().Logger().WithGroup("g").Info("in a group", "a", 1)
		join(gls.Go, func() { slog.Info("child") })
		join(httpctx.GoDetached, func() { slog.Info("detached") })
		httpctx.RunOutside(func() { slog.Info("outside") })
	})
	slog.Info("after")
	const rest = `"method":"GET","path":"/x"`
	const ids = `"request_id":"id-1",` + rest
	assert.Equal(t, []string{
		`{"level":"INFO","msg":"plain","a":1,` + ids + `}`,
		`{"level":"INFO","msg":"with a context",` + ids + `}`,
		`{"level":"INFO","msg":"package log",` + ids + `}`,
		`{"level":"INFO","msg":"the request's",` + ids + `}`,
		`{"level":"INFO","msg":"in a group",` + `"request_id":"id-1",` + rest + `,"g":{"a":1}}`,
		`{"level":"INFO","msg":"child",` + ids + `}`,
		`{"level":"INFO","msg":"detached",` + ids + `}`,
		`{"level":"INFO","msg":"outside"}`,
		`{"level":"INFO","msg":"after"}`,
	}, strings.Split(strings.TrimSpace(out.String()), "\n"))
}

// A keepHandler keeps what it is given.
type keepHandler struct {
	records *[]slog.Record
	err     error
	enabled bool
	saw     func(ctx context.Context)
}

func (h keepHandler) Enabled(ctx context.Context, _ slog.Level) bool {
	h.saw(ctx)
	return h.enabled
}

func (h keepHandler) Handle(ctx context.Context, r slog.Record) error {
	h.saw(ctx)
	*h.records = append(*h.records, r)
	return h.err
}

func (h keepHandler) WithAttrs([]slog.Attr) slog.Handler { return h }
func (h keepHandler) WithGroup(string) slog.Handler      { return h }

// The record that it was given is not changed, with room for more attributes in it or not, and what the handler below
// returns is passed on.
func TestLogHandlerKeepsTheRecord(t *testing.T) {
	type key struct{}
	ctx := context.WithValue(context.Background(), key{}, 1)
	attrs := func(r slog.Record) (all []string) {
		r.Attrs(func(a slog.Attr) bool {
			all = append(all, a.String())
			return true
		})
		return all
	}
	failure := fmt.Errorf("full")
	for n := range 20 { // a record keeps some in itself, the others in a slice that may have room for more
		var kept []slog.Record
		below := keepHandler{&kept, failure, true, func(got context.Context) { assert.Equal(t, ctx, got) }}
		for _, h := range []slog.Handler{httpctx.LogHandler(below), httpctx.LogHandler(below).WithGroup("g")} {
			record := slog.NewRecord(time.Now(), slog.LevelWarn, "m", 7)
			for i := range n {
				record.AddAttrs(slog.Int(fmt.Sprint("a", i), i))
			}
			copied := record
			before := attrs(record)
			inGetX(func() {
				for range 2 {
					assert.Equal(t, failure, h.Handle(ctx, record))
				}
				assert.True(t, h.Enabled(ctx, slog.LevelDebug))
			})
			assert.Equal(t, before, attrs(record))
			assert.Equal(t, n, record.NumAttrs())
			// Whoever has a copy of the record adds to it: neither he nor what was handed on is disturbed.
			last := kept[len(kept)-1]
			handed := attrs(last)
			copied.AddAttrs(slog.Int("other", 1))
			assert.Equal(t, append(before, "other=1"), attrs(copied), "package slog would say !BUG")
			assert.Equal(t, handed, attrs(last))
			assert.Equal(t, record.Time, last.Time)
			assert.Equal(t, record.PC, last.PC)
			assert.Equal(t, slog.LevelWarn, last.Level)
		}
		assert.Len(t, kept, 4)
		assert.Equal(t, n+3, kept[0].NumAttrs())
	}
	assert.False(t, httpctx.LogHandler(keepHandler{saw: func(context.Context) {}}).Enabled(ctx, slog.LevelError))
}

// Handlers derived from one handler do not write over each other's attributes and groups.
func TestLogHandlerDerivesCopies(t *testing.T) {
	var out bytes.Buffer
	base := jsonLog(&out).WithGroup("g")
	for range 9 {
		base = base.With("a", 1)
		one, two := base.With("b", 1), base.With("b", 2)
		three := base.WithGroup("h")
		out.Reset()
		inGetX(func() {
			for _, l := range []*slog.Logger{one, two, three, base} {
				l.Info("m", "c", 1)
			}
		})
		var groups []string
		for _, m := range records(t, out.String()) {
			g, err := json.Marshal(m["g"])
			require.NoError(t, err)
			groups = append(groups, string(g))
		}
		assert.Equal(t, []string{
			`{"a":1,"b":1,"c":1}`, `{"a":1,"b":2,"c":1}`, `{"a":1,"h":{"c":1}}`, `{"a":1,"c":1}`,
		}, groups)
	}
	h := httpctx.LogHandler(nopHandler{})
	assert.Same(t, h, h.WithGroup(""))
	assert.Same(t, h, h.WithAttrs(nil))
}

// Many requests log through one handler at once: each line has its own request's id.
func TestLogHandlerConcurrently(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	grouped := l.WithGroup("g")
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			id := fmt.Sprint("id-", i)
			httpctx.Run(httptest.NewRecorder(), newRequest("/"+id, "X-Request-ID", id), func() {
				for range 10 {
					l.Info(id)
					grouped.With("a", id).Info(id)
					httpctx.RunOutside(func() { l.Info("outside") })
				}
			})
		})
	}
	group.Wait()
	all := records(t, out.String())
	assert.Len(t, all, 600)
	outside := slices.DeleteFunc(slices.Clone(all), func(m map[string]any) bool { return m["msg"] != "outside" })
	assert.Len(t, outside, 200)
	for _, m := range all {
		if m["msg"] == "outside" {
			assert.NotContains(t, m, "request_id")
		} else if m["request_id"] != m["msg"] || m["path"] != "/"+fmt.Sprint(m["msg"]) {
			t.Errorf("%v", m)
		}
	}
}
