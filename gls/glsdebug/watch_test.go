package glsdebug_test

import (
	"fmt"
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
	assert.NotContains(t, body, "?origins=1", "they are too many to ask")
	assert.Contains(t, body, "With so many goroutines this page does not ask it.")

	for range 2 {
		assert.Zero(t, stops(func() { a = ask(t, "&origins=1&limit=1") }))
		assert.Regexp(t, `^the program has 1\d{4} goroutines, .* at most 10000$`, a.Note)
		assert.Equal(t, 1, a.Totals.UnknownOrigins)
	}
	_, body, _ = get(t, glsdebug.Handler(), "?origins=1")
	assert.Contains(t, body, "It was not asked: the program has 1")
	for _, format := range []string{"", "&format=json"} {
		assert.Zero(t, stops(func() {
			status, body, header := get(t, glsdebug.Handler(), "?stack=1"+format)
			assert.Equal(t, http.StatusServiceUnavailable, status)
			assert.Regexp(t, `glsdebug: no stack: the program has 1\d{4} goroutines, and .* stop it for about 14\dms`, body)
			assert.Empty(t, header.Get("Retry-After"), "later it has as many")
		}))
	}
}

// With more goroutines than a look asks about by itself, it asks when it is told to.
func TestOriginsOnRequest(t *testing.T) {
	glsdebug.EndWatch()
	h := newHolding(t)
	for range 2500 {
		go color.Run("red", h.hold)
		<-h.ids
	}
	a := ask(t, "&q=color")
	assert.GreaterOrEqual(t, a.Totals.UnknownOrigins, 2500)
	assert.Empty(t, a.Note)
	_, body, _ := get(t, glsdebug.Handler(), "")
	assert.Contains(t, body, "?origins=1", "it offers to ask")
	a = ask(t, "&q=color&origins=1")
	assert.Zero(t, a.Totals.UnknownOrigins, a.Note)
	assert.Zero(t, ask(t, "&q=color").Totals.UnknownOrigins, "it remembers")
}

// While one client has the runtime asked, others are told to come again: for a stack with 503, for origins by a note.
func TestOneClientAtATimeStopsTheProgram(t *testing.T) {
	glsdebug.EndWatch()
	defer glsdebug.EndWatch()
	h := newHolding(t)
	for range 2500 {
		go color.Run("red", h.hold)
		<-h.ids
	}
	refused := func(why, after string) {
		t.Helper()
		for _, format := range []string{"", "&format=json"} {
			status, body, header := get(t, glsdebug.Handler(), "?stack=1"+format)
			assert.Equal(t, http.StatusServiceUnavailable, status)
			assert.Contains(t, body, "glsdebug: no stack: "+why)
			assert.Equal(t, after, header.Get("Retry-After"))
		}
		a := ask(t, "&q=color&origins=1")
		assert.Contains(t, a.Note, why)
		assert.GreaterOrEqual(t, a.Totals.UnknownOrigins, 2500)
		assert.Len(t, a.Goroutines, 2500, "the list is there all the same")
	}
	release := glsdebug.HoldTurn()
	assert.Zero(t, stops(func() { refused("another client has the runtime asked", "1") }))
	release()
	glsdebug.AskedFor(time.Second)
	refused("the runtime has just been asked", "9")
	glsdebug.EndWatch()
	status, body, _ := get(t, glsdebug.Handler(), "?stack=1")
	assert.Equal(t, http.StatusOK, status, body)
}

// Four clients that ask for stacks in turn stop a program of 5,000 goroutines for a part of the time alone, and each of
// them is answered or told when to come again.
func TestClientsThatAskForStacksAllTheTime(t *testing.T) {
	glsdebug.EndWatch()
	defer glsdebug.EndWatch()
	h := newHolding(t)
	for range 5000 {
		go h.hold()
		<-h.ids
	}
	var served, told atomic.Int64
	n := stops(func() {
		var clients sync.WaitGroup
		for range 4 {
			clients.Go(func() {
				for range 5 {
					switch status, body, header := get(t, glsdebug.Handler(), "?stack=1"); status {
					case http.StatusOK:
						served.Add(1)
					case http.StatusServiceUnavailable:
						assert.NotEmpty(t, header.Get("Retry-After"), body)
						told.Add(1)
					default:
						assert.Fail(t, body)
					}
				}
			})
		}
		clients.Wait()
	})
	assert.Equal(t, int64(20), served.Load()+told.Load())
	assert.Positive(t, served.Load())
	assert.LessOrEqual(t, n, 2*int(served.Load()), "one stop for each that is served, and now and then two")
}

// A stack that is beyond what the page reads is told from a goroutine that is not there.
func TestTheTextOfStacksIsCapped(t *testing.T) {
	glsdebug.EndWatch()
	h := newHolding(t)
	go h.hold()
	id := <-h.ids
	reset := glsdebug.ReadAtMost(500)
	status, body, _ := get(t, glsdebug.Handler(), fmt.Sprint("?stack=", id))
	reset()
	glsdebug.EndWatch()
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, body, "is not in the first 32 MiB that the runtime writes")
	status, _, _ = get(t, glsdebug.Handler(), fmt.Sprint("?stack=", id))
	assert.Equal(t, http.StatusOK, status)
}

// Looks that find nobody new do not stop the program, however few goroutines there are.
func TestOriginsAreAskedForOnce(t *testing.T) {
	glsdebug.EndWatch()
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
					if query != "?stack=1" || status != http.StatusServiceUnavailable { // the other has its turn
						assert.Equal(t, http.StatusOK, status, body)
					}
				}
			}
		})
	}
	time.Sleep(time.Second)
	stop.Store(true)
	group.Wait()
	assert.Positive(t, requests.Load())
}
