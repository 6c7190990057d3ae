package glsotel_test

import (
	"context"
	"errors"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glswire"
)

func TestValuesArriveAsTheyWere(t *testing.T) {
	p := glsotel.New(values, glsotel.OnError(func(err error) { assert.NoError(t, err) }))
	odd := "a,b;c=d %41+é\r\n\x00\"\\🙂"
	plan := account{"Ada, \"and\" sons", "50%; more=1"}
	var sent propagation.MapCarrier
	gls.Run(func() { sent = injected(context.Background(), p) }, tenant.With(odd), user.With(-7),
		address.With(netip.MustParseAddr("2001:db8::1")), payer.With(plan), secret.With("hidden"))
	assert.Len(t, sent, 1, "no span, no trace")
	assert.NotContains(t, sent["baggage"], "hidden")
	for _, c := range []byte(sent["baggage"]) {
		assert.True(t, c > ' ' && c < 0x7f && c != '"' && c != '\\', "%q is no octet of baggage", c)
	}
	theirs, err := baggage.Parse(sent["baggage"])
	require.NoError(t, err, "OpenTelemetry's own parser reads it")
	assert.Equal(t, odd, theirs.Member("tenant").Value())

	gls.Resume(p.Extract(context.Background(), sent), func() {
		assert.Equal(t, odd, tenant.GetOrFail())
		assert.EqualValues(t, -7, user.GetOrFail())
		assert.Equal(t, netip.MustParseAddr("2001:db8::1"), address.GetOrFail())
		assert.Equal(t, plan, payer.GetOrFail())
		_, ok := secret.Get()
		assert.False(t, ok)
		assert.Zero(t, baggage.FromContext(gls.Context()).Len(), "a value is no baggage of others")
	})
	tenant.Run("", func() {
		gls.Resume(extracted(p, injected(context.Background(), p)["baggage"]), func() {
			name, ok := tenant.Get()
			assert.True(t, ok, "the zero value is set")
			assert.Empty(t, name)
			_, ok = user.Get()
			assert.False(t, ok)
		})
	})
}

func TestWhereNothingIsSetNothingTravels(t *testing.T) {
	p := glsotel.Propagator(values...)
	assert.Empty(t, injected(context.Background(), p))
	ctx := context.WithValue(context.Background(), "k", "v") //nolint:staticcheck // any
	assert.Equal(t, ctx, p.Extract(ctx, propagation.MapCarrier{}))
	_, carries := gls.FromContext(extracted(p, "other=1"))
	assert.False(t, carries)
	assert.Equal(t, []string{"traceparent", "tracestate", "baggage"}, p.Fields())
}

func TestSpanAndBaggageOfTheCtxWin(t *testing.T) {
	p := glsotel.Propagator(values...)
	around := withBaggage(trace.ContextWithRemoteSpanContext(context.Background(), remote), t, member(t, "from", "around"))
	own := trace.ContextWithRemoteSpanContext(context.Background(), remote.WithSpanID(trace.SpanID{2}))
	gls.RunContext(around, func() {
		c := injected(context.Background(), p)
		assert.Equal(t, remoteText, c["traceparent"])
		assert.Equal(t, "from=around", c["baggage"])
		c = injected(own, p)
		assert.Contains(t, c["traceparent"], "0200000000000000")
		assert.Equal(t, "from=around", c["baggage"])
		c = injected(withBaggage(own, t, member(t, "from", "ctx")), p)
		assert.Equal(t, "from=ctx", c["baggage"])
	})
}

// Somebody else's goroutine has the ctx, and perhaps the frame of another flow.
func TestTheValuesAreThoseOfTheCtxsFlow(t *testing.T) {
	p := glsotel.Propagator(values...)
	incoming := propagation.MapCarrier{"baggage": "tenant=acme", "traceparent": remoteText}
	ctx := p.Extract(context.Background(), incoming)
	bare := trace.ContextWithSpanContext(ctx, trace.SpanContext{})
	assert.Equal(t, "tenant=acme", injected(ctx, p)["baggage"], "nothing is set here")
	other := trace.ContextWithRemoteSpanContext(context.Background(), remote.WithTraceID(trace.TraceID{9}))
	gls.Run(func() {
		assert.Equal(t, "tenant=acme", injected(ctx, p)["baggage"], "another flow, with more set")
		assert.NotContains(t, injected(bare, p)["traceparent"], "09000000", "nor is the trace another flow's")
		assert.Equal(t, "tenant=globex,user=1", injected(context.Background(), p)["baggage"])

		ctx := p.Extract(ctx, propagation.MapCarrier{"baggage": "address=::1"})
		gls.Resume(ctx, func() { assert.Equal(t, "tenant=acme,address=::1", injected(context.Background(), p)["baggage"]) })
	}, tenant.With("globex"), user.With(1), gls.WithContext(other))
	gls.Resume(ctx, func() {
		tenant.Run("newer", func() { assert.Equal(t, "tenant=newer", injected(ctx, p)["baggage"]) })
		tenant.Exit(func() { assert.Empty(t, injected(ctx, p)["baggage"], "not set here, and not sent as baggage either") })
	})
}

