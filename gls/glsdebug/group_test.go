package glsdebug_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
	"github.com/ambient-go/ambient/httpctx"
	"github.com/ambient-go/ambient/internal/goroutine"
)

var (
	member  = httpctx.NewKey[slog.LogValuer]("member")
	hidden  = httpctx.NewKey[string]("hidden")
	unnamed = httpctx.NewKey[int]("")
)

// A live is a server on a loopback port, with the inspector.
type live struct {
	*httptest.Server
	t testing.TB
}

func serve(t testing.TB, pages map[string]http.HandlerFunc) *live {
	mux := http.NewServeMux()
	for pattern, page := range pages {
		mux.HandleFunc(pattern, page)
	}
	outer := http.NewServeMux()
	outer.Handle("/debug/ambient/", glsdebug.Handler(glsdebug.WithValues()))
	outer.Handle("/", httpctx.Middleware(mux))
	l := &live{httptest.NewServer(outer), t}
	t.Cleanup(l.Close)
	return l
}

// visit asks for a page and gives its end to the group.
func (l *live) visit(group *sync.WaitGroup, path, id string) {
	group.Go(func() {
		r, err := http.NewRequest(http.MethodGet, l.URL+path, http.NoBody)
		if assert.NoError(l.t, err) {
			r.Header.Set("X-Request-ID", id)
			response, err := l.Client().Do(r)
			if assert.NoError(l.t, err) {
				response.Body.Close()
			}
		}
	})
}

func (l *live) page(query string) string {
	l.t.Helper()
	response, err := l.Client().Get(l.URL + "/debug/ambient/" + query)
	require.NoError(l.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(l.t, err)
	require.Equal(l.t, http.StatusOK, response.StatusCode, string(body))
	return string(body)
}

func (l *live) json(query string) (a answer) {
	l.t.Helper()
	require.NoError(l.t, json.Unmarshal([]byte(l.page("?format=json"+query)), &a))
	return a
}

// Forty requests at once, two of them with the same id, have four goroutines each: those of one stand together, below
// what they have in common.
func TestGoroutinesOfARequestStandTogether(t *testing.T) {
	const requests, children = 40, 3
	h := newHolding(t)
	l := serve(t, map[string]http.HandlerFunc{"GET /posts/{id}": func(http.ResponseWriter, *http.Request) {
		member.Set(httpctx.GetOrFail(), logs(func() slog.Value { return slog.StringValue("ada") }))
		hidden.Set(httpctx.GetOrFail(), "hunter2")
		color.Run("hunter2", func() {
			for range children - 1 {
				gls.Go(h.hold)
			}
			gls.Go(func() { number.Run(7, h.hold) })
			h.hold()
		})
	}})
	var group sync.WaitGroup
	defer group.Wait()
	defer h.end()
	ids := make([]uint64, 0, requests*(children+1))
	for i := range requests {
		l.visit(&group, fmt.Sprint("/posts/", i), fmt.Sprint("request-", max(i, 1)))
		for range children + 1 {
			ids = append(ids, <-h.ids)
		}
	}

	a := l.json("&q=/posts/")
	require.Len(t, a.Requests, requests)
	require.Len(t, a.Goroutines, len(ids))
	assert.Equal(t, requests, a.Totals.Requests)
	for i, r := range a.Requests { // the oldest first
		assert.Equal(t, fmt.Sprint("/posts/", i), r.Path)
		assert.Equal(t, fmt.Sprint("request-", max(i, 1)), r.ID)
		assert.Equal(t, "GET /posts/{id}", r.Pattern)
		assert.Equal(t, []value{
			{Name: "hidden", Type: "string"}, {Name: "member", Type: "slog.LogValuer", Value: "ada"},
		}, r.Keys)
		assert.ElementsMatch(t, ids[i*(children+1):(i+1)*(children+1)], r.Goroutines)
	}

	page := l.page("?q=/posts/")
	assert.NotContains(t, page, "hunter2")
	_, body, _ := strings.Cut(page, "<tbody>")
	groups := strings.Split(body, `<tr class="request"`)[1:]
	require.Len(t, groups, requests)
	for i, g := range groups {
		assert.Equal(t, 1, strings.Count(g, fmt.Sprintf("/posts/%d ", i)), "the request stands once")
		for _, once := range []string{"<b>gls.Context</b>", "<b>httpctx</b>", "<b>color</b>", "<b>hidden</b>", "<b>member</b>",
			`<span class="value">ada</span>`, "<code>int</code>"} {
			assert.Equal(t, 1, strings.Count(g, once), once)
		}
		var shown []uint64
		for _, m := range regexp.MustCompile(`data-id="(\d+)"`).FindAllStringSubmatch(g, -1) {
			var id uint64
			_, _ = fmt.Sscan(m[1], &id)
			shown = append(shown, id)
		}
		assert.ElementsMatch(t, ids[i*(children+1):(i+1)*(children+1)], shown)
		head, _, _ := strings.Cut(g, "</tr>")
		assert.NotContains(t, head, "<code>int</code>", "one of them alone has it")
	}
	assert.Len(t, l.json("&q=member+ada+/posts/").Goroutines, len(ids), "keys are searched")
	assert.Len(t, l.json("&q=/posts/&limit=6").Requests, 2, "those of the list")
}

// What is not the same for all stands in its row: a finished request beside what GoDetached made of it, and keys that
// one of the two has been given since.
func TestWhatDiffersStandsInItsRow(t *testing.T) {
	h := newHolding(t)
	r := httptest.NewRequest(http.MethodGet, "/orders", http.NoBody)
	httpctx.Run(httptest.NewRecorder(), r, func() {
		unnamed.Set(httpctx.GetOrFail(), 1)
		gls.Go(h.hold)
		httpctx.GoDetached(func() {
			hidden.Set(httpctx.GetOrFail(), "hunter2")
			h.hold()
		})
	})
	ids := []uint64{<-h.ids, <-h.ids}
	slices.Sort(ids)
	l := serve(t, nil)
	a := l.json("&q=/orders")
	require.Len(t, a.Requests, 1)
	assert.ElementsMatch(t, ids, a.Requests[0].Goroutines)
	page := l.page("?q=/orders")
	assert.Equal(t, 1, strings.Count(page, `<tr class="request"`))
	assert.Equal(t, 1, strings.Count(page, "<b>hidden</b>"))
	assert.Equal(t, 1, strings.Count(page, "<code>int</code>"))
	assert.Equal(t, 1, strings.Count(page, ">finished<"))
}

// A goroutine of no request has what it has in its own row, below those of requests.
func TestOfNoRequest(t *testing.T) {
	h := newHolding(t)
	go color.Run("red", h.hold)
	id := <-h.ids
	l := serve(t, nil)
	page := l.page(fmt.Sprint("?q=", id))
	at := strings.Index(page, "of no request")
	require.Positive(t, at)
	assert.Contains(t, page[at:], fmt.Sprintf(`data-id="%d"`, id))
	assert.Contains(t, page[at:], "<b>color</b>")
	assert.Empty(t, l.json(fmt.Sprint("&q=", id)).Requests)
}

// A key's LogValue that never returns spoils that key alone: the request is shown, and so are its other keys.
func TestKeyHangs(t *testing.T) {
	h := newHolding(t)
	slow := hangs{new(atomic.Int32), make(chan struct{})}
	defer close(slow.release)
	second := httpctx.NewKey[slog.LogValuer]("second")
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/hangs", http.NoBody), func() {
		member.Set(httpctx.GetOrFail(), slow)
		second.Set(httpctx.GetOrFail(), logs(func() slog.Value { return slog.IntValue(7) }))
		httpctx.GoDetached(h.hold)
	})
	<-h.ids
	a := serve(t, nil).json("&q=/hangs")
	require.Len(t, a.Requests, 1)
	require.Len(t, a.Requests[0].Keys, 2)
	assert.Contains(t, a.Requests[0].Keys[0].NotShown, "LogValue")
	assert.InDelta(t, 7, a.Requests[0].Keys[1].Value, 0)
}

