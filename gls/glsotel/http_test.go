package glsotel_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/httpctx"
)

// loopback allows the hosts of the tests by their name. Localhost is another host, of the same servers.
var loopback = []string{"127.0.0.1:*"}

func elsewhere(url string) string { return strings.Replace(url, "127.0.0.1", "localhost", 1) }

func TestHandlerHasSpanBaggageAndValues(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	url := serve(t, glsotel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "acme", tenant.GetOrFail())
		assert.Same(t, r, httpctx.GetOrFail().Request())
		assert.Same(t, r.Context(), gls.Context())
		assert.True(t, trace.SpanFromContext(gls.Context()).IsRecording())
		assert.Equal(t, "1", baggage.FromContext(gls.Context()).Member("other").Value())
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			assert.Equal(t, "acme", tenant.GetOrFail())
			glsotel.Run("in a child", func() {})
		})
		<-done
		_, _ = io.WriteString(w, "served")
	})))
	r := get(t.Context(), t, url+"/orders/7")
	r.Header.Set("baggage", "tenant=acme,other=1")
	r.Header.Set("traceparent", remoteText)
	assert.Equal(t, "served", fetch(t, http.DefaultClient, r))
	server := span(t, exporter, "GET")
	assert.Equal(t, remote.TraceID(), server.SpanContext.TraceID())
	assert.Equal(t, remote.SpanID(), server.Parent.SpanID())
	assert.Equal(t, server.SpanContext.SpanID(), span(t, exporter, "in a child").Parent.SpanID())
}

func TestHandlerWithAMuxNamesTheRoute(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	mux := http.NewServeMux()
	mux.HandleFunc("GET /orders/{id}", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, httpctx.GetOrFail().Param("id")+" "+tenant.GetOrFail())
	})
	url := serve(t, glsotel.Handler(httpctx.New(httpctx.WithRequestContext())(mux)))
	r := get(t.Context(), t, url+"/orders/7")
	r.Header.Set("baggage", "tenant=acme")
	assert.Equal(t, "7 acme", fetch(t, http.DefaultClient, r))
	assert.Len(t, exporter.GetSpans(), 1)
}

func TestAHandlersOwnPropagator(t *testing.T) {
	global(t, glsotel.Propagator(values...))
	outside := otelhttp.WithPropagators(glsotel.New(values, glsotel.Edge()))
	for name, opts := range map[string][]otelhttp.Option{"acme": nil, "": {outside}} {
		url := serve(t, glsotel.Handler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			name, _ := tenant.Get()
			_, _ = io.WriteString(w, name)
		}), opts...))
		r := get(t.Context(), t, url)
		r.Header.Set("baggage", "tenant=acme")
		assert.Equal(t, name, fetch(t, http.DefaultClient, r), "one listener for others, and one for one's own")
	}
}

// A peer sends baggage by the keys of the values, and a trace. The edge calls an inner service, and is a proxy for it.
func TestAHostilePeerAtTheEdge(t *testing.T) {
	exporter := global(t, glsotel.New(values, glsotel.Edge()))
	inner := record(t)
	target, err := url.Parse(inner.url)
	require.NoError(t, err)
	client := &http.Client{Transport: glsotel.Transport(nil, loopback)}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: client.Transport,
	}
	edge := serve(t, glsotel.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, s := range []*gls.Storage[string]{tenant, secret} {
			_, ok := s.Get()
			assert.False(t, ok, s)
		}
		_, ok := user.Get()
		assert.False(t, ok)
		assert.Zero(t, baggage.FromContext(r.Context()).Len())
		call := func() {
			if r.URL.Path == "/proxy" {
				proxy.ServeHTTP(w, r)
			} else {
				_ = fetch(t, client, get(context.Background(), t, inner.url))
			}
		}
		if r.URL.Query().Get("signed") == "" {
			call()
		} else {
			tenant.Run("acme", call) // whom the edge has found out
		}
	})))
	for _, path := range []string{"/", "/proxy"} {
		for query, want := range map[string][]string{"": nil, "?signed=1": {"tenant=acme"}} {
			_, before := inner.last()
			r := get(t.Context(), t, edge+path+query)
			r.Header.Add("baggage", "tenant=evil,user=666,secret=x,other=x")
			r.Header.Add("baggage", "tenant=evil")
			r.Header.Add("Baggage", "Tenant=evil;p,tenant=%65vil")
			r.Header.Set("traceparent", remoteText)
			r.Header.Set("tracestate", "vendor=evil")
			fetch(t, http.DefaultClient, r)
			header, after := inner.last()
			assert.Equal(t, before+1, after)
			assert.Equal(t, want, header["Baggage"], path+query)
			assert.NotContains(t, header.Get("traceparent"), remote.TraceID().String())
			assert.Empty(t, header["Tracestate"])
		}
	}
	for _, s := range exporter.GetSpans() {
		assert.NotEqual(t, remote.TraceID(), s.SpanContext.TraceID())
	}
}