func TestExtractKeepsTheFrameInForce(t *testing.T) {
	p := glsotel.Propagator(values...)
	secret.Run("kept", func() {
		gls.Resume(extracted(p, "tenant=acme"), func() {
			assert.Equal(t, "kept", secret.GetOrFail())
			assert.Equal(t, "acme", tenant.GetOrFail())
		})
	})
}

func TestMembersOfOthersPassThrough(t *testing.T) {
	p := glsotel.New(values, glsotel.OnError(func(err error) { assert.NoError(t, err) }))
	ctx := extracted(p, "a=1;p;q=2, tenant=acme;ignored ,b=%20%2C, ,c=x=y,Tenant=capital,,tenants=many")
	b := baggage.FromContext(ctx)
	assert.Equal(t, 5, b.Len())
	assert.Equal(t, " ,", b.Member("b").Value())
	assert.Equal(t, "x=y", b.Member("c").Value())
	gls.Resume(ctx, func() {
		tenant.Run("globex", func() {
			sent := strings.Split(injected(context.Background(), p)["baggage"], ",")
			assert.Equal(t, "tenant=globex", sent[0])
			assert.ElementsMatch(t, []string{"a=1;p;q=2", "b=%20%2C", "c=x=y", "Tenant=capital", "tenants=many"}, sent[1:])
		})
	})
	// A member that other code puts into the baggage by the key of a value is not the value.
	forged := withBaggage(context.Background(), t, member(t, "tenant", "forged"), member(t, "a", "1"))
	assert.Equal(t, "a=1", injected(forged, p)["baggage"])
}

func TestHeadersOfSeveralFieldsAreOne(t *testing.T) {
	p := glsotel.New(values, glsotel.AnyHost())
	h := http.Header{"Baggage": {"a=1,tenant=acme", "user=5", "", "b=2"}}
	ctx := p.Extract(context.Background(), propagation.HeaderCarrier(h))
	assert.Equal(t, 2, baggage.FromContext(ctx).Len())
	gls.Resume(ctx, func() {
		assert.Equal(t, "acme", tenant.GetOrFail())
		assert.EqualValues(t, 5, user.GetOrFail())
		p.Inject(ctx, propagation.HeaderCarrier(h))
	})
	require.Len(t, h["Baggage"], 1)
	assert.True(t, strings.HasPrefix(h.Get("baggage"), "tenant=acme,user=5,"))
}

func TestAMemberThatDoesNotDecodeIsDroppedAndReported(t *testing.T) {
	for name, c := range map[string]struct {
		member string
		own    bool
	}{
		"no integer":         {"user=five-hush", true},
		"too large":          {"user=99999999999999999999", true},
		"an escape cut off":  {"user=5%2", true},
		"no escape":          {"user=%zz-hush", true},
		"no value":           {"user", true},
		"no value of a text": {"tenant", true},
		"not UTF-8":          {"tenant=%ff-hush", true},
		"no address":         {"address=1.2.3", true},
		"no JSON":            {"payer={hush", true},
		"no key":             {"=hush", false},
		"no equals sign":     {"hush", false},
		"a key with spaces":  {"a b=hush", false},
		"an octet":           {"a=h\"ush", false},
		"others' escape":     {"a=%zzhush", false},
		"a property":         {"a=1;=hush", false},
	} {
		t.Run(name, func(t *testing.T) {
			var e errs
			ctx := extracted(glsotel.New(values, glsotel.OnError(e.report)), "x=1,user=5,"+c.member+",tenant=acme,y=2")
			require.Len(t, e.all, 1)
			assert.NotContains(t, e.all[0].Error(), "hush", "a text of others is not shown")
			var wire *glswire.Error
			assert.Equal(t, c.own, errors.As(e.all[0], &wire))
			if c.own {
				key, _, _ := strings.Cut(c.member, "=")
				assert.Equal(t, key, wire.Key)
				assert.False(t, wire.Sending)
			} else {
				assert.ErrorIs(t, e.all[0], glsotel.ErrMalformed)
			}
			b := baggage.FromContext(ctx)
			assert.Equal(t, "1", b.Member("x").Value())
			assert.Equal(t, "2", b.Member("y").Value())
			gls.Resume(ctx, func() {
				assert.Equal(t, "acme", tenant.GetOrFail())
				assert.EqualValues(t, 5, user.GetOrFail(), "the one that decodes")
			})
		})
	}
}

