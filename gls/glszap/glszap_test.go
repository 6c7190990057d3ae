package glszap_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszap"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

func TestEachRequestsLinesUnderLoad(t *testing.T) {
	adaptertest.Lines(t, func(out io.Writer) []func(message, want string) {
		l := zap.New(base(out), glszap.WrapCore())
		with := l.With(zap.Int("a", 1))
		return []func(message, want string){
			func(message, want string) { l.Info(message, zap.String("want", want)) },
			func(message, want string) { with.Sugar().Infow(message, "want", want) },
			func(message, want string) { l.With(zap.String("want", want), zap.Namespace("n")).Info(message) },
		}
	})
}

func TestPlaces(t *testing.T) {
	a, b := zap.Int("a", 1), zap.Int("b", 2)
	for name, c := range map[string]struct {
		log           func(l *zap.Logger)
		outside, want string // with flow=1
	}{
		"no fields":  {func(l *zap.Logger) { l.Info("m") }, ``, `,"flow":1`},
		"the line's": {func(l *zap.Logger) { l.Info("m", a) }, `,"a":1`, `,"flow":1,"a":1`},
		"With":       {func(l *zap.Logger) { l.With(a).Info("m", b) }, `,"a":1,"b":2`, `,"a":1,"flow":1,"b":2`},
		"WithLazy":   {func(l *zap.Logger) { l.WithLazy(a).Info("m", b) }, `,"a":1,"b":2`, `,"a":1,"flow":1,"b":2`},
		"sugar": {
			func(l *zap.Logger) { l.Sugar().With("a", 1).Infow("m", "b", 2) }, `,"a":1,"b":2`, `,"a":1,"flow":1,"b":2`,
		},
		"a namespace": {
			func(l *zap.Logger) { l.With(a, zap.Namespace("n"), b).Info("m", a) },
			`,"a":1,"n":{"b":2,"a":1}`, `,"a":1,"flow":1,"n":{"b":2,"a":1}`,
		},
		"a namespace and more": {
			func(l *zap.Logger) { l.With(zap.Namespace("n")).With(a).With(zap.Namespace("o"), b).Info("m", a) },
			`,"n":{"a":1,"o":{"b":2,"a":1}}`, `,"flow":1,"n":{"a":1,"o":{"b":2,"a":1}}`,
		},
		"the line's namespace": {
			func(l *zap.Logger) { l.Info("m", zap.Namespace("n"), a) }, `,"n":{"a":1}`, `,"flow":1,"n":{"a":1}`,
		},
		"a namespace inside": {
			func(l *zap.Logger) { l.With(a, zap.Inline(zap.DictObject(zap.Namespace("n"))), b).Info("m") },
			`,"a":1,"n":{"b":2}`, `,"a":1,"flow":1,"n":{"b":2}`,
		},
		"nothing":                       {func(l *zap.Logger) { l.With().Info("m") }, ``, `,"flow":1`},
		"the logger's own":              {func(l *zap.Logger) { l.With(zap.Int("flow", 2)).Info("m", a) }, `,"flow":2,"a":1`, `,"flow":2,"a":1`},
		"the logger's own below a name": {func(l *zap.Logger) { l.With(zap.Namespace("n"), zap.Int("flow", 2)).Info("m") }, `,"n":{"flow":2}`, `,"flow":1,"n":{"flow":2}`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			l := zap.New(glszap.NewCore(base(&out)))
			for range 2 { // what is prepared, and what has been
				glslog.Run(func() { c.log(l) }, slog.Int("flow", 1))
				glslog.Run(func() { c.log(l) }, slog.Any("flow", number(1)))
				c.log(l)
				assert.Equal(t, `{"message":"m"`+c.want+"}\n"+`{"message":"m"`+c.want+"}\n"+
					`{"message":"m"`+c.outside+"}\n", taken(&out))
			}
		})
	}
}

type number int

func (n number) LogValue() slog.Value { return slog.IntValue(int(n)) }

