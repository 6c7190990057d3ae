package glsotel_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
)

// FuzzExtract puts whatever a peer may send around members that are valid. Nothing panics, those arrive, what is taken
// can be sent on, and at the edge nothing is taken.
func FuzzExtract(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", ""},
		{"a=1", "b=2;p=1;q", remoteText},
		{"tenant=evil", "user=x,user=%", "00-00000000000000000000000000000000-0000000000000000-00"},
		{",,;=;,%", "\"\\\x00\xff", "ff-"},
		{"payer={}", "address=::1%25eth0", strings.Repeat("0", 100)},
		{strings.Repeat("x=1,", 80), strings.Repeat("y", 9000), "-"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, before, after, traceparent string) {
		var e errs
		p := glsotel.New(values, glsotel.OnError(e.report), glsotel.AnyHost())
		edge := glsotel.New(values, glsotel.Edge())
		valid := "user=42,x-valid=1"
		text := before + "," + valid + "," + after
		header := http.Header{"Baggage": {before, valid, after}, "Traceparent": {traceparent}, "Tracestate": {after}}
		for _, carrier := range []propagation.TextMapCarrier{
			propagation.MapCarrier{"baggage": text, "traceparent": traceparent, "tracestate": before},
			propagation.HeaderCarrier(header),
		} {
			assert.Equal(t, context.Background(), edge.Extract(context.Background(), carrier))
			ctx := p.Extract(context.Background(), carrier)
			if len(before)+len(valid)+1 <= 8192 && strings.Count(before, ",") < 62 {
				if !mentions(after, "user") {
					gls.Resume(ctx, func() { assert.EqualValues(t, 42, user.GetOrFail(), "%q", text) })
				}
				// OpenTelemetry may need more room for what it has read than was sent.
				if len(text) < 2000 && !mentions(after, "x-valid") {
					assert.Equal(t, "1", baggage.FromContext(ctx).Member("x-valid").Value(), "%q", text)
				}
			}
			gls.Resume(ctx, func() {
				sent := http.Header{}
				p.Inject(ctx, propagation.HeaderCarrier(sent))
				require.LessOrEqual(t, len(sent.Get("baggage")), 8192)
				again := p.Extract(context.Background(), propagation.HeaderCarrier(sent))
				want := gls.Capture()
				name, named := tenant.Get()
				gls.Resume(again, func() {
					got, ok := tenant.Get()
					if len(name) < 1000 { // a longer one may not fit when it is escaped
						assert.Equal(t, named, ok)
						assert.Equal(t, name, got)
					}
				})
				assert.Equal(t, want, gls.Capture())
			})
		}
	})
}

// mentions reports whether one of the members has that key, or one that a reader could take for it.
func mentions(text, key string) bool { return strings.Contains(text, key) }