func TestTheLaterOfTwoMembersIsTaken(t *testing.T) {
	ctx := extracted(glsotel.Propagator(values...), "tenant=a,o=1,tenant=b,o=2")
	gls.Resume(ctx, func() { assert.Equal(t, "b", tenant.GetOrFail()) })
	assert.Equal(t, "2", baggage.FromContext(ctx).Member("o").Value())
}

func TestWhatDoesNotFitIsLeftOutAsAWhole(t *testing.T) {
	var e errs
	p := glsotel.New(values, glsotel.OnError(e.report))
	send := func(ctx context.Context, bindings ...gls.Binding) (text string) {
		e.all = nil
		gls.Run(func() { text = injected(ctx, p)["baggage"] }, bindings...)
		assert.LessOrEqual(t, len(text), 8192)
		return text
	}
	background := context.Background()

	fits := strings.Repeat("x", 4096-len("tenant="))
	assert.Equal(t, "tenant="+fits+",user=1", send(background, tenant.With(fits), user.With(1)))
	assert.Empty(t, e.all)
	assert.Equal(t, "user=1", send(background, tenant.With(fits+"x"), user.With(1)))
	require.Len(t, e.all, 1)
	require.ErrorIs(t, e.all[0], glsotel.ErrMemberTooLong)
	assert.EqualError(t, e.all[0], `glswire: "tenant" is not sent: the baggage member has more than 4096 bytes`)
	assert.Empty(t, send(background, tenant.With(strings.Repeat("é", 700))), "as it is escaped")
	require.Len(t, e.all, 1)
	assert.Equal(t, "user=1", send(background, tenant.With("\xff"), user.With(1)))
	require.Len(t, e.all, 1)
	assert.ErrorIs(t, e.all[0], glswire.ErrNotUTF8)

	// The values come first: whoever fills the baggage does not push them out.
	many := make([]baggage.Member, 0, 64)
	for _, c := range "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-." {
		many = append(many, member(t, string(c), "v"))
	}
	sent := send(withBaggage(background, t, many...), tenant.With("acme"), user.With(1))
	assert.Len(t, strings.Split(sent, ","), 64)
	assert.True(t, strings.HasPrefix(sent, "tenant=acme,user=1,"))
	require.Len(t, e.all, 2)
	assert.ErrorIs(t, e.all[0], glsotel.ErrTooMuchBaggage)

	half := strings.Repeat("y", 4000)
	sent = send(withBaggage(background, t, member(t, "a", half), member(t, "b", half)), tenant.With(fits))
	assert.True(t, strings.HasPrefix(sent, "tenant="+fits+","))
	assert.Len(t, e.all, 1)
	assert.Len(t, sent, 4096+1+2+4000)

	exact := strings.Repeat("z", 8192-4096-1-2)
	sent = send(withBaggage(background, t, member(t, "a", exact)), tenant.With(fits))
	assert.Len(t, sent, 8192)
	assert.Empty(t, e.all)
	sent = send(withBaggage(background, t, member(t, "aa", exact[1:]+"z")), tenant.With(fits))
	assert.Len(t, sent, 4096)
	assert.Len(t, e.all, 1)
}

func TestWhatIsBeyondTheLimitsIsNotTaken(t *testing.T) {
	var e errs
	p := glsotel.New(values, glsotel.OnError(e.report))
	taken := func(text string) (name string) {
		e.all = nil
		gls.Resume(extracted(p, text), func() { name, _ = tenant.Get() })
		return name
	}
	fill := strings.Repeat("a", 4094)
	assert.Equal(t, "acme", taken("a="+fill+",b="+fill[:8192-4096-1-2-12]+",tenant=acme"))
	assert.Empty(t, e.all)
	assert.Empty(t, taken("a="+fill+",b="+fill[:8192-4096-1-2-11]+",tenant=acme"))
	require.Len(t, e.all, 1)
	assert.ErrorIs(t, e.all[0], glsotel.ErrTooMuchBaggage)
	assert.Equal(t, "acme", taken(strings.Repeat("a=1,", 63)+"tenant=acme"))
	assert.Empty(t, taken(strings.Repeat("a=1,", 64)+"tenant=acme"))
	assert.Len(t, e.all, 1)
	assert.Equal(t, "acme", taken("tenant=acme,"+strings.Repeat("x", 1<<20)))
	assert.Len(t, e.all, 1)
}

