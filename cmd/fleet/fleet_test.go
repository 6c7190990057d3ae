package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/ncruces/go-sqlite3/driver"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/internal/adaptertest"
)

// flows returns the number of orders: FLEET, or 500.
func flows(t *testing.T) int {
	text := os.Getenv("FLEET")
	if text == "" {
		return 500
	}
	n, err := strconv.Atoi(text)
	require.NoError(t, err)
	require.GreaterOrEqual(t, n, 100, "FLEET")
	return n
}

const (
	clients     = 50
	forgedTrace = "0123456789abcdef0123456789abcdef"
)

// Every line, span, message and row of an order has the order's identity, although processes are
// killed meanwhile, and although clients send baggage and traces of others. FLEET_PICTURE is the
// file for a picture of a trace.
func TestOneOrderIsOneFlowThroughAllProcesses(t *testing.T) {
	adaptertest.Build(t)
	n := flows(t)
	carrier := newCarrier(t)
	f := startFleet(t, carrier.address)
	tap := tapQueue(t, f.place.queue)

	var placed, refused atomic.Int64
	var all sync.WaitGroup
	for client := range clients {
		all.Go(func() {
			for i := client; i < n; i += clients {
				refused.Add(insist(t, f.place.edge, i))
				placed.Add(1)
			}
		})
	}
	// The worker is down for a while, and its orders wait. The other processes start again at once.
	for i, role := range []string{"worker", "orders", "shipping", "store", "queue", "edge"} {
		for placed.Load() < int64((i+1)*n/8) {
			time.Sleep(time.Millisecond)
		}
		f.kill(role)
		if i == 0 {
			continue
		}
		time.Sleep(200 * time.Millisecond)
		f.start(role)
		if i == 1 {
			f.start("worker")
		}
	}
	all.Wait()
	require.False(t, t.Failed())
	tap.waitUntilEmpty(t)
	f.stop()
	f.verifyStderr()

	v := &verifier{t: t, n: n, traces: make(map[string]int)}
	rows := v.rows(filepath.Join(f.place.dir, "store.db"))
	spans, err := readSpans(f.place.dir)
	require.NoError(t, err)
	v.spans(spans)
	for trace := range rows {
		v.whole(trace)
	}
	lines, err := readLines(f.place.dir, ".log")
	require.NoError(t, err)
	v.lines(lines)
	v.messages(tap)
	v.requests(carrier)
	t.Logf("%d orders of %d tenants, %d processes killed, %d orders placed again: %d lines, %d spans of %d traces, "+
		"%d messages, %d rows, %d requests to the carrier", n, tenants, f.kills, refused.Load(), len(lines), len(spans),
		len(v.byTrace), len(tap.messages), 2*n, len(carrier.sent))

	var picture bytes.Buffer
	require.NoError(t, drawOne(f.place.dir, &picture))
	if file := os.Getenv("FLEET_PICTURE"); file != "" {
		require.NoError(t, os.WriteFile(file, picture.Bytes(), 0o644))
	}
}

// insist sends the i-th order until the edge accepts it, and returns the number of refusals.
func insist(t *testing.T, edge string, i int) (refused int64) {
	for deadline := time.Now().Add(2 * time.Minute); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		status, err := try(edge, i)
		if err == nil && status == http.StatusOK {
			return refused
		}
		if err == nil && status != http.StatusServiceUnavailable {
			assert.Equal(t, http.StatusOK, status)
			return refused
		}
		refused++
	}
	assert.Fail(t, "the edge takes no order")
	return refused
}

// try sends the i-th order once. The request claims another client's identity.
func try(edge string, i int) (status int, err error) {
	o, other := orderOf(i), orderOf(i+1)
	r, err := http.NewRequest(http.MethodPost, "http://"+edge+"/orders", strings.NewReader(o.goods))
	if err != nil {
		return 0, err
	}
	r.SetBasicAuth(o.tenant, strconv.FormatInt(o.user, 10))
	r.Header.Set("X-Request-ID", o.request)
	r.Header.Add("baggage", fmt.Sprintf("tenant=%s,user=%d,request=%s", other.tenant, other.user, other.request))
	r.Header.Add("baggage", "tenant=forged,user=666,request=forged,other=forged")
	r.Header.Set("traceparent", "00-"+forgedTrace+"-0123456789abcdef-01")
	r.Header.Set("tracestate", "forged=1")
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err
	}
	return response.StatusCode, response.Body.Close()
}

