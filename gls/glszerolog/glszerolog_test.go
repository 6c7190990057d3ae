package glszerolog_test

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glszerolog"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

func TestEachRequestsLinesUnderLoad(t *testing.T) {
	adaptertest.Lines(t, func(out io.Writer) []func(message, want string) {
		l := zerolog.New(out).Hook(glszerolog.Hook())
		with := l.With().Int("a", 1).Logger()
		return []func(message, want string){
			func(message, want string) { l.Info().Str("want", want).Msg(message) },
			func(message, want string) {
				with.Warn().Str("want", want).Dict("d", zerolog.Dict().Int("b", 2)).Msg(message)
			},
			func(message, want string) {
				derived := l.With().Str("want", want).Logger()
				derived.Error().Err(errors.New("e")).Msgf("%s", message)
			},
		}
	})
}

// logged returns the line of a logger with the hook, in a flow with attrs.
func logged(log func(l zerolog.Logger), attrs ...slog.Attr) string {
	var out bytes.Buffer
	l := zerolog.New(&out).Hook(glszerolog.Hook())
	glslog.Run(func() { log(l) }, attrs...)
	return out.String()
}

func TestPlaces(t *testing.T) {
	flow := slog.Int("flow", 1)
	for name, c := range map[string]struct {
		log  func(l zerolog.Logger)
		want string
	}{
		"no fields":        {func(l zerolog.Logger) { l.Log().Msg("m") }, `{"flow":1,"message":"m"}`},
		"no message":       {func(l zerolog.Logger) { l.Log().Send() }, `{"flow":1}`},
		"the line's":       {func(l zerolog.Logger) { l.Log().Int("a", 1).Msg("m") }, `{"a":1,"flow":1,"message":"m"}`},
		"the line's group": {func(l zerolog.Logger) { l.Log().Dict("d", zerolog.Dict().Int("a", 1)).Send() }, `{"d":{"a":1},"flow":1}`},
		"With": {
			func(l zerolog.Logger) { l = l.With().Int("a", 1).Logger(); l.Log().Int("b", 2).Send() },
			`{"a":1,"b":2,"flow":1}`,
		},
		"the line's own": {func(l zerolog.Logger) { l.Log().Int("flow", 2).Send() }, `{"flow":2,"flow":1}`},
		"MsgFunc":        {func(l zerolog.Logger) { l.Log().MsgFunc(func() string { return "m" }) }, `{"flow":1,"message":"m"}`},
		"outside":        {func(l zerolog.Logger) { gls.Isolate(func() { l.Log().Int("a", 1).Send() }) }, `{"a":1}`},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want+"\n", logged(c.log, flow)) })
	}
}

type number int

func (n number) LogValue() slog.Value { return slog.IntValue(int(n)) }

type valuer struct{}

func (valuer) LogValue() slog.Value { return slog.GroupValue(slog.Int("inline", 1)) }

func TestValues(t *testing.T) {
	send := func(l zerolog.Logger) { l.Log().Send() }
	for want, value := range map[string]slog.Value{
		`"x"`:                    slog.StringValue("x"),
		`-1`:                     slog.Int64Value(-1),
		`18446744073709551615`:   slog.Uint64Value(1<<64 - 1),
		`1.5`:                    slog.Float64Value(1.5),
		`true`:                   slog.BoolValue(true),
		`2000`:                   slog.DurationValue(2 * time.Second),
		`"2026-10-01T12:00:00Z"`: slog.TimeValue(time.Date(2026, 10, 1, 12, 0, 0, 0, time.UTC)),
		`"full"`:                 slog.AnyValue(errors.New("full")),
		`null`:                   slog.AnyValue(nil),
		`["a","b"]`:              slog.AnyValue([]string{"a", "b"}),
		`{"X":1}`:                slog.AnyValue(struct{ X int }{1}),
		`7`:                      slog.AnyValue(number(7)),
		`{"a":1,"h":{"b":7},"c":3}`: slog.GroupValue(slog.Int("a", 1), slog.Attr{}, slog.Group("none"),
			slog.Group("h", "b", number(7)), slog.Group("", "c", 3)),
	} {
		assert.Equal(t, `{"v":`+want+"}\n", logged(send, slog.Attr{Key: "v", Value: value}))
	}
	assert.Equal(t, `{"inline":1}`+"\n", logged(send, slog.Group("empty"), slog.Any("", valuer{})))
}

// A counter says how often it was asked.
type counter struct{ asked int }

func (c *counter) LogValue() slog.Value {
	c.asked++
	return slog.IntValue(c.asked)
}

func TestLinesThatAreDroppedCostNothing(t *testing.T) {
	c := &counter{}
	discard := zerolog.HookFunc(func(e *zerolog.Event, _ zerolog.Level, _ string) { e.Discard() })
	out := logged(func(l zerolog.Logger) {
		off := l.Level(zerolog.WarnLevel)
		off.Info().Msg("m")
		sampled := l.Sample(zerolog.RandomSampler(0))
		sampled.Info().Msg("m")
		discarded := zerolog.New(io.Discard).Hook(discard, glszerolog.Hook())
		discarded.Info().Msg("m")
		l.Info().Discard().Msg("m")
		assert.Zero(t, c.asked)
		l.Info().Send()
	}, slog.Any("c", c))
	assert.Equal(t, `{"level":"info","c":1}`+"\n", out)
}

// A ctx that carries a request says which one it is, on whatever goroutine.
func TestCtxSaysWhichRequest(t *testing.T) {
	var out bytes.Buffer
	l := zerolog.New(&out).Hook(glszerolog.Hook())
	httpctx.New(httpctx.WithRequestContext())(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		httpctx.RunOutside(func() {
			l.Log().Ctx(r.Context()).Send()
			l.Log().Send()
		})
	})).ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/x", http.NoBody))
	assert.Regexp(t, `^{"request_id":"[^"]+","method":"GET","path":"/x"}`+"\n{}\n$", out.String())
}

func TestOptions(t *testing.T) {
	var out bytes.Buffer
	tenant := gls.New[string]("tenant")
	l := zerolog.New(&out).Hook(glszerolog.Hook(glslog.Show("tenant", tenant), glslog.Replace(func(a slog.Attr) slog.Attr {
		if a.Key == "secret" {
			return slog.Attr{}
		}
		return a
	})))
	gls.Run(func() { l.Log().Send() }, tenant.With("acme"), glslog.With(slog.Int("a", 1), slog.Int("secret", 1)))
	assert.Equal(t, `{"a":1,"tenant":"acme"}`+"\n", out.String())
	assert.PanicsWithValue(t, "glslog.NewSource: nil option", func() { glszerolog.Hook(nil) })
}
