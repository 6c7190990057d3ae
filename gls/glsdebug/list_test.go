package glsdebug_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/goroutine"
)

var (
	color  = gls.New[string]("color")
	number = gls.New[int]("")
)

func TestEachGoroutineThatCarriesAFrame(t *testing.T) {
	h := newHolding(t)
	go color.Run("red", func() { number.Run(7, h.hold) })
	plain := <-h.ids
	go h.hold()
	nothing := <-h.ids

	a := ask(t, "")
	r := a.find(t, plain)
	require.Len(t, r.Storages, 2)
	assert.Equal(t, "", r.Storages[0].Name)
	assert.Equal(t, "int", r.Storages[0].Type)
	assert.Equal(t, "color", r.Storages[1].Name)
	assert.Equal(t, "string", r.Storages[1].Type)
	assert.Nil(t, r.Storages[1].Value, "a string does not log itself")
	assert.Nil(t, r.Request)
	assert.Equal(t, "seen", r.AgeOf)
	assert.False(t, r.Exited)
	for _, r := range a.Goroutines {
		assert.NotEqual(t, nothing, r.ID)
	}
	assert.Equal(t, len(a.Goroutines), a.Totals.Carrying)
	assert.Greater(t, a.Totals.Goroutines, a.Totals.Carrying)
	assert.Equal(t, gls.Propagation().String(), a.Propagation)
	assert.WithinDuration(t, time.Now(), a.Time, 10*time.Second)
	found := false
	for _, s := range a.Storages {
		found = found || s.Name == "color" && s.Type == "string" && s.Goroutines == 1
	}
	assert.True(t, found, "%v", a.Storages)
}

// Of a goroutine that gls starts while nobody looks the runtime knows the creator; of one that it starts while the page
// is open the line that called gls is known, and its age.
func TestWhoStartedItAndWhere(t *testing.T) {
	h := newHolding(t)
	glsdebug.EndWatch()
	self := goroutine.ID()
	go color.Run("red", h.hold)
	plain := <-h.ids
	r := ask(t, "").find(t, plain)
	require.NotNil(t, r.Started)
	assert.Equal(t, self, r.Started.By)
	assert.Contains(t, r.Started.Function, "TestWhoStartedItAndWhere")
	assert.Regexp(t, `list_test\.go:\d+$`, r.Started.Position)

	var wg gls.WaitGroup
	ways := map[string]func(func()){
		"Go":           gls.Go,
		"Snapshot.Go":  func(fn func()) { gls.Capture().Go(fn) },
		"WaitGroup.Go": wg.Go,
		"AfterFunc":    func(fn func()) { gls.AfterFunc(time.Millisecond, fn) },
		"GoDetached":   httpctx.GoDetached,
	}
	for name, start := range ways {
		color.Run("red", func() { start(func() { h.hold() }) })
		id := <-h.ids
		r := ask(t, "").find(t, id)
		require.NotNil(t, r.Started, name)
		assert.Equal(t, self, r.Started.By, name)
		assert.Contains(t, r.Started.Function, "TestWhoStartedItAndWhere", name)
		assert.Regexp(t, `list_test\.go:\d+$`, r.Started.Position, name)
		assert.Equal(t, "goroutine", r.AgeOf, name)
	}
}

func TestRequests(t *testing.T) {
	h := newHolding(t)
	mux := http.NewServeMux()
	mux.Handle("/debug/ambient/", glsdebug.Handler())
	mux.HandleFunc("GET /posts/{id}", func(http.ResponseWriter, *http.Request) {
		gls.Go(h.hold)
		h.hold()
	})
	server := httptest.NewServer(httpctx.Middleware(mux))
	defer server.Close()
	defer h.end()
	go func() {
		r, err := http.NewRequest(http.MethodGet, server.URL+"/posts/7?token=hunter2", http.NoBody)
		if assert.NoError(t, err) {
			r.Header.Set("X-Request-ID", "request-1")
			r.Header.Set("Authorization", "hunter2")
			response, err := http.DefaultClient.Do(r)
			if assert.NoError(t, err) {
				response.Body.Close()
			}
		}
	}()
	one, two := <-h.ids, <-h.ids
	a := ask(t, "")
	for _, id := range []uint64{one, two} {
		r := a.find(t, id)
		require.NotNil(t, r.Request)
		assert.Equal(t, "request-1", r.Request.ID)
		assert.Equal(t, "GET", r.Request.Method)
		assert.Equal(t, "/posts/7", r.Request.Path)
		assert.Equal(t, "GET /posts/{id}", r.Request.Pattern)
		assert.False(t, r.Request.Finished)
		assert.Equal(t, "request", r.AgeOf)
		assert.InDelta(t, time.Since(r.Request.Start).Seconds(), r.Age, 5)
		assert.Equal(t, map[string]any{
			"request_id": "request-1", "method": "GET", "path": "/posts/7", "pattern": "GET /posts/{id}",
		}, valueOf(t, r, "httpctx"))
		assert.Nil(t, valueOf(t, r, "gls.Context"))
	}
	assert.Equal(t, 1, a.Totals.Requests)

	response, err := http.Get(server.URL + "/debug/ambient/")
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Contains(t, string(body), "this page", "it is a request too")
	assert.Contains(t, string(body), "GET /posts/{id}")
	assert.NotContains(t, string(body), "hunter2")
}