// A carrier is a third party's service. It records the requests it gets.
type carrier struct {
	address string

	mu   sync.Mutex // guards sent
	sent []parcel
}

// A parcel is a request to the carrier.
type parcel struct {
	goods  string
	header http.Header
}

func newCarrier(t *testing.T) *carrier {
	c := new(carrier)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var goods bytes.Buffer
		if _, err := goods.ReadFrom(r.Body); err != nil {
			return // the sender was killed meanwhile, and its order will come again
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.sent = append(c.sent, parcel{goods.String(), r.Header})
	}))
	t.Cleanup(server.Close)
	c.address = strings.TrimPrefix(server.URL, "http://")
	return c
}

// A tap reads a copy of each message in the queue.
type tap struct {
	stream jetstream.JetStream

	mu       sync.Mutex // guards messages
	messages []*nats.Msg
}

func tapQueue(t *testing.T, address string) *tap {
	conn, err := nats.Connect("nats://"+address, nats.MaxReconnects(-1), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(conn.Close)
	q := new(tap)
	q.stream, err = jetstream.New(conn)
	require.NoError(t, err)
	_, err = conn.Subscribe(subject, func(message *nats.Msg) {
		q.mu.Lock()
		defer q.mu.Unlock()
		q.messages = append(q.messages, message)
	})
	require.NoError(t, err)
	return q
}

// waitUntilEmpty returns when each message has been processed.
func (q *tap) waitUntilEmpty(t *testing.T) {
	var left uint64
	for deadline := time.Now().Add(30 * time.Minute); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		stream, err := q.stream.Stream(t.Context(), subject)
		if err != nil {
			continue // the queue is starting
		}
		if left = stream.CachedInfo().State.Msgs; left == 0 {
			return
		}
	}
	require.Fail(t, "messages are left", "%d", left)
}

// A verifier checks what the processes have written.
type verifier struct {
	t       *testing.T
	n       int
	traces  map[string]int    // the number of each trace's order
	byTrace map[string][]span // in the order in which they began
}

// owns checks that a trace belongs to the i-th order and to no other.
func (v *verifier) owns(trace string, i int) {
	known, ok := v.traces[trace]
	if !ok {
		v.traces[trace] = i
		return
	}
	assert.Equal(v.t, known, i, "trace %s is of two orders", trace)
}

// rows checks that each order is in both tables exactly once, and returns the orders' traces.
func (v *verifier) rows(file string) map[string]bool {
	pool, err := driver.Open("file:" + file)
	require.NoError(v.t, err)
	defer pool.Close()
	traces := make(map[string]bool)
	for table := range tables {
		seen := make(map[int]bool)
		rows, err := pool.Query("SELECT tenant, request, user, trace, goods FROM " + table)
		require.NoError(v.t, err)
		for rows.Next() {
			var o order
			var trace string
			require.NoError(v.t, rows.Scan(&o.tenant, &o.request, &o.user, &trace, &o.goods))
			i, ok := indexOf(o.goods)
			require.True(v.t, ok, o.goods)
			assert.Equal(v.t, orderOf(i), o, table)
			v.owns(trace, i)
			traces[trace], seen[i] = true, true
		}
		require.NoError(v.t, rows.Err())
		require.NoError(v.t, rows.Close())
		assert.Len(v.t, seen, v.n, "%s are lost", table)
	}
	return traces
}