// Cores derived from one core do not write over each other's fields.
func TestDerivedCoresAreCopies(t *testing.T) {
	var out bytes.Buffer
	l := zap.New(glszap.NewCore(base(&out))).With(zap.Namespace("n"))
	glslog.Run(func() {
		for range 9 {
			l = l.With(zap.Int("a", 0))
			one, two := l.With(zap.Int("b", 1)), l.With(zap.Int("b", 2))
			out.Reset()
			one.Info("m")
			two.Info("m")
			assert.Regexp(t, `"flow":1,.*"b":1}}\n.*"flow":1,.*"b":2}}\n$`, out.String())
		}
	}, slog.Int("flow", 1))
}

func TestValues(t *testing.T) {
	for want, value := range map[string]slog.Value{
		`"x"`:                    slog.StringValue("x"),
		`-1`:                     slog.Int64Value(-1),
		`18446744073709551615`:   slog.Uint64Value(1<<64 - 1),
		`1.5`:                    slog.Float64Value(1.5),
		`true`:                   slog.BoolValue(true),
		`"2s"`:                   slog.DurationValue(2 * time.Second),
		`"2026-10-01T12:00:00Z"`: slog.TimeValue(time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)),
		`"full"`:                 slog.AnyValue(errors.New("full")),
		`null`:                   slog.AnyValue(nil),
		`["a","b"]`:              slog.AnyValue([]string{"a", "b"}),
		`{"X":1}`:                slog.AnyValue(struct{ X int }{1}),
		`7`:                      slog.AnyValue(number(7)),
		`{"a":1,"h":{"b":7},"c":3}`: slog.GroupValue(slog.Int("a", 1), slog.Attr{}, slog.Group("none"),
			slog.Group("h", "b", number(7)), slog.Group("", "c", 3)),
	} {
		var out bytes.Buffer
		l := zap.New(base(&out), glszap.WrapCore())
		glslog.Run(func() {
			l.Info("m")
			l.With(zap.Namespace("n")).Info("m")
		}, slog.Attr{Key: "v", Value: value})
		assert.Equal(t, `{"message":"m","v":`+want+"}\n"+`{"message":"m","v":`+want+`,"n":{}}`+"\n", out.String())
	}
	var out bytes.Buffer
	l := zap.New(glszap.NewCore(base(&out)))
	glslog.Run(func() { l.Info("m") }, slog.Group("empty"), slog.Any("", valuer{}))
	assert.Equal(t, `{"message":"m","inline":1}`+"\n", out.String())
}

// A valuer is a group.
type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.Int("inline", 1)) }

// A counter says how often it was asked.
type counter struct{ asked int }

func (c *counter) LogValue() slog.Value {
	c.asked++
	return slog.IntValue(c.asked)
}

func TestLevelsThatAreOffCostNothing(t *testing.T) {
	c, tenant := &counter{}, gls.New[*counter]("tenant")
	core := glszap.NewCore(base(io.Discard), glslog.Show("tenant", tenant))
	l := zap.New(core).With(zap.Int("a", 1))
	gls.Run(func() {
		l.Debug("m")
		assert.Nil(t, l.Check(zap.DebugLevel, "m"))
		assert.Nil(t, core.Check(zapcore.Entry{Level: zap.DebugLevel}, nil))
		assert.Zero(t, c.asked)
		l.Info("m")
		assert.Equal(t, 2, c.asked)
	}, tenant.With(c), glslog.With(slog.Any("c", c)))
	assert.Equal(t, zap.InfoLevel, zapcore.LevelOf(core))
	assert.Equal(t, zap.ErrorLevel, zapcore.LevelOf(zap.New(core, zap.IncreaseLevel(zap.ErrorLevel)).Core()))
	assert.False(t, core.Enabled(zap.DebugLevel))
}