// The host that is not allowed records what it gets: by itself, and as what an allowed one redirects to.
func TestAHostThatIsNotAllowedGetsNoValue(t *testing.T) {
	for name, transport := range map[string]func() http.RoundTripper{
		"Transport":           func() http.RoundTripper { return glsotel.Transport(nil, loopback) },
		"Transport for none":  func() http.RoundTripper { return glsotel.Transport(nil, nil) },
		"otelhttp's":          func() http.RoundTripper { return otelhttp.NewTransport(nil) },
		"Transport in theirs": func() http.RoundTripper { return otelhttp.NewTransport(glsotel.Transport(nil, loopback)) },
		"theirs in Transport": func() http.RoundTripper { return glsotel.Transport(otelhttp.NewTransport(nil), loopback) },
		"with their option": func() http.RoundTripper {
			open := otelhttp.WithPropagators(glsotel.New(values, glsotel.AnyHost()))
			return glsotel.Transport(nil, loopback, open)
		},
	} {
		t.Run(name, func(t *testing.T) {
			global(t, glsotel.Propagator(values...))
			stranger, own := record(t), record(t)
			client := &http.Client{Transport: transport(), Timeout: time.Minute}
			ctx := withBaggage(context.Background(), t, member(t, "tenant", "leak"))
			tenant.Run("acme", func() {
				for _, ctx := range []context.Context{context.Background(), ctx} {
					fetch(t, client, get(ctx, t, elsewhere(stranger.url)))
					header, _ := stranger.last()
					assert.Empty(t, header["Baggage"])
					assert.NotEmpty(t, header["Traceparent"])

					own.target = elsewhere(stranger.url)
					_, before := stranger.last()
					r := get(ctx, t, own.url)
					r.Header.Set("Baggage", "tenant=by-hand")
					fetch(t, client, r)
					header, after := stranger.last()
					assert.Equal(t, before+1, after, "redirected")
					assert.Empty(t, header["Baggage"])

					header, _ = own.last()
					switch name {
					case "Transport", "Transport in theirs", "with their option":
						assert.Equal(t, []string{"tenant=acme"}, header["Baggage"])
					default:
						assert.Empty(t, header["Baggage"])
					}
				}
			})
		})
	}
}

// From a host that is not allowed back to one that is, the values go again.
func TestEachRequestOfARedirectIsOneOfItsOwn(t *testing.T) {
	global(t, glsotel.Propagator(values...))
	stranger, own := record(t), record(t)
	stranger.target = own.url
	client := &http.Client{Transport: glsotel.Transport(nil, loopback)}
	tenant.Run("acme", func() { fetch(t, client, get(t.Context(), t, elsewhere(stranger.url))) })
	header, _ := stranger.last()
	assert.Empty(t, header["Baggage"])
	header, _ = own.last()
	assert.Equal(t, []string{"tenant=acme"}, header["Baggage"])
}

