package httpctx_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/slogtest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// Attributes are on every later line of the request, on all its goroutines, after the request's own.
func TestAddLogAttrs(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	last := func() string {
		lines := strings.Split(strings.TrimSpace(out.String()), "\n")
		return lines[len(lines)-1]
	}
	const ids = `{"level":"INFO","msg":"m","request_id":"id-1","method":"GET","path":"/posts/7"`
	const routed = ids + `,"pattern":"GET /posts/{id}"`
	mux := http.NewServeMux()
	mux.HandleFunc(pattern, func(http.ResponseWriter, *http.Request) {
		c := httpctx.GetOrFail()
		l.Info("m")
		assert.Equal(t, routed+"}", last(), "before")
		httpctx.AddLogAttrs(slog.String("user", "ada"), slog.Int("n", 1))
		httpctx.AddLogAttrs()
		join(gls.Go, func() { c.AddLogAttrs(slog.Group("g", "a", 1)) })
		l.Info("m")
		assert.Equal(t, routed+`,"user":"ada","n":1,"g":{"a":1}}`, last())
		httpctx.AddLogAttrs(slog.String("user", "bob"))
		l.Info("m", "own", 1)
		assert.Equal(t, strings.Replace(routed, `"m",`, `"m","own":1,`, 1)+`,"n":1,"g":{"a":1},"user":"bob"}`, last(),
			"the later of two wins")
		l.With("user", "with").WithGroup("h").With("b", 2).Info("m", "c", 3)
		assert.Equal(t, strings.Replace(routed, `"m",`, `"m","user":"with",`, 1)+`,"n":1,"g":{"a":1},"h":{"b":2,"c":3}}`, last(),
			"not twice, and at the top level")
	})
	middleware(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			l.Info("m", "status", 200)
			assert.Equal(t, strings.Replace(ids, `"m",`, `"m","status":200,`, 1)+
				`,"pattern":"GET /posts/{id}","n":1,"g":{"a":1},"user":"bob"}`, last(), "the canonical line")
		}()
		trace(httpctx.Middleware(mux)).ServeHTTP(w, r)
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"))

	httpctx.Run(httptest.NewRecorder(), newRequest("/posts/7", "X-Request-ID", "id-1"), func() {
		l.Info("m")
		assert.Equal(t, ids+"}", last(), "another request has none of them")
		httpctx.AddLogAttrs(slog.String("path", "mine"), slog.Attr{}, slog.Group("", slog.Int("inline", 1)))
		l.Info("m")
		assert.Equal(t, `{"level":"INFO","msg":"m","request_id":"id-1","method":"GET","path":"mine","inline":1}`, last(),
			"one key is there once")
	})
}

// Outside of a request nothing happens; a Context that is held takes them after the end, too, for nobody.
func TestAddLogAttrsElsewhere(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	var over gls.Snapshot
	var held *httpctx.Context
	inGetX(func() { over, held = gls.Capture(), httpctx.GetOrFail() })
	for where, in := range map[string]func(fn func()){
		"outside":           func(fn func()) { fn() },
		"after the request": over.Run,
		"RunOutside":        func(fn func()) { inGetX(func() { httpctx.RunOutside(fn) }) },
		"switched off":      switchedOff,
	} {
		in(func() {
			out.Reset()
			httpctx.AddLogAttrs(slog.Int("a", 1))
			held.AddLogAttrs(slog.Int("b", 1))
			l.Info("m")
			assert.Equal(t, `{"level":"INFO","msg":"m"}`+"\n", out.String(), where)
		})
	}
}

// Detached work has what was added before it, and from then on its own.
func TestAddLogAttrsDetached(t *testing.T) {
	line := func() string {
		var out bytes.Buffer
		jsonLog(&out).Info("m")
		return strings.TrimSpace(out.String())
	}
	const ids = `{"level":"INFO","msg":"m","request_id":"id-1","method":"GET","path":"/x"`
	changed, added, done := make(chan bool), make(chan bool), make(chan struct{})
	inGetX(func() {
		httpctx.AddLogAttrs(slog.Int("before", 1))
		httpctx.GoDetached(func() {
			defer close(done)
			<-changed
			assert.Equal(t, ids+`,"before":1}`, line())
			httpctx.AddLogAttrs(slog.Int("detached", 1))
			join(gls.Go, func() { assert.Equal(t, ids+`,"before":1,"detached":1}`, line()) })
			added <- true
		})
		httpctx.AddLogAttrs(slog.Int("after", 1))
		close(changed)
		<-added
		assert.Equal(t, ids+`,"before":1,"after":1}`, line())
		<-done
	})
}

// Many goroutines add at once: none is lost, and who logs meanwhile sees each of them once or not.
func TestAddLogAttrsConcurrently(t *testing.T) {
	inGetX(func() {
		var group gls.WaitGroup
		for i := range 8 {
			group.Go(func() {
				for j := range 20 {
					httpctx.AddLogAttrs(slog.Int(fmt.Sprint(i), j))
					slog.New(httpctx.LogHandler(nopHandler{})).Info("m")
				}
			})
		}
		group.Wait()
		var out bytes.Buffer
		jsonLog(&out).Info("m")
		line := records(t, out.String())[0]
		for i := range 8 {
			assert.EqualValues(t, 19, line[fmt.Sprint(i)])
		}
		assert.Len(t, line, 2+3+8)
	})
}

