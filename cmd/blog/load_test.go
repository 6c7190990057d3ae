package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/ambient-go/ambient/cmd/blog/model"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/cmd/blog/store"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/internal/inspect"
)

// A load is many visitors of both tenants at once. It searches each page for data of the other
// tenant.
type load struct {
	s        *servers
	more     func() bool
	requests atomic.Int64
	checked  atomic.Int64 // pages read to their end and searched
	vanished atomic.Int64
	panicked atomic.Int64
	bled     atomic.Int64
	numbers  atomic.Int64

	mu     sync.Mutex        // guards the fields below
	first  []string          // the first findings
	looks  int               // number of requests to the inspector
	losses []json.RawMessage // losses that the inspector has counted
}

// look requests the inspector as an open page does, so that it counts losses.
func (l *load) look(inspector *visitor) {
	_, page := inspector.get("/debug/ambient/?format=json&limit=1")
	var answer struct{ Losses []json.RawMessage }
	err := json.Unmarshal([]byte(page), &answer)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.looks++
	l.losses = answer.Losses
	if err != nil || answer.Losses == nil {
		l.losses = append(l.losses, json.RawMessage("no answer: "+page))
	}
}

// readers has the users, and texts that they must not see.
var readers = []struct{ who, name, other, foreign string }{
	{"north/ada", "ada", `data-tenant="2"`, "south"},
	{"south/cyd", "cyd", `data-tenant="1"`, "north"},
	{"north/bob", "bob", `data-tenant="2"`, "south"},
	{"south/dan", "dan", `data-tenant="1"`, "north"},
}

// panicInAChild is a page whose goroutine panics.
func panicInAChild() error {
	done := make(chan any)
	gls.Go(func() {
		defer func() { done <- recover() }()
		t, _ := session.CurrentTenant()
		panic("for " + t.Slug)
	})
	panic(<-done)
}

func (l *load) found(format string, args ...any) {
	l.bled.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.first) < 5 {
		l.first = append(l.first, fmt.Sprintf(format, args...))
	}
}

var userSpan = regexp.MustCompile(`<span id="user">([^<]*)</span>`)

// visitor sends requests until the load ends.
func (l *load) visitor(t *testing.T, n int) {
	reader := readers[n%len(readers)]
	v := visit(t, l.s, reader.who)
	v.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	slug, _, _ := strings.Cut(reader.who, "/")
	random := rand.New(rand.NewPCG(uint64(n), 7))
	for l.more() {
		id := fmt.Sprintf("%s-%d", strings.ReplaceAll(reader.who, "/", "-"), l.numbers.Add(1))
		post := 1 + random.IntN(8)
		method, path, body := http.MethodGet, "/", ""
		vanish := time.Duration(0)
		switch dice := random.IntN(100); {
		case dice < 30:
		case dice < 62:
			path = fmt.Sprint("/posts/", post)
		case dice < 74:
			method, path = http.MethodPost, fmt.Sprintf("/posts/%d/like", post)
		case dice < 77:
			method, path, body = http.MethodPost, "/posts", "title="+slug+"+"+id+"&body=for+"+slug
		case dice < 82:
			path = "/panic"
		case dice < 85:
			path = "/panic/child"
		case dice < 86:
			path, vanish = "/endless", 5*time.Millisecond
		case dice < 93:
			vanish = time.Duration(1+random.IntN(5000)) * time.Microsecond
		default:
			path, vanish = fmt.Sprint("/posts/", post), time.Duration(1+random.IntN(2000))*time.Microsecond
		}
		l.request(v, reader.name, reader.other, reader.foreign, method, path, body, id, vanish)
	}
}