// What the next core decides in Check it decides for lines with attributes, too: a tee's levels, a sampler's count.
func TestCheckIsTheNextCores(t *testing.T) {
	low, lows := observer.New(zap.InfoLevel)
	high, highs := observer.New(zap.ErrorLevel)
	dropped, hooked := 0, 0
	next := zapcore.NewSamplerWithOptions(zapcore.RegisterHooks(zapcore.NewTee(low, high),
		func(zapcore.Entry) error { hooked++; return nil }), time.Hour, 2, 0,
		zapcore.SamplerHook(func(_ zapcore.Entry, d zapcore.SamplingDecision) {
			if d&zapcore.LogDropped != 0 {
				dropped++
			}
		}))
	l := zap.New(glszap.NewCore(next))
	glslog.Run(func() {
		for range 5 {
			l.With(zap.Int("a", 1)).Info("m")
		}
		l.Error("e")
	}, slog.Int("flow", 1), slog.Any("changing", number(2)))
	assert.Equal(t, 3, lows.Len())
	assert.Equal(t, 1, highs.Len())
	assert.Equal(t, 3, hooked)
	assert.Equal(t, 3, dropped)
	for _, line := range lows.All() {
		assert.EqualValues(t, 1, line.ContextMap()["flow"])
		assert.EqualValues(t, 2, line.ContextMap()["changing"])
	}
}

// A failing is a core that does not write, and that asks nobody in Check, as cores of other packages do.
type failing struct {
	zapcore.Core
	err error
}

func (f failing) With([]zapcore.Field) zapcore.Core          { return f }
func (f failing) Write(zapcore.Entry, []zapcore.Field) error { return f.err }
func (f failing) Sync() error                                { return f.err }

// An outer core calls Write without Check.
type outer struct{ zapcore.Core }

func (o outer) Check(e zapcore.Entry, ce *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return ce.AddCore(e, o)
}

func TestWriteAndSyncArePassedOn(t *testing.T) {
	err := errors.New("full")
	core := glszap.NewCore(failing{base(io.Discard), err})
	fields := make([]zapcore.Field, 1, 8)
	fields[0] = zap.Int("a", 1)
	glslog.Run(func() {
		assert.Equal(t, err, core.Write(zapcore.Entry{}, fields))
		assert.Equal(t, err, core.Sync())
		var out bytes.Buffer
		zap.New(outer{glszap.NewCore(base(&out))}).Info("m", fields...)
		assert.Equal(t, `{"message":"m","flow":1,"changing":2,"a":1}`+"\n", out.String())
	}, slog.Int("flow", 1), slog.Any("changing", number(2)))
	assert.Equal(t, zapcore.Field{}, fields[:2][1], "the caller's slice")
	assert.Equal(t, err, core.Write(zapcore.Entry{}, nil))
}

func TestOptions(t *testing.T) {
	var out bytes.Buffer
	tenant := gls.New[string]("tenant")
	l := zap.New(base(&out), glszap.WrapCore(glslog.Show("tenant", tenant), glslog.Replace(func(a slog.Attr) slog.Attr {
		if a.Key == "secret" {
			return slog.Attr{}
		}
		return a
	})))
	gls.Run(func() {
		l.With(zap.Namespace("n")).Info("m")
		l.With(zap.Int("tenant", 1)).Info("m")
	}, tenant.With("acme"), glslog.With(slog.Int("a", 1), slog.Int("secret", 1)))
	assert.Equal(t, `{"message":"m","a":1,"tenant":"acme","n":{}}`+"\n"+`{"message":"m","tenant":1,"a":1}`+"\n", out.String())
	for want, fn := range map[string]func(){
		"glszap.NewCore: nil zapcore.Core": func() { glszap.NewCore(nil) },
		"glslog.NewSource: nil option":     func() { glszap.NewCore(base(&out), nil) },
	} {
		assert.Equal(t, want, panicOf(fn))
	}
	if gls.Propagation() == gls.Explicit {
		out.Reset()
		l := zap.New(base(&out), glszap.WrapCore(httpctx.ShowRequest(httpctx.MarkLost())))
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", http.NoBody), func() {
			done := make(chan struct{})
			go func() {
				defer close(done)
				l.Info("m")
			}()
			<-done
		})
		assert.Contains(t, out.String(), `"request_lost":"`)
	}
}