// With a thousand goroutines of which nothing is known yet, the first look knows who started each of them.
func TestOriginsAtFirstSight(t *testing.T) {
	const many = 1000
	glsdebug.EndWatch()
	h := newHolding(t)
	l := serve(t, nil)
	for range many / 2 {
		go color.Run("red", h.hold) // a plain go statement
		<-h.ids
		color.Run("red", func() { gls.Go(h.hold) }) // gls, before anybody looked
		<-h.ids
	}
	a := l.json("&q=color")
	require.Len(t, a.Goroutines, many)
	assert.Zero(t, a.Totals.UnknownOrigins)
	self := goroutine.ID()
	for _, r := range a.Goroutines {
		require.NotNil(t, r.Started)
		assert.Equal(t, self, r.Started.By)
		if runtime.GOARCH == "amd64" || runtime.GOARCH == "arm64" {
			assert.NotContains(t, r.Started.Function, "/gls.", "the line that called gls.Go, not gls's own")
			assert.Contains(t, r.Started.Position, "group_test.go:")
		}
	}
	assert.NotContains(t, l.page("?q=color"), "not known")
}

// While goroutines come and go, a look knows who started whom: those that are too young wait for the next.
func TestOriginsWhileGoroutinesComeAndGo(t *testing.T) {
	l := serve(t, nil)
	stop := make(chan struct{})
	var starters sync.WaitGroup
	for range 4 {
		starters.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				done := make(chan struct{})
				go func() {
					defer close(done)
					color.Run("red", runtime.Gosched)
				}()
				<-done
			}
		})
	}
	for range 200 {
		glsdebug.EndWatch() // each is the first look
		a := l.json("&q=color")
		assert.Zero(t, a.Totals.UnknownOrigins)
		for _, r := range a.Goroutines {
			assert.False(t, r.Exited, "it has only just begun")
		}
	}
	close(stop)
	starters.Wait()
}