func (l *load) request(v *visitor, name, other, foreign, method, path, body, id string, vanish time.Duration) {
	l.requests.Add(1)
	ctx := context.Background()
	if vanish > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, vanish)
		defer cancel()
	}
	r, err := http.NewRequestWithContext(ctx, method, v.base+path, strings.NewReader(body))
	if err != nil {
		l.found("%v", err)
		return
	}
	r.Header.Set("X-Request-ID", id)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	response, err := v.Do(r)
	if err != nil {
		switch {
		case errors.Is(err, context.DeadlineExceeded) && vanish > 0:
			l.vanished.Add(1)
		case strings.HasPrefix(path, "/panic"):
			l.panicked.Add(1)
		default:
			l.found("%s %s: %v", method, path, err)
		}
		return
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		l.vanished.Add(1)
		return
	}
	_, main, _ := strings.Cut(string(page), "<body") // the style sheet names both tenants
	user := userSpan.FindStringSubmatch(main)
	switch status := response.StatusCode; {
	case response.Header.Get("X-Request-ID") != id:
		l.found("%s %s: request %s got the response to %s", method, path, id, response.Header.Get("X-Request-ID"))
	case strings.Contains(main, other) || strings.Contains(main, foreign):
		l.found("%s %s for %s: the other tenant's data: %s", method, path, name, main)
	case status == http.StatusOK && (len(user) != 2 || user[1] != name):
		l.found("%s %s for %s: the page is for %v", method, path, name, user)
	case status != http.StatusOK && status != http.StatusNotFound && status != http.StatusSeeOther:
		l.found("%s %s: status %d: %s", method, path, status, page)
	default:
		l.checked.Add(1)
	}
}

// amount reads BLOG_LOAD: a duration or a number of requests, by default otherwise.
func amount(t *testing.T, otherwise string) (d time.Duration, requests int64) {
	text := os.Getenv("BLOG_LOAD")
	if text == "" {
		text = otherwise
	}
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Hour, n
	}
	d, err := time.ParseDuration(text)
	require.NoError(t, err, "BLOG_LOAD is a duration or a number of requests")
	return d, 1 << 60
}

// Clients disconnect and handlers panic, yet no page has the other tenant's data and the inspector
// counts no loss. BLOG_LOAD=100000 sends 100,000 requests, BLOG_LOAD=30s as many as fit.
func TestLoad(t *testing.T) {
	glstest.VerifyNone(t)
	file := filepath.Join(t.TempDir(), "blog.db")
	logs.reset()
	var s *servers
	var cut atomic.Int64
	s, err := start("127.0.0.1:0", file, true, map[string]func() error{
		"GET /panic":       func() error { panic("in the handler") },
		"GET /panic/child": panicInAChild,
		"GET /endless": func() error {
			defer cut.Add(1)
			const endless = "(WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c) > 0"
			return s.store.DB().Where(endless).Find(&[]model.Post{}).Error
		},
	})
	require.NoError(t, err)

	duration, requests := amount(t, "2000")
	deadline := time.Now().Add(duration)
	l := &load{s: s}
	l.more = func() bool { return l.requests.Load() < requests && time.Now().Before(deadline) }
	began := time.Now()
	inspector := visit(t, s, "")
	l.look(inspector)
	var group, looking sync.WaitGroup
	loaded := make(chan struct{})
	looking.Go(func() {
		tick := time.NewTicker(2 * time.Second)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				l.look(inspector)
			case <-loaded:
				return
			}
		}
	})
	for n := range 16 {
		group.Go(func() { l.visitor(t, n) })
	}
	group.Wait()
	took := time.Since(began)
	close(loaded)
	looking.Wait()
	s.events.Wait() // the notices are written after the responses
	l.look(inspector)
	require.NoError(t, s.stop(30*time.Second))
	t.Logf("%d requests in %v (%.0f/s), %d pages checked, %d clients vanished, %d handlers panicked, %d endless queries cut, "+
		"%d with the other tenant's data, %d losses in %d looks", l.requests.Load(), took.Round(time.Millisecond),
		float64(l.requests.Load())/took.Seconds(), l.checked.Load(), l.vanished.Load(), l.panicked.Load(), cut.Load(),
		l.bled.Load(), len(l.losses), l.looks)
	assert.Zero(t, l.bled.Load(), strings.Join(l.first, "\n"))
	assert.Empty(t, l.losses, "%s", l.losses)
	assert.GreaterOrEqual(t, l.looks, 2)
	assert.Positive(t, l.vanished.Load())
	assert.Positive(t, l.panicked.Load())
	assert.Positive(t, cut.Load())
	assert.Greater(t, l.checked.Load(), l.requests.Load()/2)
	whose(t, file)
}

// The inspector reports the line of a plain go statement that loses the tenant, so the load test
// would notice a loss.
func TestLoadWouldSeeALoss(t *testing.T) {
	if gls.Propagation() == gls.Inherited {
		t.Skip("nothing is lost in this build")
	}
	s := begin(t, map[string]func() error{"GET /lose": func() error {
		done := make(chan struct{})
		go func() {
			defer close(done)
			session.CurrentTenant()
		}()
		<-done
		return nil
	}})
	l, inspector := &load{s: s}, visit(t, s, "")
	l.look(inspector)
	assert.Empty(t, l.losses)
	visit(t, s, "north/ada").get("/lose")
	l.look(inspector)
	require.Len(t, l.losses, 1)
	assert.Contains(t, string(l.losses[0]), "load_test.go:")
	assert.Contains(t, string(l.losses[0]), `"storage":"httpctx"`)
}