// spans checks that each trace has one identity, one root and no gap. Only a span of the edge that
// was interrupted before the client was known may lack an identity.
func (v *verifier) spans(all []span) {
	v.byTrace = byTrace(all)
	for trace, spans := range v.byTrace {
		roots, known := 0, make(map[string]bool)
		for _, s := range spans {
			known[s.ID] = true
		}
		for _, s := range spans {
			if s.Parent == "" {
				roots++
				assert.Equal(v.t, "edge server", s.Service+" "+s.Kind, "trace %s has another root", trace)
			} else {
				assert.True(v.t, known[s.Parent], "trace %s has a gap before %s %s", trace, s.Service, s.Name)
			}
			if s.Tenant == "" && s.Parent == "" && s.End.IsZero() {
				continue
			}
			i := int(s.User)
			want := orderOf(i)
			assert.Equal(v.t, want, order{s.Tenant, s.User, s.Request, want.goods}, "%s %s", s.Service, s.Name)
			v.owns(trace, i)
		}
		assert.Equal(v.t, 1, roots, "roots of trace %s", trace)
	}
	assert.NotContains(v.t, v.byTrace, forgedTrace)
}

// whole checks that a trace has spans of all services.
func (v *verifier) whole(trace string) {
	names := make(map[string]bool)
	for _, s := range v.byTrace[trace] {
		if s.Kind != "client" && !s.End.IsZero() {
			names[s.Service+" "+s.Name] = true
		}
	}
	for _, name := range []string{
		"worker consume", "store POST /orders", "store store", "shipping RunWorkflow:ship", "shipping RunActivity:Book",
		"shipping ship", "store POST /shipments",
	} {
		assert.True(v.t, names[name], "trace %s has not been through %s", trace, name)
	}
}

// lines checks the identity and the trace of each log line.
func (v *verifier) lines(all [][]byte) {
	services := make(map[string]int)
	worked := make(map[int]bool)
	for _, text := range all {
		var line struct {
			Tenant, Request, Goods, Service, Msg string

			User  int64
			Trace string `json:"trace_id"`
			Span  string `json:"span_id"`
		}
		require.NoError(v.t, json.Unmarshal(text, &line))
		assert.NotEqual(v.t, "dropped", line.Msg, "%s", text)
		i, ok := indexOf(line.Goods)
		if !assert.True(v.t, ok, "%s", text) {
			continue
		}
		want := orderOf(i)
		assert.Equal(v.t, want, order{line.Tenant, line.User, line.Request, line.Goods}, "%s", text)
		v.owns(line.Trace, i)
		assert.True(v.t, slices.ContainsFunc(v.byTrace[line.Trace], func(s span) bool {
			return s.ID == line.Span && s.Service == line.Service
		}), "%s", text)
		assert.NotContains(v.t, string(text), "forged")
		services[line.Service]++
		if line.Msg == "consume" {
			worked[i] = true
		}
	}
	assert.Len(v.t, worked, v.n, "each order is acted upon at least once")
	for _, service := range []string{"edge", "orders", "worker", "shipping", "store"} {
		assert.GreaterOrEqual(v.t, services[service], v.n, service)
	}
}

// messages checks the identities in the headers of messages, and that nothing from clients is in
// them.
func (v *verifier) messages(q *tap) {
	q.mu.Lock()
	defer q.mu.Unlock()
	assert.NotEmpty(v.t, q.messages)
	for _, m := range q.messages {
		i, ok := indexOf(string(m.Data))
		require.True(v.t, ok)
		o := orderOf(i)
		want := fmt.Sprintf("tenant=%s,user=%d,request=%s", o.tenant, o.user, o.request)
		assert.Equal(v.t, want, m.Header.Get("baggage"))
		assert.Equal(v.t, o.tenant+"/"+o.request, m.Header.Get("Nats-Msg-Id"))
		v.owns(strings.Split(m.Header.Get("traceparent"), "-")[1], i)
	}
}

// requests checks that the carrier got the trace and no value.
func (v *verifier) requests(c *carrier) {
	sent := make(map[int]bool)
	for _, p := range c.sent {
		i, ok := indexOf(p.goods)
		require.True(v.t, ok)
		sent[i] = true
		var all strings.Builder
		require.NoError(v.t, p.header.Write(&all))
		text, err := url.QueryUnescape(all.String())
		require.NoError(v.t, err)
		for _, value := range []string{"tenant", orderOf(i).request, "forged"} {
			assert.NotContains(v.t, text, value)
		}
		assert.NotContains(v.t, p.header, "Baggage")
		assert.NotContains(v.t, p.header, "X-Request-Id")
		v.owns(strings.Split(p.header.Get("traceparent"), "-")[1], i)
	}
	assert.Len(v.t, sent, v.n)
}
