package glslogrus_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/sirupsen/logrus"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glslogrus"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

func logger(out io.Writer, opts ...glslog.Option) *logrus.Logger {
	l := logrus.New()
	l.SetOutput(out)
	l.SetFormatter(&logrus.JSONFormatter{
		DisableTimestamp: true,
		FieldMap:         logrus.FieldMap{logrus.FieldKeyMsg: "message"},
	})
	l.AddHook(glslogrus.Hook(opts...))
	return l
}

func TestEachRequestsLinesUnderLoad(t *testing.T) {
	adaptertest.Lines(t, func(out io.Writer) []func(message, want string) {
		l := logger(out)
		with := l.WithField("a", 1)
		return []func(message, want string){
			func(message, want string) { l.WithField("want", want).Info(message) },
			func(message, want string) { with.WithFields(logrus.Fields{"want": want, "b": 2}).Warn(message) },
		}
	})
}

// logged returns the line of a logger with the hook, in a flow with attrs.
func logged(log func(l *logrus.Logger), attrs ...slog.Attr) string {
	var out bytes.Buffer
	l := logger(&out)
	glslog.Run(func() { log(l) }, attrs...)
	return out.String()
}

func TestFields(t *testing.T) {
	for name, c := range map[string]struct {
		log  func(l *logrus.Logger)
		want string
	}{
		"no fields":      {func(l *logrus.Logger) { l.Info("m") }, `{"flow":1,"level":"info","message":"m"}` + "\n"},
		"the line's":     {func(l *logrus.Logger) { l.WithField("a", 1).Info("m") }, `{"a":1,"flow":1,"level":"info","message":"m"}` + "\n"},
		"the line's own": {func(l *logrus.Logger) { l.WithField("flow", 2).Info("m") }, `{"flow":2,"level":"info","message":"m"}` + "\n"},
		"outside": {
			func(l *logrus.Logger) { gls.Isolate(func() { l.WithField("a", 1).Info("m") }) },
			`{"a":1,"level":"info","message":"m"}` + "\n",
		},
		"a level that is off": {func(l *logrus.Logger) { l.Debug("m") }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, c.want, logged(c.log, slog.Int("flow", 1)))
			assert.Equal(t, c.want, logged(c.log, slog.Any("flow", number(1))))
		})
	}
}

type number int

func (n number) LogValue() slog.Value { return slog.IntValue(int(n)) }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.Int("inline", 1)) }

type failure struct{}

func (*failure) Error() string { return "failure" }

func TestValues(t *testing.T) {
	send := func(l *logrus.Logger) { l.Info("m") }
	for want, value := range map[string]slog.Value{
		`"x"`:                    slog.StringValue("x"),
		`-1`:                     slog.Int64Value(-1),
		`18446744073709551615`:   slog.Uint64Value(1<<64 - 1),
		`1.5`:                    slog.Float64Value(1.5),
		`true`:                   slog.BoolValue(true),
		`2000000000`:             slog.DurationValue(2 * time.Second),
		`"2026-10-01T12:00:00Z"`: slog.TimeValue(time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)),
		`"full"`:                 slog.AnyValue(errors.New("full")),
		`null`:                   slog.AnyValue(nil),
		`["a","b"]`:              slog.AnyValue([]string{"a", "b"}),
		`{"X":1}`:                slog.AnyValue(struct{ X int }{1}),
		`7`:                      slog.AnyValue(number(7)),
		`{"a":1,"c":3,"e":"full","h":{"b":7},"n":null}`: slog.GroupValue(slog.Int("a", 0), slog.Int("a", 1), slog.Attr{},
			slog.Group("none"), slog.Group("h", "b", number(7)), slog.Group("", "c", 3),
			slog.Any("e", errors.New("full")), slog.Any("n", (*failure)(nil))),
	} {
		assert.Equal(t, `{"level":"info","message":"m","v":`+want+"}\n", logged(send, slog.Attr{Key: "v", Value: value}))
	}
	assert.Equal(t, `{"inline":1,"level":"info","message":"m"}`+"\n", logged(send,
		slog.Group("empty"), slog.Any("", valuer{}), slog.Any("f", func() {}), slog.Group("g", slog.Any("f", send))))
}

// A counter says how often it was asked.
type counter struct{ asked int }

func (c *counter) LogValue() slog.Value {
	c.asked++
	return slog.IntValue(c.asked)
}

func TestLevelsThatAreOffCostNothing(t *testing.T) {
	c := &counter{}
	logged(func(l *logrus.Logger) {
		l.Debug("m")
		assert.Zero(t, c.asked)
		l.Info("m")
		l.Info("m")
		assert.Equal(t, 2, c.asked)
	}, slog.Any("c", c))
}

// A redacting is a hook that changes what it is given, in groups too.
type redacting struct{}

func (redacting) Levels() []logrus.Level { return logrus.AllLevels }

func (redacting) Fire(e *logrus.Entry) error {
	e.Data["a"] = "-"
	e.Data["g"].(map[string]any)["secret"] = "-"
	return nil
}

// What another hook does to a line is done to no other, and an entry that is used again is as it was.
func TestEachLineHasItsOwnFields(t *testing.T) {
	var out bytes.Buffer
	l := logger(&out)
	glslog.Run(func() {
		entry := l.WithField("own", 1)
		entry.Info("m")
		l.AddHook(redacting{})
		var all sync.WaitGroup
		for range 20 {
			all.Go(gls.Bind(func() { entry.Info("m") }))
		}
		all.Wait()
		assert.Equal(t, logrus.Fields{"own": 1}, entry.Data)
		out.Reset()
		l.ReplaceHooks(logrus.LevelHooks{})
		l.AddHook(glslogrus.Hook())
		entry.Info("m")
	}, slog.Int("a", 1), slog.Group("g", "secret", 1))
	assert.Equal(t, `{"a":1,"g":{"secret":1},"level":"info","message":"m","own":1}`+"\n", out.String())
}

// A ctx that carries a request says which one it is, on whatever goroutine.
func TestCtxSaysWhichRequest(t *testing.T) {
	var out bytes.Buffer
	l := logger(&out)
	httpctx.New(httpctx.WithRequestContext())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		httpctx.RunOutside(func() {
			l.WithContext(r.Context()).Info("m")
			l.Info("n")
		})
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
	assert.Regexp(t, `"message":"m","method":"GET","path":"/x","request_id":"[^"]+"}`+"\n"+
		`{"level":"info","message":"n"}`+"\n$", out.String())
}

func TestOptions(t *testing.T) {
	var out bytes.Buffer
	tenant := gls.New[string]("tenant")
	l := logger(&out, glslog.Show("tenant", tenant), glslog.Replace(func(a slog.Attr) slog.Attr {
		if a.Key == "secret" {
			return slog.Attr{}
		}
		return a
	}))
	gls.Run(func() { l.Info("m") }, tenant.With("acme"), glslog.With(slog.Int("a", 1), slog.Int("secret", 1)))
	assert.Equal(t, `{"a":1,"level":"info","message":"m","tenant":"acme"}`+"\n", out.String())
	assert.PanicsWithValue(t, "glslog.NewSource: nil option", func() { glslogrus.Hook(nil) })
}