// What base does with the request's ctx, to fetch a token for it, say, is no request to the host that is allowed.
func TestTheCtxOfARequestAllowsNoOther(t *testing.T) {
	global(t, glsotel.Propagator(values...))
	stranger, own := record(t), record(t)
	plain := &http.Client{Transport: otelhttp.NewTransport(nil)}
	base := tripper(func(r *http.Request) (*http.Response, error) {
		fetch(t, plain, get(r.Context(), t, elsewhere(stranger.url)))
		return http.DefaultTransport.RoundTrip(r)
	})
	client := &http.Client{Transport: glsotel.Transport(base, loopback)}
	tenant.Run("acme", func() { fetch(t, client, get(t.Context(), t, own.url)) })
	header, n := stranger.last()
	assert.Equal(t, 1, n)
	assert.Empty(t, header["Baggage"])
	header, _ = own.last()
	assert.Equal(t, []string{"tenant=acme"}, header["Baggage"])
}

type tripper func(r *http.Request) (*http.Response, error)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestBaggageOfOthersGoesWithTheirTransportAlone(t *testing.T) {
	global(t, glsotel.Propagator(values...))
	stranger := record(t)
	ctx := withBaggage(context.Background(), t, member(t, "other", "1"))
	for _, c := range []struct {
		transport http.RoundTripper
		url       string
		want      []string
	}{
		{otelhttp.NewTransport(nil), elsewhere(stranger.url), []string{"other=1"}},
		{glsotel.Transport(nil, loopback), stranger.url, []string{"other=1"}},
		{glsotel.Transport(nil, loopback), elsewhere(stranger.url), nil},
	} {
		fetch(t, &http.Client{Transport: c.transport}, get(ctx, t, c.url))
		header, _ := stranger.last()
		assert.Equal(t, c.want, header["Baggage"])
	}
}

func TestAnyHostOpensHeadersButNotTransport(t *testing.T) {
	global(t, glsotel.New(values, glsotel.AnyHost()))
	stranger := record(t)
	tenant.Run("acme", func() {
		fetch(t, &http.Client{Transport: otelhttp.NewTransport(nil)}, get(t.Context(), t, stranger.url))
		header, _ := stranger.last()
		assert.Equal(t, []string{"tenant=acme"}, header["Baggage"])
		fetch(t, &http.Client{Transport: glsotel.Transport(nil, nil)}, get(t.Context(), t, stranger.url))
		header, _ = stranger.last()
		assert.Empty(t, header["Baggage"])
	})
}

func TestThePropagatorInAComposite(t *testing.T) {
	global(t, propagation.NewCompositeTextMapPropagator(glsotel.Propagator(values...), noted{}))
	own := record(t)
	client := &http.Client{Transport: glsotel.Transport(nil, loopback)}
	tenant.Run("acme", func() { fetch(t, client, get(t.Context(), t, own.url)) })
	header, _ := own.last()
	assert.Equal(t, "tenant=acme", header.Get("baggage"))
	assert.Equal(t, "1", header.Get("noted"))
}

type noted struct{}

func (noted) Inject(_ context.Context, c propagation.TextMapCarrier) { c.Set("noted", "1") }
func (noted) Fields() []string                                       { return nil }
func (noted) Extract(ctx context.Context, _ propagation.TextMapCarrier) context.Context {
	return ctx
}

// A request without a ctx is part of the trace, has the request's deadline, and its id where the host is allowed.
func TestARequestWithBackgroundIsOfTheFlow(t *testing.T) {
	exporter := global(t, glsotel.Propagator(values...))
	own := record(t)
	client := &http.Client{Transport: glsotel.Transport(nil, loopback), Timeout: time.Minute}
	h := glsotel.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		for _, url := range []string{own.url, elsewhere(own.url)} {
			response, err := client.Get(url) //nolint:noctx // that is the test
			if assert.NoError(t, err) {
				assert.NoError(t, response.Body.Close())
			}
		}
	}))
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody)
	r.Header.Set("X-Request-ID", "id-1")
	h.ServeHTTP(httptest.NewRecorder(), r)
	server := span(t, exporter, "GET")
	for i, id := range []string{"id-1", ""} {
		header := own.headers[i]
		assert.Equal(t, id, header.Get("X-Request-ID"))
		assert.Contains(t, header.Get("traceparent"), server.SpanContext.TraceID().String())
	}
	client.CloseIdleConnections()
}
