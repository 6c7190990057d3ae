package glsdebug_test

import (
	"net/http"
	"net/http/httptest"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/inspect"
)

// stops returns how often fn stopped the program, collections apart.
func stops(fn func()) int {
	count := func() (n uint64) {
		sample := []metrics.Sample{{Name: "/sched/pauses/total/other:seconds"}}
		metrics.Read(sample)
		for _, c := range sample[0].Value.Float64Histogram().Counts {
			n += c
		}
		return n
	}
	before := count()
	fn()
	return int(count() - before)
}

// With 10,000 goroutines the page does not stop them, unless it is asked to. How long it takes is logged.
func TestTenThousandGoroutines(t *testing.T) {
	const many = 10_000
	glsdebug.EndWatch()
	h := newHolding(t)
	mux := http.NewServeMux()
	mux.Handle("/debug/ambient/", glsdebug.Handler())
	server := httptest.NewServer(mux)
	defer server.Close()
	r := httptest.NewRequest(http.MethodGet, "/pages", nil)
	httpctx.Run(httptest.NewRecorder(), r, func() {
		for range many {
			gls.Go(h.hold)
			<-h.ids
		}
		for _, query := range []string{"", "?limit=0", "?format=json", "?q=pages"} {
			var took time.Duration
			n := stops(func() {
				began := time.Now()
				response, err := http.Get(server.URL + "/debug/ambient/" + query)
				require.NoError(t, err)
				response.Body.Close()
				took = time.Since(began)
			})
			t.Logf("%q: %v", query, took)
			assert.Zero(t, n, "it stopped the program for %q", query)
		}
	})
	a := ask(t, "")
	assert.GreaterOrEqual(t, a.Totals.Carrying, many)
	assert.GreaterOrEqual(t, len(a.Goroutines), many)
	assert.GreaterOrEqual(t, a.Totals.UnknownOrigins, many)
	_, body, _ := get(t, glsdebug.Handler(), "")
	assert.Less(t, strings.Count(body, "<tr id="), 1001)
	assert.Contains(t, body, "Show all")
	assert.Contains(t, body, "?origins=1", "it offers to ask")

	began := time.Now()
	a = ask(t, "&origins=1")
	t.Logf("origins: %v", time.Since(began))
	assert.Zero(t, a.Totals.UnknownOrigins)
	assert.Zero(t, ask(t, "").Totals.UnknownOrigins, "it remembers")
}

// Looks that find nobody new do not stop the program, however few goroutines there are.
func TestOriginsAreAskedForOnce(t *testing.T) {
	h := newHolding(t)
	go color.Run("red", h.hold)
	<-h.ids
	ask(t, "&origins=1")
	assert.Zero(t, stops(func() {
		for range 10 {
			ask(t, "")
		}
	}))
}

func TestCostsNothingWhenNobodyLooks(t *testing.T) {
	glsdebug.EndWatch()
	assert.Nil(t, inspect.Starts.Load(), "before the first look")
	synctest.Test(t, func(t *testing.T) {
		ask(t, "")
		assert.NotNil(t, inspect.Starts.Load())
		time.Sleep(29 * time.Second)
		ask(t, "")
		time.Sleep(29 * time.Second)
		synctest.Wait()
		assert.NotNil(t, inspect.Starts.Load(), "each look starts the time again")
		time.Sleep(2 * time.Second)
		synctest.Wait()
		assert.Nil(t, inspect.Starts.Load())
		assert.Zero(t, glsdebug.Met())
	})
	assert.Zero(t, glsdebug.Births())
}

// A goroutine that gls started while somebody looked is forgotten when it ends, however it does.
func TestBirthsAreForgotten(t *testing.T) {
	ask(t, "")
	color.Run("red", func() {
		var group gls.WaitGroup
		for i := range 100 {
			group.Go(func() {
				if i%2 == 0 {
					runtime.Goexit()
				}
			})
		}
		group.Wait()
	})
	assert.Eventually(t, func() bool { return glsdebug.Births() == 0 }, 10*time.Second, time.Millisecond)
}

// The hook of a test that uses glstest is left alone.
func TestBesideGlstest(t *testing.T) {
	glsdebug.EndWatch()
	t.Run("inner", func(t *testing.T) {
		glstest.VerifyNone(t)
		theirs := inspect.Starts.Load()
		require.NotNil(t, theirs)
		ask(t, "")
		assert.Same(t, theirs, inspect.Starts.Load())
		glsdebug.EndWatch()
		assert.Same(t, theirs, inspect.Starts.Load())
	})
}

// While requests come and go, bind values and start goroutines, pages are read all the time. The race detector watches.
func TestReadingWhileAllChanges(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /posts/{id}", func(http.ResponseWriter, *http.Request) {
		color.Run("red", func() {
			var group gls.WaitGroup
			for range 3 {
				group.Go(func() { number.Run(1, runtime.Gosched) })
			}
			group.Wait()
			color.Enter("blue")
		})
	})
	served := httpctx.Middleware(mux)
	var stop atomic.Bool
	var group sync.WaitGroup
	var requests atomic.Int64
	for range 4 {
		group.Go(func() {
			for !stop.Load() {
				served.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/posts/1", http.NoBody))
				requests.Add(1)
			}
		})
	}
	inspector := glsdebug.Handler()
	for range 2 {
		group.Go(func() {
			for !stop.Load() {
				for _, query := range []string{"", "?format=json", "?origins=1", "?stack=1"} {
					status, body, _ := get(t, inspector, query)
					assert.Equal(t, http.StatusOK, status, body)
				}
			}
		})
	}
	time.Sleep(time.Second)
	stop.Store(true)
	group.Wait()
	assert.Positive(t, requests.Load())
}