func valueOf(t *testing.T, r row, storage string) any {
	t.Helper()
	for _, s := range r.Storages {
		if s.Name == storage {
			return s.Value
		}
	}
	require.Fail(t, storage+" is not set")
	return nil
}

// A worker that a request started keeps its Context; the page says that the request is over.
func TestFinishedRequest(t *testing.T) {
	h := newHolding(t)
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/jobs", nil), func() { gls.Go(h.hold) })
	id := <-h.ids
	a := ask(t, "")
	r := a.find(t, id)
	require.NotNil(t, r.Request)
	assert.True(t, r.Request.Finished)
	assert.Zero(t, a.Totals.Requests)
}

// A goroutine that entered outside of any scope and exited is told from one that lives.
func TestExited(t *testing.T) {
	ids := make(chan uint64)
	var group sync.WaitGroup
	group.Go(func() {
		color.Enter("red")
		ids <- goroutine.ID()
	})
	id := <-ids
	group.Wait()
	require.Eventually(t, func() bool {
		_, alive := goroutine.Live()[id]
		return !alive
	}, 20*time.Second, time.Millisecond, "it has signalled, and exits")
	for _, r := range ask(t, "&origins=1").Goroutines {
		if r.ID == id {
			assert.True(t, r.Exited)
			return
		}
	}
	t.Log("a collection came first")
}

func TestFilterSortAndLimit(t *testing.T) {
	h := newHolding(t)
	var ids []uint64
	for i := range 5 {
		r := httptest.NewRequest(http.MethodGet, fmt.Sprint("/pages/", 4-i), nil)
		httpctx.Run(httptest.NewRecorder(), r, func() { httpctx.GoDetached(h.hold) })
		ids = append(ids, <-h.ids)
		time.Sleep(time.Millisecond)
	}
	order := func(query string) (got []uint64) {
		for _, r := range ask(t, "&q=/pages/"+query).Goroutines {
			got = append(got, r.ID)
		}
		return got
	}
	reversed := []uint64{ids[4], ids[3], ids[2], ids[1], ids[0]}
	assert.Equal(t, ids, order(""), "the oldest first")
	assert.Equal(t, ids, order("&sort=age"))
	assert.Equal(t, reversed, order("&sort=-age"))
	assert.Equal(t, reversed, order("&sort=request"))
	assert.Equal(t, ids, order("&sort=-request"))
	assert.Len(t, order("&sort=nonsense"), 5)
	assert.ElementsMatch(t, ids, order("&sort=-storages"))
	assert.ElementsMatch(t, ids, order("&sort=started"))
	assert.IsIncreasing(t, order("&sort=id"))
	assert.IsDecreasing(t, order("&sort=-id"))
	assert.Equal(t, ids[:2], order("&limit=2"))
	assert.Equal(t, ids, order("&limit=0"))
	assert.Equal(t, ids, order("&limit=-1"))

	a := ask(t, "&q=GET+/PAGES/3&limit=1")
	require.Len(t, a.Goroutines, 1, "upper and lower case are the same, all words have to match")
	assert.Equal(t, ids[1], a.Goroutines[0].ID)
	assert.Equal(t, 1, a.Totals.Matching)
	assert.Empty(t, ask(t, "&q=no+such+thing").Goroutines)
	assert.Len(t, ask(t, "&q=TestFilterSortAndLimit+httpctx.Context").Goroutines, 5, "function and type")
	assert.Equal(t, ids[0], ask(t, fmt.Sprint("&q=", ids[0])).Goroutines[0].ID, "id")
}

func TestStack(t *testing.T) {
	h := newHolding(t)
	go color.Run("red", h.hold)
	id := <-h.ids
	handler := glsdebug.Handler()
	require.Eventually(t, func() bool {
		_, body, _ := get(t, handler, fmt.Sprint("?format=json&stack=", id))
		return strings.Contains(body, `"state":"chan receive"`)
	}, 10*time.Second, time.Millisecond)
	status, body, _ := get(t, handler, fmt.Sprint("?format=json&stack=", id))
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "(*holding).hold")
	assert.Contains(t, body, "list_test.go:")
	status, body, _ = get(t, handler, fmt.Sprint("?stack=", id))
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, body, "(*holding).hold")

	for _, format := range []string{"", "&format=json"} {
		status, _, _ = get(t, handler, "?stack=18446744073709551615"+format)
		assert.Equal(t, http.StatusNotFound, status)
		status, _, _ = get(t, handler, "?stack=x"+format)
		assert.Equal(t, http.StatusBadRequest, status)
	}
}