// whose reads the database directly: each row belongs to one tenant, and each notice to its
// request.
func whose(t *testing.T, file string) {
	after, err := store.Open(file, func(db *gorm.DB) error {
		var posts []model.Post
		require.NoError(t, db.Preload("Author").Find(&posts).Error)
		assert.Greater(t, len(posts), 8)
		for _, p := range posts {
			assert.Equal(t, p.TenantID, p.Author.TenantID, p.Title)
			if p.ID > 8 {
				slug := []string{1: "north", 2: "south"}[p.TenantID]
				assert.True(t, strings.HasPrefix(p.Title, slug+" "+slug+"-"+p.Author.Name), p.Title)
			}
			var likes int64
			require.NoError(t, db.Model(&model.Like{}).Where("post_id = ?", p.ID).Count(&likes).Error)
			assert.EqualValues(t, p.Likes, likes, "post %d", p.ID)
		}
		var foreign int64
		require.NoError(t, db.Raw("SELECT count(*) FROM likes JOIN posts ON posts.id = likes.post_id JOIN users ON users.id = "+
			"likes.user_id WHERE likes.tenant_id <> posts.tenant_id OR likes.tenant_id <> users.tenant_id").Scan(&foreign).Error)
		assert.Zero(t, foreign)
		var notices []model.Notice
		require.NoError(t, db.Find(&notices).Error)
		assert.NotEmpty(t, notices)
		for _, n := range notices {
			assert.Contains(t, n.Text, n.RequestID, "the title of the post has the id of its request")
			assert.Contains(t, n.RequestID, []string{1: "north", 2: "south"}[n.TenantID])
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, after.Close())
}

// TestInspectorOpen measures how the 99th percentile of a feed's time changes while the inspector
// is open and refreshes itself. BLOG_P99 is the number of rounds. It asserts nothing, because the
// result depends on the machine.
func TestInspectorOpen(t *testing.T) {
	rounds, _ := strconv.Atoi(os.Getenv("BLOG_P99"))
	if rounds == 0 {
		t.Skip("BLOG_P99 is not set")
	}
	s := begin(t, nil)
	inspector := visit(t, s, "")
	var visitors []*visitor
	for n := range 2 * runtime.NumCPU() {
		visitors = append(visitors, visit(t, s, readers[n%len(readers)].who))
	}
	// phase lasts two seconds, in which an open page refreshes itself once.
	phase := func(open bool) (all []time.Duration) {
		inspect.Starts.Store(nil) // as after 30 seconds without a request
		var mu sync.Mutex
		var group sync.WaitGroup
		end := time.Now().Add(2 * time.Second)
		if open {
			group.Go(func() {
				inspector.get("/debug/ambient/")
				time.Sleep(time.Until(end))
			})
		}
		for _, v := range visitors {
			group.Go(func() {
				var own []time.Duration
				for time.Now().Before(end) {
					began := time.Now()
					v.get("/")
					own = append(own, time.Since(began))
				}
				mu.Lock()
				defer mu.Unlock()
				all = append(all, own...)
			})
		}
		group.Wait()
		return all
	}
	p99 := func(all []time.Duration) time.Duration {
		slices.Sort(all)
		return all[len(all)*99/100]
	}
	phase(false)
	var pooled, medians [2][]time.Duration // closed, open
	for round := range rounds {
		for _, i := range [][]int{{0, 1}, {1, 0}}[round%2] {
			all := phase(i == 1)
			pooled[i] = append(pooled[i], all...)
			medians[i] = append(medians[i], p99(all))
		}
	}
	report := func(what string, closed, open time.Duration) {
		t.Logf("p99 of the feed, %s: %v closed, %v open (%+.1f %%)", what, closed, open,
			100*(float64(open)/float64(closed)-1))
	}
	report(fmt.Sprintf("over %d and %d pages", len(pooled[0]), len(pooled[1])), p99(pooled[0]), p99(pooled[1]))
	slices.Sort(medians[0])
	slices.Sort(medians[1])
	report("median of the phases", medians[0][rounds/2], medians[1][rounds/2])
}
