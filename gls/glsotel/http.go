package glsotel

import (
	"context"
	"net/http"
	"slices"
	"strconv"

	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/hosts"
)

// Handler returns next in httpctx.Middleware in otelhttp's handler with these options. In this order the ambient
// context has the server's span and the baggage, and next has the values that the propagator has taken; in the other
// one all of them are lost. A span is named by the request's method and pattern.
//
// A Middleware with options may be next itself: glsotel.Handler(httpctx.New(opts...)(mux)).
func Handler(next http.Handler, opts ...otelhttp.Option) http.Handler {
	if next == nil {
		panic("glsotel.Handler: nil handler")
	}
	return otelhttp.NewHandler(httpctx.Middleware(next), "", opts...)
}

// Transport returns a RoundTripper that sends the values of the flow to these hosts, and to no other, whoever redirects
// to it. Hosts are written as for httpctx.ForwardTo: "api.example.com", "*.example.internal", "127.0.0.1:*". To other
// hosts goes the trace, and neither baggage of others nor X-Request-ID. With no hosts these go nowhere.
//
//	client := &http.Client{Transport: glsotel.Transport(nil, []string{"*.example.internal:*"})}
//
// It is otelhttp's transport with these options around base, where nil stands for http.DefaultTransport, with the
// propagator of otel.SetTextMapPropagator, in httpctx.Transport: a request with context.Background() gets the ambient
// context, and so its span. Base is not otelhttp's own, which would write the header again and without the values.
// Transport panics where a host is none.
func Transport(base http.RoundTripper, to []string, opts ...otelhttp.Option) http.RoundTripper {
	t := new(transport)
	for _, host := range to {
		p, ok := hosts.Parse(host)
		if !ok {
			panic("glsotel.Transport: " + strconv.Quote(host) + " is no host: " + hosts.Form)
		}
		t.hosts = append(t.hosts, p)
	}
	if base == nil {
		base = http.DefaultTransport
	}
	instrumented := func(d destination) http.RoundTripper {
		return otelhttp.NewTransport(base, append(slices.Clip(opts), otelhttp.WithPropagators(gate(d)))...)
	}
	t.base, t.allowed, t.denied = base, instrumented(allowed), instrumented(denied)
	return httpctx.Transport(t, httpctx.ForwardTo(to...))
}

// A transport is immutable.
type transport struct {
	base            http.RoundTripper
	hosts           []hosts.Pattern
	allowed, denied http.RoundTripper // for requests to hosts, and to others
}

func (t *transport) RoundTrip(r *http.Request) (*http.Response, error) {
	if hosts.Match(t.hosts, r.URL) {
		return t.allowed.RoundTrip(r)
	}
	return t.denied.RoundTrip(r)
}

// CloseIdleConnections is what http.Client.CloseIdleConnections calls.
func (t *transport) CloseIdleConnections() {
	if c, ok := t.base.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

// A destination is what is known of the peer that Inject writes for.
type destination int

const (
	unknown destination = iota // an HTTP header, of a request that does not go through Transport
	allowed                    // values may go to it
	denied                     // it is not among Transport's hosts
)

type destinationKey struct{}

func (p *propagator) destination(ctx context.Context, carrier propagation.TextMapCarrier) destination {
	if d, ok := ctx.Value(destinationKey{}).(destination); ok {
		return d
	}
	if _, header := carrier.(propagation.HeaderCarrier); header && !p.anyHost {
		return unknown
	}
	return allowed
}

// A gate is the global propagator, told of the destination. It tells by ctx because that one may be a composite. The
// request's own context never has it, so that no other request made with that ctx, by base, say, is taken for this one.
type gate destination

func (g gate) Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	ctx = context.WithValue(ctx, destinationKey{}, destination(g))
	otel.GetTextMapPropagator().Inject(ctx, carrier)
}

func (g gate) Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return otel.GetTextMapPropagator().Extract(ctx, carrier)
}

func (g gate) Fields() []string { return otel.GetTextMapPropagator().Fields() }
