package glsotel_test

import (
	"context"
	"net/http"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
)

// A contestant carries three values: as those of a flow, or as members of the baggage of a ctx. Each finds them where
// its program has them.
type contestant struct {
	impl string
	p    propagation.TextMapPropagator
	ctx  context.Context
}

func contestants(b *testing.B) (all []contestant, header http.Header, bindings []gls.Binding) {
	theirs := propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{})
	const text = "tenant=acme%20inc,user=4711,address=192.0.2.1"
	ctx := trace.ContextWithRemoteSpanContext(context.Background(), remote)
	members, err := baggage.Parse(text)
	require.NoError(b, err)
	return []contestant{
			{"otel", theirs, baggage.ContextWithBaggage(ctx, members)},
			{"ambient", glsotel.New(values, glsotel.AnyHost()), ctx},
		}, http.Header{"Traceparent": {remoteText}, "Baggage": {text}},
		[]gls.Binding{tenant.With("acme inc"), user.With(4711), address.With(netip.MustParseAddr("192.0.2.1"))}
}

func (c *contestant) inject() { c.p.Inject(c.ctx, make(propagation.HeaderCarrier, 4)) }

func (c *contestant) extract(header http.Header) {
	c.p.Extract(context.Background(), propagation.HeaderCarrier(header))
}

func BenchmarkPropagator(b *testing.B) {
	all, header, bindings := contestants(b)
	for _, c := range all {
		b.Run("impl="+c.impl+"/op=inject", func(b *testing.B) {
			gls.Run(func() {
				b.ReportAllocs()
				for b.Loop() {
					c.inject()
				}
			}, bindings...)
		})
		b.Run("impl="+c.impl+"/op=extract", func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				c.extract(header)
			}
		})
	}
}

// The two in turn, a hundred each time, so that what else the machine does meets both. It reports the median of
// ambient's time by OpenTelemetry's.
func BenchmarkInTurn(b *testing.B) {
	all, header, bindings := contestants(b)
	for name, op := range map[string]func(c *contestant){
		"inject":  (*contestant).inject,
		"extract": func(c *contestant) { c.extract(header) },
	} {
		b.Run("op="+name, func(b *testing.B) {
			gls.Run(func() {
				var ratios []float64
				for b.Loop() {
					var took [2]time.Duration
					for i := range all {
						begin := time.Now()
						for range 100 {
							op(&all[i])
						}
						took[i] = time.Since(begin)
					}
					ratios = append(ratios, float64(took[1])/float64(took[0]))
				}
				slices.Sort(ratios)
				b.ReportMetric(ratios[len(ratios)/2], "ambient/otel")
			}, bindings...)
		})
	}
}