// A LogValuer is asked when a line is logged, under no lock: it may log and add attributes itself.
func TestAddLogAttrsLogValuer(t *testing.T) {
	var out bytes.Buffer
	l := jsonLog(&out)
	inGetX(func() {
		httpctx.AddLogAttrs(slog.Any("v", valuerFunc(func() slog.Value {
			httpctx.AddLogAttrs(slog.Int("added", 1))
			slog.New(httpctx.LogHandler(nopHandler{})).Info("inside")
			return slog.StringValue("asked")
		})))
		l.Info("m")
		l.Info("m")
	})
	lines := records(t, out.String())
	assert.Equal(t, "asked", lines[0]["v"])
	assert.NotContains(t, lines[0], "added")
	assert.EqualValues(t, 1, lines[1]["added"])
}

type valuerFunc func() slog.Value

func (f valuerFunc) LogValue() slog.Value { return f() }

// During a request with attributes the tests of testing/slogtest hold, and the record given to the handler is
// untouched.
func TestLogHandlerWithAddedAttributesIsAHandler(t *testing.T) {
	inGetX(func() {
		httpctx.AddLogAttrs(slog.String("user", "ada"))
		var out bytes.Buffer
		err := slogtest.TestHandler(httpctx.LogHandler(slog.NewJSONHandler(&out, nil), httpctx.MarkLost()),
			func() []map[string]any {
				all := records(t, out.String())
				for _, m := range all {
					assert.Equal(t, "ada", m["user"])
				}
				return all
			})
		assert.NoError(t, err)

		record := slog.NewRecord(time.Time{}, slog.LevelInfo, "m", 0)
		record.AddAttrs(slog.Int("a", 1))
		require.NoError(t, httpctx.LogHandler(nopHandler{}).Handle(context.Background(), record))
		assert.Equal(t, 1, record.NumAttrs())
	})
}

// MarkLost names the go statement on each line that has lost its request, and adds nothing to others.
func TestMarkLost(t *testing.T) {
	var out bytes.Buffer
	marking := func(opts ...httpctx.LogOption) *slog.Logger {
		return slog.New(httpctx.LogHandler(slog.NewJSONHandler(&out, &slog.HandlerOptions{ReplaceAttr: noTime}), opts...))
	}
	lost := func(log func()) any {
		out.Reset()
		log()
		return records(t, out.String())[0]["request_lost"]
	}
	l := marking(httpctx.MarkLost())
	log := func() { l.Info("m") }
	assert.Nil(t, lost(log), "outside")
	inGetX(func() {
		assert.Nil(t, lost(log), "here")
		assert.Nil(t, lost(func() { join(gls.Go, log) }))
		assert.Nil(t, lost(func() { httpctx.RunOutside(log) }))
		assert.Nil(t, lost(func() { httpctx.RunOutside(func() { join(gls.Go, log) }) }))
	})
	var over gls.Snapshot
	inGetX(func() { over = gls.Capture() })
	assert.Nil(t, lost(func() { over.Run(log) }), "over is not lost")

	explicit(t)
	inGetX(func() {
		at := line() + 1
		start := func(fn func()) { go fn() }
		want := fmt.Sprintf(`^github\.com/ambient-go/ambient/httpctx_test\.TestMarkLost\.func.* \(.*/logattrs_test\.go:%d\)$`, at)
		assert.Regexp(t, want, lost(func() { join(start, log) }))
		assert.Regexp(t, want, lost(func() { join(start, func() { l.WithGroup("g").With("a", 1).Info("m", "b", 2) }) }))
		assert.Contains(t, out.String(), `"g":{"a":1,"b":2}`, "at the top level")
		assert.Nil(t, lost(func() { join(start, func() { marking().Info("m") }) }), "without the option")
		assert.Equal(t, "own", lost(func() { join(start, func() { l.With("request_lost", "own").Info("m") }) }))
		assert.NotContains(t, out.String(), "httpctx_test")
	})
	timeout := http.TimeoutHandler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { log() }), time.Minute, "")
	assert.Regexp(t, `^net/http\.\(\*timeoutHandler\)\.ServeHTTP \(`, lost(func() {
		httpctx.Middleware(timeout).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
	}))
	carrying(func(_ http.ResponseWriter, r *http.Request) {
		assert.Nil(t, lost(func() { join(plain, func() { l.InfoContext(r.Context(), "m") }) }), "known by its ctx")
		assert.Contains(t, out.String(), "request_id")
	}).ServeHTTP(httptest.NewRecorder(), newRequest("/"))
}

func TestLogHandlerOptions(t *testing.T) {
	assert.Equal(t, "httpctx.LogHandler: nil option", panicOf(func() { httpctx.LogHandler(nopHandler{}, nil) }))
	assert.Equal(t, "httpctx.LogHandler: nil handler", panicOf(func() { httpctx.LogHandler(nil, httpctx.MarkLost()) }))
}

// The first line that one writes: what slog has at the start, with the request.
func TestLogHandlerAroundTheDefaultHandler(t *testing.T) {
	if !again(t) {
		return
	}
	slog.SetDefault(slog.New(httpctx.LogHandler(slog.Default().Handler(), httpctx.MarkLost())))
	logged := make(chan bool)
	go func() {
		defer close(logged)
		inGetX(func() { slog.Info("m") })
	}()
	within(t, logged)
}
