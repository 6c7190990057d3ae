package httpctx_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/carrier"
)

// TestSoak makes requests of all kinds at once and looks, everywhere, whether there is another request's Context. What
// is served is in soak_handlers_test.go.
//
// AMBIENT_SOAK=1000000 is the long form, with that many requests; go test needs a -timeout for it. It ends by itself:
// after the requests, or some time before the timeout.
func TestSoak(t *testing.T) { soakWith(t) }

// TestSoakWithRequestContext is TestSoak with requests that carry their Contexts.
func TestSoakWithRequestContext(t *testing.T) { soakWith(t, httpctx.WithRequestContext()) }

func soakWith(t *testing.T, opts ...httpctx.Option) {
	requests := 3000
	if text := os.Getenv("AMBIENT_SOAK"); text != "" {
		n, err := strconv.Atoi(text)
		require.NoError(t, err, "AMBIENT_SOAK is a number of requests")
		requests = n
	}
	limit := time.Minute + time.Duration(requests)*3*time.Millisecond
	if deadline, ok := t.Deadline(); ok {
		limit = min(limit, time.Until(deadline)*3/4)
	}
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()

	frames := func() bool { return carrier.Len() == 0 }
	eventually(t, frames, "another test has left a frame")
	goroutines, before, began := runtime.NumGoroutine(), heapBytes(), time.Now()

	s := newSoak(t, opts...)
	defer s.close()
	s.drive(ctx, requests)
	took := time.Since(began)
	s.close()

	var after int64
	eventually(t, func() bool {
		after = heapBytes()
		return after <= before+4<<20
	}, "the heap stays larger")
	eventually(t, frames, "goroutines still carry a frame")
	t.Logf("requests %d, children %d, mismatches %d, in %s", s.requests.Load(), s.children.Load(), s.mismatches.Load(),
		took.Round(time.Millisecond))
	t.Logf("heap before %d KiB, after %d KiB; goroutines before %d, after %d, with a frame %d",
		before>>10, after>>10, goroutines, runtime.NumGoroutine(), carrier.Len())
	require.Zero(t, s.mismatches.Load())
	require.Zero(t, s.failures.Load())
	require.EqualValues(t, requests, s.requests.Load(), "the time was up")
	require.NotZero(t, s.children.Load())
}

// heapBytes returns the bytes in the heap that are in use.
func heapBytes() int64 {
	for range 3 { // pools are emptied by the second collection
		runtime.GC()
	}
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// close ends the servers and waits for what they have started. It may be called twice.
func (s *soak) close() {
	s.closing.Do(func() {
		for _, server := range s.servers {
			ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
			server.Client().CloseIdleConnections()
			if err := server.Config.Shutdown(ctx); err != nil {
				s.fail("shutting down: %v", err)
			}
			cancel()
			server.Close()
		}
		eventually(s.t, func() bool { return s.running.Load() == 0 }, "handlers or children still run")
		close(s.tasks)
		s.workers.Wait()
	})
}

// drive makes the requests, 16 at a time.
func (s *soak) drive(ctx context.Context, requests int) {
	// The pool is born in a request that is over before there is another one.
	if body, err := fetch(s.servers[0].Client(), s.servers[0].URL+"/birth"); err != nil || body != "born" {
		s.fail("birth: %q %v", body, err)
	}
	numbers := make(chan int)
	var group sync.WaitGroup
	for worker := range 16 {
		group.Go(func() {
			random := rand.New(rand.NewPCG(1, uint64(worker)))
			for n := range numbers {
				s.request(ctx, n, random)
			}
		})
	}
	for n := range requests {
		select {
		case numbers <- n:
			continue
		case <-ctx.Done():
		}
		break
	}
	close(numbers)
	group.Wait()
}

// A kind is one kind of request.
type kind struct {
	path string

	// ends says what the client must get: the id in the body, or that anything goes.
	ends end
}

type end int

const (
	answered end = iota // the id
	anything            // the server, or time, ends it
	vanishes            // the client ends it
)

var kinds = []kind{
	{"/plain", answered}, {"/children", answered}, {"/late", answered}, {"/enter", answered}, {"/detached", answered},
	{"/self", answered}, {"/proxy", answered}, {"/pool", answered}, {"/outside", answered}, {"/log", answered},
	{"/upload", answered}, {"/writer", answered}, {"/hijack", answered},
	{"/panic", anything}, {"/abort", anything}, {"/goexit", anything},
	{"/timeout/inside", anything}, {"/timeout/outside", anything},
	{"/upload", vanishes}, {"/stream", vanishes}, {"/wait", vanishes},
}

// request makes the nth request, of one kind after the other, in turn on each server.
func (s *soak) request(run context.Context, n int, random *rand.Rand) {
	defer s.requests.Add(1)
	server := s.servers[n/len(kinds)%len(s.servers)]
	k := kinds[n%len(kinds)]
	id := fmt.Sprint("soak-", n)
	ctx, cancel := context.WithTimeout(run, 30*time.Second)
	defer cancel()
	method, body := http.MethodGet, io.Reader(nil)
	if k.path == "/upload" {
		method, body = http.MethodPost, strings.NewReader(strings.Repeat("x", 1<<12))
	}
	if k.ends == vanishes {
		delay := time.Duration(random.IntN(2000)) * time.Microsecond
		if body != nil {
			body = &vanishing{delay: delay}
		} else {
			timer := time.AfterFunc(delay, cancel)
			defer timer.Stop()
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, server.URL+k.path, body)
	if err != nil {
		s.fail("%s: %v", k.path, err)
		return
	}
	r.Header.Set("X-Request-ID", id)
	response, err := server.Client().Do(r)
	if err != nil {
		if k.ends == answered && run.Err() == nil {
			s.fail("%s: %v", k.path, err)
		}
		return
	}
	defer response.Body.Close()
	all, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	switch {
	case k.ends == answered && err != nil:
		s.fail("%s: %v", k.path, err)
	case k.ends == answered && string(all) != id:
		s.mismatch("the client of %s %s has %q", k.path, id, all)
	case k.path == "/stream" && strings.Trim(string(all), id+"\n") != "":
		s.mismatch("the client of %s %s has %q", k.path, id, all)
	}
}

// vanishing is a body that breaks off.
type vanishing struct {
	delay time.Duration
	begun bool
}

func (v *vanishing) Read(p []byte) (int, error) {
	if !v.begun {
		v.begun = true
		return copy(p, "part"), nil
	}
	time.Sleep(v.delay)
	return 0, errors.New("gone")
}

// newSoak starts the servers, one of each protocol.
func newSoak(t *testing.T, opts ...httpctx.Option) *soak {
	s := &soak{t: t, wrap: httpctx.New(opts...), tasks: make(chan func())}
	h := s.handler()
	s.servers = []*httptest.Server{serve(t, h), serveHTTP2(t, h), serveH2C(t, h, nil)}
	return s
}
