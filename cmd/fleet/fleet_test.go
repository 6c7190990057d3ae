package fleet_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"

	"github.com/ambient-go/ambient/cmd/fleet"
	"github.com/ambient-go/ambient/gls/glsotel"
)

const tenants = 5

// flows is how many requests there are: FLEET, or 1,000.
func flows(t *testing.T) int {
	text := os.Getenv("FLEET")
	if text == "" {
		return 1000
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	return n
}

func natsServer(t *testing.T) *nats.Conn {
	s, err := server.NewServer(&server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, StoreDir: t.TempDir(), NoLog: true, NoSigs: true,
	})
	require.NoError(t, err)
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	require.True(t, s.ReadyForConnections(time.Minute))
	conn, err := nats.Connect(s.ClientURL())
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// Every line, span and row of a request says whose it is, the queue's consumer is stopped and started again in between,
// and a client that sends baggage and a trace of its own gets nowhere with it.
func TestOneRequestIsOneFlowThroughTheFleet(t *testing.T) {
	exporter := tracetest.NewInMemoryExporter()
	tp := sdktrace.NewTracerProvider(sdktrace.WithSyncer(exporter))
	defer func() { assert.NoError(t, tp.Shutdown(context.Background())) }()
	otel.SetTracerProvider(tp)
	otel.SetTextMapPropagator(glsotel.New(fleet.Values, glsotel.OnError(func(err error) { assert.NoError(t, err) })))
	var out lines
	log := slog.New(fleet.Logs(slog.NewJSONHandler(&out, nil)))

	file := filepath.Join(t.TempDir(), "orders.db")
	store, err := fleet.OpenStore(file)
	require.NoError(t, err)
	queue, err := fleet.NewQueue(natsServer(t))
	require.NoError(t, err)
	stop, err := queue.Consume(log, store.Save)
	require.NoError(t, err)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	back := fleet.NewOrders(log, queue)
	served := make(chan struct{})
	go func() { defer close(served); assert.NoError(t, back.Serve(listener)) }()
	defer func() { back.Stop(); <-served }()
	orders, closeOrders, err := fleet.DialOrders(listener.Addr().String(),
		grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer func() { assert.NoError(t, closeOrders()) }()
	edge := httptest.NewServer(fleet.Edge(log, orders))
	defer edge.Close()

	n := flows(t)
	send := func(from, to int) {
		var all sync.WaitGroup
		for worker := range 50 {
			all.Go(func() {
				for i := from + worker; i < to; i += 50 {
					place(t, edge.URL, i)
				}
			})
		}
		all.Wait()
	}
	send(0, n/3)
	stop()
	send(n/3, 2*n/3) // nobody consumes
	stop, err = queue.Consume(log, store.Save)
	require.NoError(t, err)
	send(2*n/3, n)

	pool, err := driver.Open("file:" + file)
	require.NoError(t, err)
	defer pool.Close()
	require.Eventually(t, func() bool {
		var count int
		return pool.QueryRow("SELECT count(*) FROM orders").Scan(&count) == nil && count == n
	}, 5*time.Minute, 50*time.Millisecond, "what the queue held is not lost")
	stop()
	require.NoError(t, store.Close())

	traces := make(map[string]string) // by request
	rows, err := pool.Query("SELECT request, tenant, user, trace FROM orders")
	require.NoError(t, err)
	defer rows.Close()
	for rows.Next() {
		var request, tenant, trace string
		var user int
		require.NoError(t, rows.Scan(&request, &tenant, &user, &trace))
		assert.Equal(t, request, fmt.Sprint("r-", user))
		assert.Equal(t, tenant, name(user))
		traces[request] = trace
	}
	require.NoError(t, rows.Err())
	require.Len(t, traces, n)

	for _, line := range out.all(t) {
		user := int(line["user"].(float64))
		request := fmt.Sprint("r-", user)
		assert.Equal(t, request, line["request"])
		assert.Equal(t, name(user), line["tenant"])
		assert.Equal(t, traces[request], line["trace_id"])
	}
	assert.Len(t, out.all(t), 3*n, "edge, orders, worker")
	verify(t, exporter.GetSpans(), traces)
}

func name(i int) string { return fmt.Sprint("tenant-", i%tenants) }

// place sends an order of the i-th user, who claims to be another.
func place(t *testing.T, url string, i int) {
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/orders", http.NoBody)
	if !assert.NoError(t, err) {
		return
	}
	r.SetBasicAuth(name(i), strconv.Itoa(i))
	r.Header.Set("X-Request-ID", fmt.Sprint("r-", i))
	r.Header.Set("baggage", "tenant="+name(i+1)+",user=1,request=forged,other=x")
	r.Header.Set("traceparent", "00-01000000000000000000000000000000-0100000000000000-01")
	response, err := http.DefaultClient.Do(r)
	if assert.NoError(t, err) {
		assert.NoError(t, response.Body.Close())
		assert.Equal(t, http.StatusOK, response.StatusCode)
	}
}

// verify looks at the trace of each request: one root, no gap, one identity.
func verify(t *testing.T, all tracetest.SpanStubs, traces map[string]string) {
	byTrace := make(map[string]tracetest.SpanStubs)
	for _, s := range all {
		id := s.SpanContext.TraceID().String()
		byTrace[id] = append(byTrace[id], s)
	}
	assert.Len(t, byTrace, len(traces))
	for request, id := range traces {
		known := make(map[trace.SpanID]bool)
		var names []string
		for _, s := range byTrace[id] {
			known[s.SpanContext.SpanID()] = true
			names = append(names, s.Name)
		}
		assert.Len(t, names, 6, "%s: %s", request, strings.Join(names, ", "))
		roots := 0
		for _, s := range byTrace[id] {
			if !s.Parent.IsValid() {
				roots++
			} else {
				assert.True(t, known[s.Parent.SpanID()], "a gap before %s", s.Name)
			}
			for _, a := range s.Attributes {
				switch a.Key {
				case "tenant":
					user, err := strconv.Atoi(strings.TrimPrefix(request, "r-"))
					assert.NoError(t, err)
					assert.Equal(t, name(user), a.Value.AsString())
				case "request":
					assert.Equal(t, request, a.Value.AsString())
				}
			}
		}
		assert.Equal(t, 1, roots, request)
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
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, line := range bytes.Split(bytes.TrimSpace(l.buf.Bytes()), []byte("\n")) {
		var m map[string]any
		require.NoError(t, json.Unmarshal(line, &m))
		all = append(all, m)
	}
	return all
}
