package glslog_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http/httptest"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/slogtest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/testexec"
)

func jsonLines(out io.Writer) slog.Handler {
	return slog.NewJSONHandler(out, &slog.HandlerOptions{ReplaceAttr: noTime})
}

// inFlow runs fn with the attribute flow=1.
func inFlow(fn func()) { glslog.Run(fn, slog.Int("flow", 1)) }

// logged returns the lines that fn logs through Handler.
func logged(fn func(l *slog.Logger), opts ...glslog.Option) string {
	var out bytes.Buffer
	fn(slog.New(glslog.Handler(jsonLines(&out), opts...)))
	return out.String()
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

func TestHandlerIsAHandler(t *testing.T) {
	tenant := gls.New[string]("tenant")
	changing := slog.Any("flow", email("ada"))
	for where, c := range map[string]struct {
		in   func(fn func())
		want map[string]any
	}{
		"outside":        {func(fn func()) { fn() }, nil},
		"without any":    {func(fn func()) { glslog.Run(fn) }, nil},
		"in a flow":      {inFlow, map[string]any{"flow": 1.0}},
		"for each line":  {func(fn func()) { glslog.Run(fn, changing) }, map[string]any{"flow": "ada"}},
		"of a storage":   {func(fn func()) { tenant.Run("acme", fn) }, map[string]any{"tenant": "acme"}},
		"after the flow": {func(fn func()) { inFlow(func() {}); fn() }, nil},
		"of both of them": {
			func(fn func()) { tenant.Run("acme", func() { inFlow(fn) }) },
			map[string]any{"tenant": "acme", "flow": 1.0},
		},
	} {
		t.Run(where, func(t *testing.T) {
			c.in(func() {
				var out bytes.Buffer
				h := glslog.Handler(slog.NewJSONHandler(&out, nil), glslog.Show("tenant", tenant))
				err := slogtest.TestHandler(h, func() []map[string]any {
					all := records(t, out.String())
					for _, m := range all {
						for _, key := range []string{"flow", "tenant"} {
							want, set := c.want[key]
							got, there := m[key]
							assert.Equal(t, set, there, m)
							assert.Equal(t, want, got)
						}
					}
					return all
				})
				assert.NoError(t, err)
			})
		})
	}
}

// The attributes stand at the top level; everything else keeps its place.
func TestHandlerPlaces(t *testing.T) {
	for name, c := range map[string]struct {
		log         func(l *slog.Logger)
		want        string // with flow=1
		wantPerLine string // with an attribute that is formatted for each line
	}{
		"no attributes": {
			func(l *slog.Logger) { l.Info("m") },
			`"flow":1`, `"flow":1`,
		},
		"a record's own": {
			func(l *slog.Logger) { l.Info("m", "a", 1, slog.Group("g", "b", 2)) },
			`"flow":1,"a":1,"g":{"b":2}`, `"a":1,"g":{"b":2},"flow":1`,
		},
		"WithAttrs": {
			func(l *slog.Logger) { l.With("a", 1).With("b", 2).Info("m", "c", 3) },
			`"a":1,"b":2,"flow":1,"c":3`, `"a":1,"b":2,"c":3,"flow":1`,
		},
		"WithGroup": {
			func(l *slog.Logger) { l.WithGroup("g").Info("m", "a", 1) },
			`"flow":1,"g":{"a":1}`, `"flow":1,"g":{"a":1}`,
		},
		"groups and attributes": {
			func(l *slog.Logger) {
				l.With("a", 1).WithGroup("g").With("b", 2).WithGroup("h").With("c", 3).With("d", 4).Info("m", "e", 5)
			},
			`"a":1,"flow":1,"g":{"b":2,"h":{"c":3,"d":4,"e":5}}`, `"a":1,"flow":1,"g":{"b":2,"h":{"c":3,"d":4,"e":5}}`,
		},
		"an empty group": {
			func(l *slog.Logger) { l.WithGroup("g").Info("m") },
			`"flow":1`, `"flow":1`,
		},
		"nothing with": {
			func(l *slog.Logger) { l.With().WithGroup("").Info("m") },
			`"flow":1`, `"flow":1`,
		},
		"the logger's own": {
			func(l *slog.Logger) { l.With("flow", 2).Info("m", "a", 1) },
			`"flow":2,"a":1`, `"flow":2,"a":1`,
		},
		"the logger's own in a group without a name": {
			func(l *slog.Logger) { l.With(slog.Group("", "b", 3, slog.Group("", "flow", 2))).Info("m", "a", 1) },
			`"b":3,"flow":2,"a":1`, `"b":3,"flow":2,"a":1`,
		},
		"the logger's own without an attribute": {
			func(l *slog.Logger) {
				l.With(slog.Group("flow"), slog.Group("flow", slog.Group("flow")), slog.Attr{}).Info("m")
			},
			`"flow":1`, `"flow":1`,
		},
		"the logger's own in a group": {
			func(l *slog.Logger) { l.WithGroup("g").With("flow", 2).Info("m", "a", 1) },
			`"flow":1,"g":{"flow":2,"a":1}`, `"flow":1,"g":{"flow":2,"a":1}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			var out, none bytes.Buffer
			l := slog.New(glslog.Handler(jsonLines(&out)))
			c.log(slog.New(jsonLines(&none)))
			for range 2 { // what is prepared, and what has been
				glslog.Run(func() { c.log(l) }, slog.Int("flow", 1))
				glslog.Run(func() { c.log(l) }, slog.Any("flow", number(1)))
				c.log(l)
			}
			want := `{"level":"INFO","msg":"m",` + c.want + "}\n" +
				`{"level":"INFO","msg":"m",` + c.wantPerLine + "}\n" + none.String()
			assert.Equal(t, want+want, out.String())
		})
	}
}

type number int

func (n number) LogValue() slog.Value { return slog.IntValue(int(n)) }

// Attributes set below are not on the lines above, and one logger shows each flow its own.
func TestHandlerShowsTheFlowThatLogs(t *testing.T) {
	var out bytes.Buffer
	l := slog.New(glslog.Handler(jsonLines(&out))).With("l", 1)
	line := func(want string) {
		t.Helper()
		l.Info("m")
		assert.Equal(t, `{"level":"INFO","msg":"m","l":1`+want+"}\n", out.String())
		out.Reset()
	}
	line("")
	glslog.Run(func() {
		line(`,"a":1`)
		glslog.Run(func() { line(`,"b":2,"a":2`) }, slog.Int("b", 2), slog.Int("a", 2))
		join(gls.Go, func() { line(`,"a":1`) })
		gls.Isolate(func() { line("") })
		line(`,"a":1`)
	}, slog.Int("a", 1))
	glslog.Run(func() { line(`,"a":7`) }, slog.Int("a", 7))
	line("")
}

// A keeper keeps what it is given, and changes its slices as slog allows it.
type keeper struct {
	kept  *[]slog.Record
	ctx   *context.Context
	attrs []slog.Attr
	err   error
}

func (k *keeper) Enabled(ctx context.Context, _ slog.Level) bool {
	*k.ctx = ctx
	return true
}

func (k *keeper) Handle(ctx context.Context, r slog.Record) error {
	*k.ctx = ctx
	r = r.Clone()
	r.AddAttrs(k.attrs...)
	*k.kept = append(*k.kept, r)
	return k.err
}

func (k *keeper) WithAttrs(attrs []slog.Attr) slog.Handler {
	derived := *k
	derived.attrs = slices.Concat(k.attrs, attrs)
	for i := range attrs {
		attrs[i] = slog.String("changed", "by its owner")
	}
	_ = append(attrs, slog.String("appended", "by its owner"))
	return &derived
}

func (k *keeper) WithGroup(string) slog.Handler { return k }

func allOf(r slog.Record) (all []string) {
	r.Attrs(func(a slog.Attr) bool {
		all = append(all, a.String())
		return true
	})
	return all
}

// The record that it was given is not changed, with room for more attributes in it or not, nor are the attributes by
// a handler that uses what it was given. What the next handler returns is passed on.
func TestHandlerKeepsTheRecord(t *testing.T) {
	failure := errors.New("full")
	shown := gls.New[string]("shown")
	for n := range 12 {
		var kept []slog.Record
		var ctx context.Context
		base := glslog.Handler(&keeper{kept: &kept, ctx: &ctx, err: failure}, glslog.Show("shown", shown))
		for _, h := range []slog.Handler{
			base, base.WithGroup("g"), base.WithGroup("g").WithAttrs([]slog.Attr{slog.Int("w", 1)}),
			glslog.Handler(&keeper{kept: &kept, ctx: &ctx, err: failure}).WithGroup("g"),
		} {
			record := slog.NewRecord(time.Now(), slog.LevelWarn, "m", 7)
			for i := range n {
				record.AddAttrs(slog.Int(fmt.Sprint("a", i), i))
			}
			copied, before := record, allOf(record)
			shown.Run("s", func() {
				glslog.Run(func() {
					for range 3 {
						assert.Equal(t, failure, h.Handle(context.Background(), record))
					}
				}, slog.Int("one", 1), slog.Any("two", number(2)), slog.Int("three", 3))
			})
			assert.Equal(t, before, allOf(record))
			copied.AddAttrs(slog.Int("other", 1))
			assert.Equal(t, append(before, "other=1"), allOf(copied), "package slog would say !BUG")
			last := kept[len(kept)-3:]
			assert.ElementsMatch(t, allOf(last[0]), allOf(last[1]))
			assert.Equal(t, allOf(last[1]), allOf(last[2]))
			assert.Subset(t, allOf(last[2]), []string{"one=1", "two=2", "three=3"})
			assert.NotContains(t, fmt.Sprint(allOf(last[0]), allOf(last[2])), "owner")
			assert.Equal(t, record.PC, last[2].PC)
			assert.Equal(t, record.Time, last[2].Time)
			assert.Equal(t, record.Level, last[2].Level)
		}
	}
}

// The next handler gets the ambient context where nobody gave one.
func TestHandlerHandsOnTheAmbientContext(t *testing.T) {
	var kept []slog.Record
	var got context.Context
	h := glslog.Handler(&keeper{kept: &kept, ctx: &got})
	type key struct{}
	ambient := context.WithValue(context.Background(), key{}, 1)
	explicit := context.WithValue(context.Background(), key{}, 2)
	check := func(ctx, want context.Context) {
		t.Helper()
		h.Enabled(ctx, slog.LevelInfo)
		assert.Equal(t, want, got)
		got = nil
		assert.NoError(t, h.Handle(ctx, slog.Record{}))
		assert.Equal(t, want, got)
	}
	check(context.Background(), context.Background())
	gls.RunContext(ambient, func() {
		check(context.Background(), ambient)
		check(explicit, explicit)
		check(context.TODO(), context.TODO())
		slog.New(h).Info("m")
		assert.Equal(t, ambient, got)
	})
}

// A counter says how often it was asked, and by whom.
type counter struct {
	asked int
	on    func()
}

func (c *counter) LogValue() slog.Value {
	c.asked++
	if c.on != nil {
		c.on()
	}
	return slog.IntValue(c.asked)
}

func TestLogValuersAreAskedForEachLine(t *testing.T) {
	user := gls.New[string]("user")
	for name, wrap := range map[string]func(c *counter) slog.Attr{
		"itself":             func(c *counter) slog.Attr { return slog.Any("c", c) },
		"in a group":         func(c *counter) slog.Attr { return slog.Group("g", "c", c) },
		"in a group's group": func(c *counter) slog.Attr { return slog.Group("g", slog.Group("h", "c", c)) },
	} {
		c := &counter{}
		out := logged(func(l *slog.Logger) {
			grouped := l.WithGroup("x")
			glslog.Run(func() {
				assert.Zero(t, c.asked, "not before there is a line")
				l.Debug("not enabled")
				assert.Zero(t, c.asked)
				for i := range 3 {
					user.Run("logs", func() {
						c.on = func() { assert.Equal(t, "logs", user.GetOrFail(), "on the goroutine that logs") }
						l.Info("m")
						assert.Equal(t, 2*i+1, c.asked, name)
						grouped.Info("m", "a", 1)
						assert.Equal(t, 2*i+2, c.asked, name)
					})
				}
			}, slog.Int("before", 1), wrap(c), slog.Int("behind", 1))
		})
		for i, line := range strings.Split(strings.TrimSpace(out), "\n") {
			assert.Contains(t, line, `"before":1,`)
			assert.Contains(t, line, fmt.Sprintf(`"c":%d`, i+1))
			assert.Contains(t, line, `"behind":1`)
		}
	}
}

// A value that is neither a LogValuer nor plain shows its state at each line.
func TestValuesThatChange(t *testing.T) {
	type cart struct{ Items int }
	c := &cart{1}
	out := logged(func(l *slog.Logger) {
		glslog.Run(func() {
			l.Info("m")
			c.Items++
			l.Info("m")
		}, slog.Any("cart", c))
	})
	assert.Contains(t, out, `{"Items":1}`)
	assert.Contains(t, out, `{"Items":2}`)
}

// LogValue may do what it likes: log through the same logger, set attributes, end the goroutine, panic.
func TestLogValueIsAnybodysCode(t *testing.T) {
	var out bytes.Buffer
	var l *slog.Logger
	depth := 0
	inner := &counter{on: func() {
		if depth++; depth < 3 {
			l.Info("inner")
			glslog.Run(func() { l.Info("inner") }, slog.Int("more", depth))
		}
	}}
	next := jsonLines(&out)
	l = slog.New(glslog.Handler(unlocked{next}))
	done := make(chan struct{})
	go func() {
		defer close(done)
		glslog.Run(func() { l.Info("m") }, slog.Int("a", 1), slog.Any("c", inner))
		panicOf(func() { glslog.Run(func() { l.Info("m") }, slog.Any("c", &counter{on: func() { panic("x") }})) })
		join(plain, func() { glslog.Run(func() { l.Info("m") }, slog.Any("c", &counter{on: runtime.Goexit})) })
		inFlow(func() { l.Info("afterwards") })
	}()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		require.Fail(t, "it waits for itself")
	}
	assert.Contains(t, out.String(), `"msg":"afterwards","flow":1}`)
	assert.Equal(t, 4, strings.Count(out.String(), `"msg":"inner"`))
}

// An unlocked resolves before it hands on to a handler that holds a lock while it writes.
type unlocked struct{ slog.Handler }

func (u unlocked) Handle(ctx context.Context, r slog.Record) error {
	resolved := slog.NewRecord(r.Time, r.Level, r.Message, r.PC)
	r.Attrs(func(a slog.Attr) bool {
		a.Value = a.Value.Resolve()
		resolved.AddAttrs(a)
		return true
	})
	return u.Handler.Handle(ctx, resolved)
}

func (u unlocked) WithAttrs(attrs []slog.Attr) slog.Handler {
	return unlocked{u.Handler.WithAttrs(attrs)}
}
func (u unlocked) WithGroup(name string) slog.Handler { return unlocked{u.Handler.WithGroup(name)} }

func TestShow(t *testing.T) {
	number, pointer := gls.NewWithDefault("number", 5), gls.New[*int]("pointer")
	value, nothing := gls.New[email]("value"), gls.New[any]("nothing")
	line := func(fn func(log func())) string {
		out := logged(func(l *slog.Logger) { fn(func() { l.Info("m") }) },
			glslog.Show("number", number), glslog.Show("pointer", pointer), glslog.Show("value", value),
			glslog.Show("nothing", nothing))
		return strings.TrimSuffix(strings.TrimPrefix(out, `{"level":"INFO","msg":"m"`), "}\n")
	}
	assert.Equal(t, "", line(func(log func()) { log() }), "a default does not count")
	assert.Equal(t, `,"number":0`, line(func(log func()) { number.Run(0, log) }))
	assert.Equal(t, `,"number":1`, line(func(log func()) {
		defer number.Enter(1).Leave()
		log()
	}))
	assert.Equal(t, `,"pointer":null,"value":"ada","nothing":null`, line(func(log func()) {
		gls.Run(log, value.With("ada"), pointer.With(nil), nothing.With(nil))
	}))
	assert.Equal(t, `,"number":7`, line(func(log func()) {
		number.Run(1, func() { glslog.Run(log, slog.Int("number", 7)) })
	}), "an attribute of the flow")
	assert.Equal(t, `,"a":7,"number":1`, line(func(log func()) {
		number.Run(1, func() { glslog.Run(log, slog.Int("a", 7)) })
	}))
	assert.Equal(t, "", line(func(log func()) { number.Run(1, func() { number.Exit(log) }) }))
	out := logged(func(l *slog.Logger) {
		number.Run(1, func() { l.With("number", "own").WithGroup("g").Info("m", "a", 1) })
	}, glslog.Show("number", number))
	assert.Contains(t, out, `"number":"own","g":{"a":1}`)
	assert.NotContains(t, out, `"number":1`)
}

func TestReplace(t *testing.T) {
	shown := gls.New[string]("shown")
	upper := glslog.Replace(func(a slog.Attr) slog.Attr {
		a.Key = strings.ToUpper(a.Key)
		return a
	})
	drop := func(key string) glslog.Option {
		return glslog.Replace(func(a slog.Attr) slog.Attr {
			if a.Key == key {
				return slog.Attr{}
			}
			return a
		})
	}
	run := func(opts ...glslog.Option) string {
		out := logged(func(l *slog.Logger) {
			shown.Run("s", func() {
				glslog.Run(func() { l.With("l", 1).WithGroup("g").Info("m", "r", 1) },
					slog.Int("a", 1), slog.Any("b", number(2)), slog.Group("c", "d", 4))
			})
		}, append(opts, glslog.Show("shown", shown))...)
		return strings.TrimSuffix(strings.TrimPrefix(out, `{"level":"INFO","msg":"m","l":1`), "}\n")
	}
	assert.Equal(t, `,"A":1,"B":2,"C":{"d":4},"SHOWN":"s","g":{"r":1}`, run(upper), "nothing but what Handler adds")
	assert.Equal(t, `,"b":2,"c":{"d":4},"shown":"s","g":{"r":1}`, run(drop("a")))
	assert.Equal(t, `,"a":1,"c":{"d":4},"g":{"r":1}`, run(drop("b"), drop("shown")))
	assert.Equal(t, `,"B":2,"C":{"d":4},"SHOWN":"s","g":{"r":1}`, run(upper, drop("A")),
		"the later gets what the earlier returns")
	assert.Equal(t, `,"B":2,"C":{"d":4},"SHOWN":"s","g":{"r":1}`, run(drop("a"), upper))
	run(glslog.Replace(func(a slog.Attr) slog.Attr {
		if a.Key == "b" {
			assert.Equal(t, slog.KindLogValuer, a.Value.Kind())
		}
		return a
	}))
}

// Replace may give two attributes one key, by a group without a key too: the later one stands on the line, once.
func TestReplaceRepeatsNoKey(t *testing.T) {
	shown, other := gls.New[string]("shown"), gls.New[string]("other")
	in := func(fn func()) {
		shown.Run("s", func() {
			other.Run("o", func() { glslog.Run(fn, slog.Int("a", 1), slog.Any("b", number(2)), slog.Int("c", 3)) })
		})
	}
	rename := func(key, to string) glslog.Option {
		return glslog.Replace(func(a slog.Attr) slog.Attr {
			if a.Key == key {
				a.Key = to
			}
			return a
		})
	}
	group := func(key string, members ...any) glslog.Option {
		return glslog.Replace(func(a slog.Attr) slog.Attr {
			if a.Key == key {
				return slog.Group("", members...)
			}
			return a
		})
	}
	show := []glslog.Option{glslog.Show("shown", shown), glslog.Show("other", other)}
	for name, c := range map[string]struct {
		opts []glslog.Option
		want string
	}{
		"a group, a later one":    {[]glslog.Option{group("a", "x", 1, "c", 2)}, `,"x":1,"b":2,"c":3`},
		"a group, an earlier one": {[]glslog.Option{group("c", "x", 1, "a", 2)}, `,"b":2,"x":1,"a":2`},
		"a group in itself":       {[]glslog.Option{group("a", "x", 1, "x", 2)}, `,"x":2,"b":2,"c":3`},
		"an empty group":          {[]glslog.Option{group("a")}, `,"b":2,"c":3`},
		"a key":                   {[]glslog.Option{rename("c", "a")}, `,"b":2,"a":3`},
		"a key of With":           {[]glslog.Option{group("a", "l", 2, "x", 1)}, `,"x":1,"b":2,"c":3`},
		"a shown key of the flow": {append(show, rename("shown", "a")), `,"a":1,"b":2,"c":3,"other":"o"`},
		"a shown key of With":     {append(show, group("shown", "l", 2)), `,"a":1,"b":2,"c":3,"other":"o"`},
		"a shown group":           {append(show, group("shown", "c", 2, "x", 1)), `,"a":1,"b":2,"c":3,"x":1,"other":"o"`},
		"shown ones":              {append(show, rename("other", "shown")), `,"a":1,"b":2,"c":3,"shown":"o"`},
		"two shown under one key": {[]glslog.Option{glslog.Show("x", shown), glslog.Show("x", other)}, `,"a":1,"b":2,"c":3,"x":"o"`},
	} {
		t.Run(name, func(t *testing.T) {
			out := logged(func(l *slog.Logger) {
				in(func() {
					for range 2 {
						l.With("l", 1).Info("m")
					}
				})
			}, c.opts...)
			line := `{"level":"INFO","msg":"m","l":1` + c.want + "}\n"
			assert.Equal(t, line+line, out)
			in(func() {
				source := glslog.NewSource(c.opts...)
				attrs := source.Attrs(t.Context())
				for i, a := range attrs {
					for _, b := range attrs[:i] {
						assert.NotEqual(t, b.Key, a.Key)
					}
				}
				made, line := source.Prepared(t.Context(), t, func(attrs []slog.Attr) any { return attrs })
				prepared, _ := made.([]slog.Attr)
				assert.Equal(t, fmt.Sprint(attrs), fmt.Sprint(slices.Concat(prepared, line)))
			})
		})
	}
}

// A handler in front of one of its kind adds nothing twice. It has the options of both.
func TestHandlerOfAHandler(t *testing.T) {
	shown, other := gls.New[string]("shown"), gls.New[string]("other")
	var out bytes.Buffer
	var opts []glslog.Option
	upper := glslog.Replace(func(a slog.Attr) slog.Attr {
		a.Key = strings.ToUpper(a.Key)
		return a
	})
	for name, h := range map[string]func(next slog.Handler) slog.Handler{
		"directly": func(next slog.Handler) slog.Handler { return glslog.Handler(glslog.Handler(next, opts...)) },
		"three": func(next slog.Handler) slog.Handler {
			return glslog.Handler(glslog.Handler(glslog.Handler(next, opts...)))
		},
		"below LogHandler": func(next slog.Handler) slog.Handler {
			return glslog.Handler(httpctx.LogHandler(glslog.Handler(next, opts...)))
		},
		"both twice": func(next slog.Handler) slog.Handler {
			twice := func(next slog.Handler) slog.Handler { return glslog.Handler(httpctx.LogHandler(next), opts...) }
			return twice(twice(next))
		},
	} {
		t.Run(name, func(t *testing.T) {
			lines := func(fn func(l *slog.Logger)) string {
				out.Reset()
				l := slog.New(h(jsonLines(&out)))
				shown.Run("s", func() {
					glslog.Run(func() {
						for range 2 { // the second one by what was prepared
							fn(l)
						}
					}, slog.Int("a", 1), slog.Any("b", number(2)))
				})
				first, second, _ := strings.Cut(out.String(), "\n")
				assert.Equal(t, first+"\n", second)
				return first
			}
			opts = nil
			assert.Equal(t, `{"level":"INFO","msg":"m","a":1,"r":1,"b":2}`, lines(func(l *slog.Logger) { l.Info("m", "r", 1) }))
			assert.Equal(t, `{"level":"INFO","msg":"m","a":0,"b":2,"g":{"r":1}}`,
				lines(func(l *slog.Logger) { l.With("a", 0).WithGroup("g").Info("m", "r", 1) }))
			opts = []glslog.Option{glslog.Show("shown", shown), upper}
			assert.Equal(t, `{"level":"INFO","msg":"m","A":1,"B":2,"SHOWN":"s"}`, lines(func(l *slog.Logger) { l.Info("m") }))
		})
	}
	shown.Run("s", func() {
		other.Run("o", func() {
			glslog.Run(func() {
				inner := glslog.Handler(jsonLines(&out), glslog.Show("shown", shown))
				outer := glslog.Handler(inner.WithAttrs([]slog.Attr{slog.Int("l", 1)}).WithGroup("g"), glslog.Show("other", other))
				out.Reset()
				slog.New(outer).Info("m", "r", 1)
				assert.Equal(t, `{"level":"INFO","msg":"m","l":1,"a":1,"shown":"s","other":"o","g":{"r":1}}`+"\n", out.String(),
					"at the top level, with the options of both")
				out.Reset()
				slog.New(inner).Info("m")
				assert.Equal(t, `{"level":"INFO","msg":"m","a":1,"shown":"s"}`+"\n", out.String(), "the inner one as it was")
			}, slog.Int("a", 1))
		})
	})
}

func TestNilArguments(t *testing.T) {
	var none *gls.Storage[int]
	for text, call := range map[string]func(){
		"glslog.Handler: nil handler":     func() { glslog.Handler(nil) },
		"glslog.Handler: nil option":      func() { glslog.Handler(quiet(), nil) },
		"glslog.Show: nil *gls.Storage":   func() { glslog.Show("key", none) },
		"glslog.Replace: nil function":    func() { glslog.Replace(nil) },
		"glslog.Run: nil function":        func() { glslog.Run(nil) },
		"gls.Snapshot.With: zero Binding": func() { gls.Capture().With(glslog.With(), gls.Binding{}) },
		"gls.Run: zero Binding":           func() { gls.Run(func() {}, glslog.With(), gls.Binding{}) },
		"gls.Snapshot.Run: nil function":  func() { gls.Capture().With(glslog.With()).Run(nil) },
	} {
		assert.Equal(t, text, panicOf(call))
	}
}

// Handlers derived from one handler do not write over each other's attributes and groups.
func TestHandlerDerivesCopies(t *testing.T) {
	var out bytes.Buffer
	inFlow(func() {
		base := slog.New(glslog.Handler(jsonLines(&out)))
		for i := range 9 {
			base = base.With(fmt.Sprint("a", i), 1)
			one, two := base.With("b", 1), base.With("flow", 2)
			three := base.WithGroup("h")
			for range 2 {
				out.Reset()
				for _, l := range []*slog.Logger{one, two, three, base} {
					l.Info("m", "c", 1)
				}
				got := records(t, out.String())
				for i, want := range []any{1.0, 2.0, 1.0, 1.0} {
					assert.Equal(t, want, got[i]["flow"])
				}
				assert.Equal(t, []any{1.0, nil}, []any{got[0]["b"], got[1]["b"]})
				assert.Equal(t, map[string]any{"c": 1.0}, got[2]["h"])
			}
		}
		base = slog.New(glslog.Handler(jsonLines(&out))).WithGroup("g")
		for range 9 {
			base = base.With("a", 1)
			one, two := base.With("b", 1), base.With("b", 2)
			for range 2 {
				out.Reset()
				one.Info("m")
				two.Info("m")
				base.Info("m")
				got := records(t, out.String())
				assert.Equal(t, map[string]any{"a": 1.0, "b": 1.0}, got[0]["g"])
				assert.Equal(t, map[string]any{"a": 1.0, "b": 2.0}, got[1]["g"])
				assert.Equal(t, map[string]any{"a": 1.0}, got[2]["g"])
			}
		}
	})
}

// More loggers than a flow remembers, at once.
func TestManyLoggersAndFlowsAtOnce(t *testing.T) {
	var out bytes.Buffer
	base := slog.New(glslog.Handler(jsonLines(&out)))
	loggers := make([]*slog.Logger, 20)
	for i := range loggers {
		loggers[i] = base.With("logger", i)
		if i%3 == 0 {
			loggers[i] = base.WithGroup("g").With("logger", i)
		}
	}
	var group gls.WaitGroup
	for flow := range 10 {
		glslog.Run(func() {
			for range 4 {
				group.Go(func() {
					for i, l := range loggers {
						l.Info(fmt.Sprint(flow, " ", i), "a", 1)
					}
				})
			}
		}, slog.Int("flow", flow), slog.Any("each", number(flow)))
	}
	group.Wait()
	all := records(t, out.String())
	assert.Len(t, all, 10*4*20)
	for _, m := range all {
		logger := m["logger"]
		if g, ok := m["g"].(map[string]any); ok {
			logger = g["logger"]
		}
		assert.Equal(t, fmt.Sprint(m["flow"], " ", logger), m["msg"])
		assert.Equal(t, m["flow"], m["each"])
	}
}

// A flow that lives long does not collect the loggers that it logs through.
func TestFlowsForgetLoggers(t *testing.T) {
	inFlow(func() {
		below := make([]weak.Pointer[keeper], 1000)
		for i := range below {
			k := &keeper{kept: new([]slog.Record), ctx: new(context.Context)}
			below[i] = weak.Make(k)
			slog.New(glslog.Handler(k)).Info("m")
		}
		runtime.GC()
		alive := 0
		for _, p := range below {
			if p.Value() != nil {
				alive++
			}
		}
		assert.LessOrEqual(t, alive, 8)
	})
}

// A line allocates what it does through the next handler.
func TestAllocations(t *testing.T) {
	total := 0
	if raceEnabled || testing.AllocsPerRun(10, func() { total += *boxed() }) > 0 {
		t.Skip("this build allocates more")
	}
	count := func(l *slog.Logger) float64 {
		return testing.AllocsPerRun(100, func() { l.Info("m", "a", 1) })
	}
	want := count(with(quiet(), five))
	through := slog.New(glslog.Handler(quiet()))
	loggers := []*slog.Logger{
		through, through.With("l", 1), through.WithGroup("g"), through.With("l", 1).WithGroup("g").With("m", 2),
	}
	for i, l := range loggers {
		assert.LessOrEqual(t, count(l), want, "outside, %d", i)
		glslog.Run(func() {
			for i, l := range loggers {
				assert.LessOrEqual(t, count(l), want, "in a flow, %d", i)
			}
		}, five...)
	}
}

// Handlers of the two packages stand in front of one another.
func TestHandlerAndLogHandler(t *testing.T) {
	var out bytes.Buffer
	for name, l := range map[string]*slog.Logger{
		"outside": slog.New(glslog.Handler(httpctx.LogHandler(jsonLines(&out)))),
		"inside":  slog.New(httpctx.LogHandler(glslog.Handler(jsonLines(&out)))),
	} {
		inFlow(func() {
			httpctx.Run(httptest.NewRecorder(), request(), func() {
				for range 2 {
					out.Reset()
					l.Info("m", "a", 1)
					l.WithGroup("g").Info("m", "a", 1)
					for i, m := range records(t, out.String()) {
						assert.Equal(t, []any{1.0, "id-1", "/x"}, []any{m["flow"], m["request_id"], m["path"]}, name)
						if i == 0 {
							assert.Equal(t, any(1.0), m["a"])
						} else {
							assert.Equal(t, map[string]any{"a": 1.0}, m["g"])
						}
					}
				}
			})
		})
	}
}

// The handlers of a process that has slog's default handler below its own default logger. It would hang at its first
// line.
func TestDefaultHandlerBelowTheDefault(t *testing.T) {
	if os.Getenv("AMBIENT_DEFAULT_LOGGER") != "" {
		logAsDefault()
		return
	}
	cmd := testexec.Command("-test.run=^TestDefaultHandlerBelowTheDefault$", "-test.timeout=30s")
	cmd.Env = append(os.Environ(), "AMBIENT_DEFAULT_LOGGER=1")
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", text)
	lines := string(text)
	for _, want := range []string{
		"INFO before flow=1 a=1\n",
		"level=INFO msg=after flow=1 a=1\n",
		"level=INFO msg=group l=1 flow=1 g.a=1\n",
		"level=INFO msg=log flow=1\n",
		"level=DEBUG msg=debug flow=1\n",
		"level=INFO msg=request flow=1 request_id=id-1 method=GET path=/x\n",
		"level=INFO msg=twice flow=1\n",
	} {
		assert.Equal(t, 1, strings.Count(lines, want), "%s in:\n%s", want, lines)
	}
	assert.NotContains(t, lines, "hidden")
}

func logAsDefault() {
	h := glslog.Handler(slog.Default().Handler())
	inFlow(func() {
		slog.New(h).Info("before", "a", 1) // as without SetDefault
		slog.SetDefault(slog.New(h))
		slog.Info("after", "a", 1)
		slog.With("l", 1).WithGroup("g").Info("group", "a", 1)
		log.Print("log")
		slog.Debug("hidden")
		slog.SetLogLoggerLevel(slog.LevelDebug)
		slog.Debug("debug")
		slog.SetLogLoggerLevel(slog.LevelInfo)
		slog.SetDefault(slog.New(httpctx.LogHandler(slog.Default().Handler())))
		httpctx.Run(httptest.NewRecorder(), request(), func() { slog.Info("request") })
		slog.SetDefault(slog.New(glslog.Handler(slog.Default().Handler())))
		slog.Info("twice")
	})
}