// A proxy copies the header that it was given; a retry may have it, too.
func TestInjectReplacesWhatIsInTheCarrier(t *testing.T) {
	p := glsotel.New(values, glsotel.AnyHost())
	full := func() map[string]propagation.TextMapCarrier {
		h := http.Header{}
		h.Add("baggage", "tenant=evil")
		h.Add("baggage", "tenant=worse")
		return map[string]propagation.TextMapCarrier{
			"map": propagation.MapCarrier{"baggage": "tenant=evil"}, "header": propagation.HeaderCarrier(h),
		}
	}
	for name, c := range full() {
		p.Inject(context.Background(), c)
		assert.Empty(t, c.Get("baggage"), name)
		if name == "header" {
			assert.Empty(t, c.Keys())
		}
	}
	for name, c := range full() {
		tenant.Run("acme", func() { p.Inject(context.Background(), c) })
		assert.Equal(t, "tenant=acme", c.Get("baggage"), name)
	}
}

func TestAtTheEdgeNothingIsTakenFromOutside(t *testing.T) {
	hostile := propagation.MapCarrier{
		"baggage": "tenant=evil,user=1,other=x,b", "traceparent": remoteText, "tracestate": "vendor=x",
	}
	for name, c := range map[string]struct {
		accept []string
		check  func(ctx context.Context)
	}{
		"none": {nil, func(ctx context.Context) { assert.Equal(t, context.Background(), ctx) }},
		"the trace": {[]string{"traceparent"}, func(ctx context.Context) {
			assert.Equal(t, remote.TraceID(), trace.SpanContextFromContext(ctx).TraceID())
			assert.Zero(t, baggage.FromContext(ctx).Len())
			_, carries := gls.FromContext(ctx)
			assert.False(t, carries)
		}},
		"a value": {[]string{"user"}, func(ctx context.Context) {
			assert.False(t, trace.SpanContextFromContext(ctx).IsValid())
			assert.Zero(t, baggage.FromContext(ctx).Len())
			gls.Resume(ctx, func() {
				assert.EqualValues(t, 1, user.GetOrFail())
				_, ok := tenant.Get()
				assert.False(t, ok)
			})
		}},
		"others' member": {[]string{"other"}, func(ctx context.Context) {
			assert.Equal(t, "other=x", baggage.FromContext(ctx).String())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			fail := func(err error) { assert.NoError(t, err, "what is not asked for is no fault") }
			c.check(glsotel.New(values, glsotel.Edge(c.accept...), glsotel.OnError(fail)).Extract(context.Background(), hostile))
		})
	}
	p := glsotel.New(values, glsotel.Edge())
	copied := propagation.MapCarrier{"baggage": "tenant=evil", "traceparent": remoteText, "tracestate": "vendor=x"}
	tenant.Run("acme", func() { p.Inject(context.Background(), copied) })
	assert.Equal(t, propagation.MapCarrier{"baggage": "tenant=acme", "traceparent": "", "tracestate": ""}, copied)
}

func TestEdgesAddUp(t *testing.T) {
	p := glsotel.New(values, glsotel.Edge("tenant"), glsotel.Edge("user"))
	gls.Resume(extracted(p, "tenant=a,user=1,x=1"), func() {
		assert.Equal(t, "a", tenant.GetOrFail())
		assert.EqualValues(t, 1, user.GetOrFail())
	})
}

func TestMistakesPanicAtTheCall(t *testing.T) {
	twice := append(slices.Clone(values), values[0])
	assert.PanicsWithValue(t, `glswire.NewSet: two values have the key "tenant": give each its own`,
		func() { glsotel.Propagator(twice...) })
	assert.Panics(t, func() { glsotel.Propagator(glsotel.Wire{}) })
	assert.PanicsWithValue(t, "glsotel.New: nil option", func() { glsotel.New(nil, nil) })
	assert.PanicsWithValue(t, "glsotel.OnError: nil function", func() { glsotel.OnError(nil) })
	assert.PanicsWithValue(t, "glsotel.Run: nil function", func() { glsotel.Run("x", nil) })
	assert.PanicsWithValue(t, "glsotel.Handler: nil handler", func() { glsotel.Handler(nil) })
	assert.PanicsWithValue(t, "glsotel.LogHandler: nil handler", func() { glsotel.LogHandler(nil) })
	assert.PanicsWithValue(t, "glsotel.TracerProvider: nil TracerProvider", func() { glsotel.TracerProvider(nil) })
	assert.PanicsWithValue(t, `glsotel.Transport: "http://x" is no host: `+
		`write it as "api.example.com", "*.example.internal" or "127.0.0.1:*"`,
		func() { glsotel.Transport(nil, []string{"http://x"}) })
	list := slices.Clone(values)
	p := glsotel.Propagator(list...)
	list[0] = glsotel.Wire{}
	gls.Resume(extracted(p, "tenant=acme"), func() { assert.Equal(t, "acme", tenant.GetOrFail(), "the list is copied") })
}
