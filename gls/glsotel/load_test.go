package glsotel_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/contrib/instrumentation/google.golang.org/grpc/otelgrpc"
	"go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsgrpc"
	"github.com/ambient-go/ambient/gls/glslog"
	"github.com/ambient-go/ambient/gls/glsotel"
	"github.com/ambient-go/ambient/internal/adaptertest"
)

// A fleet is an edge, an HTTP service behind it, and a gRPC service behind that. No function of theirs takes a ctx.
type fleet struct {
	t     *testing.T
	tally adaptertest.Tally
	log   *slog.Logger
	back  caller
	inner string
	http  *http.Client

	inside, late sync.WaitGroup
	over         chan struct{} // closed when all requests have been answered
}

// identity is what the edge has found out about a request: its number, as text.
func identity() (string, bool) {
	id, ok := user.Get()
	return strconv.FormatInt(id, 10), ok
}

// work is what each service does for a request: a span, in it a line, and a child that outlives the request.
func (f *fleet) work(place string, call func()) {
	want, ok := tenant.Get() // t-7 where the user is 7: two values that travel by themselves
	if !ok {
		f.tally.During(place, "somebody", "", false)
		return
	}
	want = want[len("t-"):]
	read := func(place string) {
		got, ok := identity()
		f.tally.During(place, want, got, ok)
	}
	read(place)
	glsotel.Run("work in "+place, func() {
		trace.SpanFromContext(gls.Context()).SetAttributes(attribute.String("user", want))
		f.log.Info("worked", "want", want)
		var child sync.WaitGroup
		child.Add(1)
		f.late.Add(1)
		gls.Go(func() {
			defer f.late.Done()
			read(place + "'s child")
			glsotel.Run("child in "+place, func() {})
			child.Done()
			<-f.over
			got, ok := identity()
			f.tally.After(place+"'s child", want, got, ok)
			glsotel.Run("late in "+place, func() {})
		})
		child.Wait()
		call()
	})
	read(place + ", after its call")
}

func (f *fleet) edgeHandler(_ http.ResponseWriter, r *http.Request) {
	if _, ok := tenant.Get(); ok {
		f.tally.During("the edge", "nobody", "what came from outside", true)
	}
	id, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	assert.NoError(f.t, err)
	gls.Run(func() {
		f.work("edge", func() {
			response, err := f.http.Get(f.inner) //nolint:noctx // no function takes one
			if assert.NoError(f.t, err) {
				assert.NoError(f.t, response.Body.Close())
			}
		})
	}, user.With(id), tenant.With(fmt.Sprint("t-", id)))
}

func (f *fleet) innerHandler(http.ResponseWriter, *http.Request) {
	f.work("inner", func() { assert.NoError(f.t, f.back.unary(context.Background())) })
}

func (f *fleet) backHandler(context.Context) {
	f.work("back", func() {
		f.inside.Done()
		f.inside.Wait()
	})
}

func TestEachRequestIsOneFlowThroughAllServices(t *testing.T) {
	adaptertest.Build(t)
	exporter := global(t, glsotel.New(values, glsotel.OnError(func(err error) { assert.NoError(t, err) })))
	var out lines
	f := &fleet{t: t, over: make(chan struct{})}
	f.log = slog.New(glslog.Handler(glsotel.LogHandler(slog.NewJSONHandler(&out, nil)), glslog.Show("tenant", tenant)))
	f.inside.Add(adaptertest.Calls)

	back := serveGRPC(t, &service{call: f.backHandler},
		glsgrpc.Server(grpc.StatsHandler(otelgrpc.NewServerHandler()))...)
	f.back = dial(t, back, glsgrpc.Dial(grpc.WithStatsHandler(otelgrpc.NewClientHandler()))...)
	f.inner = serve(t, glsotel.Handler(http.HandlerFunc(f.innerHandler)))
	f.http = &http.Client{Transport: glsotel.Transport(nil, loopback), Timeout: 2 * time.Minute}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{id}", f.edgeHandler)
	edge := serve(t, glsotel.Handler(mux, otelhttp.WithPropagators(glsotel.New(values, glsotel.Edge()))))

	adaptertest.Each(adaptertest.Calls, func(i int) {
		r := get(context.Background(), t, fmt.Sprint(edge, "/", i))
		r.Header.Set("baggage", fmt.Sprint("user=", i+1, ",tenant=t-", i+1))
		r.Header.Set("traceparent", remoteText)
		fetch(t, http.DefaultClient, r)
	})
	close(f.over)
	f.late.Wait()
	f.tally.Verify(t, 9*adaptertest.Calls, 3*adaptertest.Calls)

	requests := 3 * adaptertest.Calls
	names := []string{"GET /{id}", "work in edge", "child in edge", "HTTP GET", "GET", "work in inner", "child in inner",
		"grpc.testing.TestService/EmptyCall", "grpc.testing.TestService/EmptyCall", "work in back", "child in back"}
	all := exporter.GetSpans()
	require.Eventually(t, func() bool {
		all = exporter.GetSpans()
		return len(all) == len(names)*adaptertest.Calls+requests
	}, eventually, tick, "%d spans", len(all))
	traces := make(map[trace.TraceID]tracetest.SpanStubs)
	for _, s := range all {
		traces[s.SpanContext.TraceID()] = append(traces[s.SpanContext.TraceID()], s)
	}
	users := make(map[string]trace.TraceID) // by the identity
	for id, spans := range traces {
		if len(spans) == 1 { // one that began after its request
			assert.Contains(t, spans[0].Name, "late in ")
			require.Len(t, spans[0].Links, 1)
			_, known := traces[spans[0].Links[0].SpanContext.TraceID()]
			assert.True(t, known)
			continue
		}
		got := make([]string, len(spans))
		who := make(map[string]bool)
		for i, s := range spans {
			got[i] = s.Name
			for _, a := range s.Attributes {
				if a.Key == "user" {
					who[a.Value.AsString()] = true
					users[a.Value.AsString()] = id
				}
			}
		}
		assert.ElementsMatch(t, names, got)
		assert.Len(t, who, 1)
		connected(t, spans)
	}
	assert.Len(t, users, adaptertest.Calls)
	assert.Len(t, traces, adaptertest.Calls+requests)

	lines := out.all(t)
	assert.Len(t, lines, requests)
	for _, line := range lines {
		want := fmt.Sprint(line["want"])
		assert.Equal(t, "t-"+want, line["tenant"])
		assert.Equal(t, users[want].String(), line["trace_id"])
	}
}

// Lines collects log lines.
type lines struct {
	mu  sync.Mutex // guards buf
	buf bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(p)
}

func (l *lines) all(t *testing.T) (all []map[string]any) {
	for _, line := range bytes.Split(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m))
		all = append(all, m)
	}
	return all
}
