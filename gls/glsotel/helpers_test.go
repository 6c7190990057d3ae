package glsotel_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/baggage"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/gls/glswire"
)

type account struct{ Name, Plan string }

var (
	tenant  = gls.New[string]("tenant")
	user    = gls.New[int64]("user")
	address = gls.New[netip.Addr]("address")
	payer   = gls.New[account]("payer")
	secret  = gls.New[string]("secret") // travels nowhere
)

var values = []glsotel.Wire{
	glsotel.Value("tenant", tenant, glswire.String[string]()),
	glsotel.Value("user", user, glswire.Int[int64]()),
	glsotel.Value("address", address, glswire.Text[netip.Addr]()),
	glsotel.Value("payer", payer, glswire.JSON[account]()),
}

// global makes p the global propagator and an SDK the global tracer provider until the test ends.
func global(t testing.TB, p propagation.TextMapPropagator) *tracetest.InMemoryExporter {
	exporter := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	otel.SetTracerProvider(tp)
	otel.SetTextMapPropagator(p)
	t.Cleanup(func() {
		otel.SetTracerProvider(noop.NewTracerProvider())
		otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator())
		assert.NoError(t, tp.Shutdown(context.Background()))
	})
	return exporter
}

// span returns the exported span of that name.
func span(t *testing.T, e *tracetest.InMemoryExporter, name string) tracetest.SpanStub {
	t.Helper()
	for _, s := range e.GetSpans() {
		if s.Name == name {
			return s
		}
	}
	require.Fail(t, "no span "+name)
	return tracetest.SpanStub{}
}

// errs collects what OnError is given.
type errs struct {
	mu  sync.Mutex // guards all
	all []error
}

func (e *errs) report(err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, err)
}

func injected(ctx context.Context, p propagation.TextMapPropagator) propagation.MapCarrier {
	c := propagation.MapCarrier{}
	p.Inject(ctx, c)
	return c
}

func extracted(p propagation.TextMapPropagator, members string) context.Context {
	return p.Extract(context.Background(), propagation.MapCarrier{"baggage": members})
}

func member(t *testing.T, key, value string) baggage.Member {
	m, err := baggage.NewMemberRaw(key, value)
	require.NoError(t, err)
	return m
}

func withBaggage(ctx context.Context, t *testing.T, members ...baggage.Member) context.Context {
	b, err := baggage.New(members...)
	require.NoError(t, err)
	return baggage.ContextWithBaggage(ctx, b)
}

var remote = trace.NewSpanContext(trace.SpanContextConfig{
	TraceID: trace.TraceID{1}, SpanID: trace.SpanID{1}, TraceFlags: trace.FlagsSampled, Remote: true,
})

const remoteText = "00-01000000000000000000000000000000-0100000000000000-01"

// serve serves h on a loopback port until the test ends.
func serve(t *testing.T, h http.Handler) (url string) {
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

// A recorder notes the headers that reach it, and redirects where it is told to.
type recorder struct {
	url string

	mu      sync.Mutex // guards what follows
	headers []http.Header
	target  string
}

func record(t *testing.T) *recorder {
	r := new(recorder)
	r.url = serve(t, r)
	return r
}

func (r *recorder) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.headers = append(r.headers, request.Header.Clone())
	if r.target != "" {
		http.Redirect(w, request, r.target, http.StatusTemporaryRedirect)
	}
}

// last returns the header of the last request, and how many there were.
func (r *recorder) last() (http.Header, int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.headers) == 0 {
		return nil, 0
	}
	return r.headers[len(r.headers)-1], len(r.headers)
}

func fetch(t *testing.T, client *http.Client, r *http.Request) string {
	t.Helper()
	response, err := client.Do(r)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return string(body)
}

func get(ctx context.Context, t *testing.T, url string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	require.NoError(t, err)
	return r
}

// How long what a server does after its answer is waited for.
const (
	eventually = 10 * time.Second
	tick       = 5 * time.Millisecond
)
