package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/cmd/blog/almanac"
	"github.com/ambient-go/ambient/cmd/blog/middleware"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glstest"
	"github.com/ambient-go/ambient/httpctx"
)

func TestTwoTenants(t *testing.T) {
	s := begin(t, nil)
	ada, cyd := visit(t, s, "north/ada"), visit(t, s, "south/cyd")
	_, page := ada.get("/")
	assert.Contains(t, page, `<span id="user">ada</span>`)
	assert.Equal(t, 4, strings.Count(page, `data-tenant="1"`))
	assert.NotContains(t, page, `data-tenant="2"`)
	assert.Contains(t, page, "Today in north:")
	_, page = cyd.get("/")
	assert.Contains(t, page, `<span id="user">cyd</span>`)
	assert.Equal(t, 4, strings.Count(page, `data-tenant="2"`))
	assert.NotContains(t, page, `data-tenant="1"`)

	status, _ := cyd.get("/posts/5")
	assert.Equal(t, http.StatusOK, status)
	status, _ = ada.get("/posts/5")
	assert.Equal(t, http.StatusNotFound, status, "another tenant's post is not there")
	status, _ = ada.post("/posts/5/like")
	assert.Equal(t, http.StatusNotFound, status)
	_, page = cyd.get("/posts/5")
	assert.Contains(t, page, `<span class="count">0</span>`)
}

// IsLiked has no parameter and answers for the signed-in user.
func TestLikesAreTheUsersOwn(t *testing.T) {
	s := begin(t, nil)
	ada, bob := visit(t, s, "north/ada"), visit(t, s, "north/bob")
	_, page := ada.post("/posts/1/like")
	assert.Contains(t, page, `aria-pressed="true"`)
	assert.Contains(t, page, `<span class="count">1</span>`)
	_, page = bob.get("/posts/1")
	assert.Contains(t, page, `aria-pressed="false"`)
	assert.Contains(t, page, `<span class="count">1</span>`)
	_, page = bob.post("/posts/1/like", "from", "feed")
	assert.Contains(t, page, `<span class="count">2</span>`)
	assert.Contains(t, page, `<ol id="popular">`)
	_, page = ada.post("/posts/1/like")
	assert.Contains(t, page, `aria-pressed="false"`)
	assert.Contains(t, page, `<span class="count">1</span>`)

	var group sync.WaitGroup
	for range 20 { // an even number of times
		group.Go(func() { ada.post("/posts/2/like") })
	}
	group.Wait()
	_, page = ada.get("/posts/2")
	assert.Contains(t, page, `<span class="count">0</span>`, "the count and the likes stay together")
}

// The listener of "published" runs after the response, but belongs to the request: it has the
// request's id, user and tenant.
func TestPublishing(t *testing.T) {
	s := begin(t, nil)
	responded := make(chan struct{})
	s.events.On("published", func(string) { <-responded })
	ada, bob, cyd := visit(t, s, "north/ada"), visit(t, s, "north/bob"), visit(t, s, "south/cyd")
	ada.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

	r, err := http.NewRequest(http.MethodPost, ada.base+"/posts", strings.NewReader("title=%3Cb%3EHello&body=World"))
	require.NoError(t, err)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Request-ID", "publish-1")
	response, err := ada.Do(r)
	status, _ := ada.read(response, err)
	close(responded) // if the response waited for the listener, the test would not get here
	assert.Equal(t, http.StatusSeeOther, status)
	assert.Equal(t, "publish-1", response.Header.Get("X-Request-ID"))
	path := response.Header.Get("Location")
	status, page := bob.get(path)
	assert.Equal(t, http.StatusOK, status)
	assert.Contains(t, page, "&lt;b&gt;Hello")
	assert.NotContains(t, page, "(you)")
	status, _ = cyd.get(path)
	assert.Equal(t, http.StatusNotFound, status)

	s.events.Wait()
	assert.Len(t, logs.with("msg=published", "request_id=publish-1", "tenant=north", "user=ada", "path=/posts"), 1)
	_, page = bob.get("/")
	assert.Contains(t, page, "ada published “&lt;b&gt;Hello”")
	_, page = cyd.get("/")
	assert.NotContains(t, page, "published")

	status, _ = bob.post("/posts", "title", "", "body", "x")
	assert.Equal(t, http.StatusUnprocessableEntity, status)
}

// If the third step of publishing fails, there is no post and no tag, and no listener runs.
func TestPublishingIsAllOrNothing(t *testing.T) {
	var s *servers
	s = begin(t, map[string]func() error{"GET /tagged/{tag}": func() error {
		c := httpctx.GetOrFail()
		posts, err := s.site.Blog.Tagged(c.Param("tag"))
		fmt.Fprint(c.Writer(), len(posts))
		return err
	}})
	var events atomic.Int64
	s.events.On("published", func(string) { events.Add(1) })
	ada := visit(t, s, "north/ada")
	publish := func(title string) int {
		r, err := http.NewRequest(http.MethodPost, ada.base+"/posts", strings.NewReader("title="+title+"&body=about+%23sails"))
		require.NoError(t, err)
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		r.Header.Set("X-Request-ID", "the-same")
		response, err := ada.Do(r)
		status, _ := ada.read(response, err)
		return status
	}
	assert.Equal(t, http.StatusOK, publish("First"))
	assert.Equal(t, http.StatusConflict, publish("Second"))
	s.events.Wait()
	assert.EqualValues(t, 1, events.Load())
	_, page := ada.get("/")
	assert.Contains(t, page, "First")
	assert.NotContains(t, page, "Second")
	_, tagged := ada.get("/tagged/sails")
	assert.Equal(t, "1", tagged)
	_, tagged = visit(t, s, "south/cyd").get("/tagged/sails")
	assert.Equal(t, "0", tagged)
}

// An event's listeners wait for the handler to end.
func TestListenersRunAfterTheHandler(t *testing.T) {
	var s *servers
	after := make(chan bool, 1)
	s = begin(t, map[string]func() error{"GET /emit": func() error {
		c := httpctx.GetOrFail()
		s.events.On("emitted", func(string) { after <- c.Finished() })
		s.events.Emit("emitted", "")
		time.Sleep(20 * time.Millisecond)
		return nil
	}})
	visit(t, s, "north/ada").get("/emit")
	assert.True(t, <-after)
}

// Every log line has the request id, the user and the tenant, which no function has as a parameter.
func TestLogLines(t *testing.T) {
	s := begin(t, nil)
	ada := visit(t, s, "north/ada")
	r, err := http.NewRequest(http.MethodGet, ada.base+"/", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("X-Request-ID", "feed-1")
	response, err := ada.Do(r)
	ada.read(response, err)
	assert.Len(t, logs.with("msg=served", "request_id=feed-1", "tenant=north", "user=ada", "path=/ "), 1)
	asked := logs.with("msg=asked", "request_id=feed-1", "path=/today/north")
	require.Len(t, asked, 1, "the other server has the same request id")
	assert.NotContains(t, asked[0], "user=", "and nothing else")
}

// Readers of both tenants at once: each line of a request has its id, tenant and user exactly once,
// on all its goroutines and after the response.
func TestLogLinesOfManyAtOnce(t *testing.T) {
	const rounds = 25
	var after sync.WaitGroup
	s := begin(t, map[string]func() error{"GET /lines": func() error {
		slog.Info("line handler")
		done := make(chan struct{})
		gls.Go(func() {
			defer close(done)
			slog.With("more", 1).Info("line child")
		})
		<-done
		over := gls.Context().Done()
		after.Add(1)
		httpctx.GoDetached(func() {
			defer after.Done()
			<-over
			slog.Info("line detached")
		})
		return nil
	}})
	var group sync.WaitGroup
	for _, reader := range readers {
		v := visit(t, s, reader.who)
		for n := range rounds {
			group.Go(func() {
				r, err := http.NewRequest(http.MethodGet, v.base+"/lines", http.NoBody)
				if assert.NoError(t, err) {
					r.Header.Set("X-Request-ID", fmt.Sprintf("%s-%d", strings.ReplaceAll(reader.who, "/", "-"), n))
					response, err := v.Do(r)
					if assert.NoError(t, err) {
						response.Body.Close()
					}
				}
			})
		}
	}
	group.Wait()
	after.Wait()
	lines := append(logs.with("line "), logs.with("msg=served", "path=/lines")...)
	assert.Len(t, lines, 4*rounds*len(readers))
	of := func(line, key string) string {
		found := regexp.MustCompile(` `+key+`=(\S+)`).FindAllStringSubmatch(line, -1)
		require.Len(t, found, 1, line)
		return found[0][1]
	}
	for _, line := range lines {
		id := of(line, "request_id")
		require.True(t, strings.HasPrefix(id, of(line, "tenant")+"-"+of(line, "user")+"-"), line)
		assert.Equal(t, "/lines", of(line, "path"))
	}
}

// Before the user is signed in, lines have no user. They have a tenant if the code runs for one.
func TestLogLinesBeforeSignIn(t *testing.T) {
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/sign-in", http.NoBody), func() {
		logs.reset()
		slog.Info("nobody's")
		session.As(&session.Tenant{Slug: "north"}, func() { slog.Info("its") })
		slog.Info("nobody's")
	})
	slog.Info("no request's")
	for _, line := range append(logs.with("nobody's", "request_id="), logs.with("no request's")...) {
		assert.NotContains(t, line, "tenant=")
		assert.NotContains(t, line, "user=")
	}
	assert.Len(t, logs.with("nobody's", "request_id="), 2)
	assert.Len(t, logs.with("msg=its", "request_id=", "tenant=north"), 1)
	assert.Empty(t, logs.with("no request's", "request_id="))
}

// A request to the almanac is cancelled with the request that sends it, and has its deadline.
func TestTheAlmanacIsAskedForTheRequest(t *testing.T) {
	back := httptest.NewServer(almanac.Handler())
	defer back.Close()
	client := almanac.NewClient(back.URL)
	defer client.HTTP.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), 8*time.Second)
	defer cancel()
	r := httptest.NewRequest(http.MethodGet, "/", http.NoBody).WithContext(ctx)
	r.Header.Set("X-Request-ID", "outer")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		session.As(&session.Tenant{Slug: "north"}, func() {
			s, err := client.Today()
			require.NoError(t, err)
			assert.Equal(t, "outer", s.RequestID)
			assert.Contains(t, s.Text, "north")
			assert.Greater(t, s.Left, time.Second)
			assert.LessOrEqual(t, s.Left, 8*time.Second)
			cancel()
			_, err = client.Today()
			assert.ErrorIs(t, err, context.Canceled)
		})
	})
}

func TestWithoutASession(t *testing.T) {
	s := begin(t, nil)
	nobody := visit(t, s, "")
	_, page := nobody.get("/")
	assert.Contains(t, page, "Who are you?", "it was sent to the sign-in page")
	assert.Contains(t, page, "Northern Notes")
	assert.Contains(t, page, `value="south/dan"`)

	good := s.site.Sessions.Cookie("north", "ada")
	parts := strings.Split(good.Value, ".")
	other := s.site.Sessions.Cookie("south", "cyd")
	for name, value := range map[string]string{
		"no signature":       parts[0],
		"another signature":  parts[0] + "." + strings.Split(other.Value, ".")[1],
		"another text":       strings.Split(other.Value, ".")[0] + "." + parts[1],
		"nonsense":           "%%%.%%%",
		"another server's":   middleware.NewSessions(nil).Cookie("north", "ada").Value,
		"a user who is gone": s.site.Sessions.Cookie("north", "eve").Value,
		"the other's user":   s.site.Sessions.Cookie("north", "cyd").Value,
		"no such tenant":     s.site.Sessions.Cookie("west", "ada").Value,
	} {
		r, err := http.NewRequest(http.MethodGet, nobody.base+"/", http.NoBody)
		require.NoError(t, err)
		r.AddCookie(&http.Cookie{Name: middleware.CookieName, Value: value})
		response, err := nobody.Do(r)
		_, page = nobody.read(response, err)
		assert.Contains(t, page, "Who are you?", name)
	}
	status, _ := nobody.post("/sign-in", "who", "north/cyd")
	assert.Equal(t, http.StatusNotFound, status)
	ada := visit(t, s, "north/ada")
	_, page = ada.post("/sign-out")
	assert.Contains(t, page, "Who are you?")
	_, page = ada.get("/")
	assert.Contains(t, page, "Who are you?")

	r, err := http.NewRequest(http.MethodPost, nobody.base+"/posts/1/like", http.NoBody)
	require.NoError(t, err)
	r.Header.Set("Sec-Fetch-Site", "cross-site")
	response, err := nobody.Do(r)
	status, _ = nobody.read(response, err)
	assert.Equal(t, http.StatusForbidden, status, "another site's form")
}

// A panic in the handler, or in a goroutine that the handler waits for, ends that response and no
// other.
func TestPanics(t *testing.T) {
	s := begin(t, map[string]func() error{"GET /panic": func() error { panic("oh") }})
	ada := visit(t, s, "north/ada")
	_, err := ada.Get(ada.base + "/panic")
	assert.Error(t, err)
	assert.NotEmpty(t, logs.with("msg=panic", "value=oh", "tenant=north", "user=ada", "request_id="))
	status, _ := ada.get("/")
	assert.Equal(t, http.StatusOK, status)
}

// The inspector shows requests in progress with the tenant, and the functions that started their
// goroutines.
func TestInspector(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	s := begin(t, map[string]func() error{"GET /wait/{n}": func() error {
		done := make(chan struct{})
		gls.Go(func() {
			entered <- struct{}{}
			<-release
			close(done)
		})
		<-done
		return nil
	}})
	ada := visit(t, s, "north/ada")
	got := make(chan int)
	go func() {
		status, _ := ada.get("/wait/7?token=hunter2")
		got <- status
	}()
	<-entered
	status, page := visit(t, s, "").get("/debug/ambient/?format=json&q=/wait/7")
	assert.Equal(t, http.StatusOK, status)
	var answer struct {
		Goroutines []struct {
			Request  struct{ Method, Pattern string }
			Storages []struct {
				Name  string
				Value any
			}
			Started struct{ Function string }
		}
	}
	require.NoError(t, json.Unmarshal([]byte(page), &answer))
	require.Len(t, answer.Goroutines, 2)
	for _, g := range answer.Goroutines {
		assert.Equal(t, "GET", g.Request.Method)
		assert.Equal(t, "GET /wait/{n}", g.Request.Pattern)
		var tenants []any
		for _, s := range g.Storages {
			if s.Name == "session.tenant" {
				tenants = append(tenants, s.Value)
			}
		}
		assert.Equal(t, []any{"north"}, tenants)
	}
	assert.NotContains(t, page, "hunter2")
	assert.NotContains(t, page, middleware.CookieName)
	close(release)
	assert.Equal(t, http.StatusOK, <-got)
}

// The slow page explains itself and links to the inspector, which shows the page's request with all
// its goroutines.
func TestTheSlowPageIsOneToLookAt(t *testing.T) {
	s := begin(t, nil)
	nobody, ada := visit(t, s, ""), visit(t, s, "north/ada")
	for _, path := range []string{"/", "/new", "/posts/1"} {
		_, page := ada.get(path)
		assert.Contains(t, page, "find user and tenant by themselves", path)
		assert.Contains(t, page, `<a href="/debug/ambient/">`, path)
		assert.Contains(t, page, `<a href="/slow">`, path)
	}
	_, page := nobody.get("/sign-in")
	assert.Contains(t, page, `<a href="/debug/ambient/">`)
	assert.NotContains(t, page, `<a href="/slow">`, "it is for those who are signed in")

	got := make(chan string)
	ask := func() {
		_, page := ada.get("/slow")
		got <- page
	}
	go ask()
	type value struct {
		Name  string
		Value any
	}
	var answer struct {
		Requests []struct {
			Pattern    string
			Keys       []value
			Goroutines []uint64
		}
		Goroutines []struct{ Storages []value }
	}
	shown := func() int {
		_, page := nobody.get("/debug/ambient/?format=json&q=/slow")
		require.NoError(t, json.Unmarshal([]byte(page), &answer))
		return len(answer.Goroutines)
	}
	require.Eventually(t, func() bool {
		select {
		case <-got: // nobody looked during the second in which there are five
			go ask()
		default:
		}
		return shown() == 5
	}, time.Minute, 10*time.Millisecond)
	require.Len(t, answer.Requests, 1)
	assert.Equal(t, "GET /slow", answer.Requests[0].Pattern)
	assert.Equal(t, []value{{"session.user", "ada"}}, answer.Requests[0].Keys)
	assert.Len(t, answer.Requests[0].Goroutines, 5)
	for _, g := range answer.Goroutines {
		assert.Contains(t, g.Storages, value{"session.tenant", "north"})
	}
	assert.Contains(t, <-got, "on five goroutines")

	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, ada.base+"/slow", http.NoBody)
	require.NoError(t, err)
	failed := make(chan error)
	go func() {
		_, err := ada.Do(r)
		failed <- err
	}()
	require.Eventually(t, func() bool { return shown() > 0 }, 20*time.Second, 10*time.Millisecond)
	cancel()
	assert.Error(t, <-failed)
	require.Eventually(t, func() bool { return len(logs.with("msg=\"the client has gone\"", "path=/slow")) == 1 },
		20*time.Second, 10*time.Millisecond, "nobody waits for it then")
}

// A shutdown lets requests in progress and listeners finish, and then no goroutine carries a value.
func TestNothingIsCarriedAfterShutdown(t *testing.T) {
	glstest.VerifyNone(t)
	entered, release := make(chan struct{}), make(chan struct{})
	var s *servers
	s = begin(t, map[string]func() error{"GET /wait": func() error {
		close(entered)
		<-release
		if _, err := s.site.Blog.Publish("last", "words"); err != nil {
			return err
		}
		return gls.Context().Err() // the shutdown does not cancel it
	}})
	var slow atomic.Bool
	s.events.On("published", func(string) {
		time.Sleep(300 * time.Millisecond)
		slow.Store(true)
	})
	ada := visit(t, s, "north/ada")
	ada.get("/")
	live, err := ada.Get(ada.base + "/live") // a page that would stay open for ten seconds
	require.NoError(t, err)
	defer live.Body.Close()
	got := make(chan int)
	go func() {
		status, _ := ada.get("/wait")
		got <- status
	}()
	<-entered
	stopped := make(chan error)
	began := time.Now()
	go func() { stopped <- s.stop(20 * time.Second) }()
	time.Sleep(50 * time.Millisecond)
	close(release)
	assert.Equal(t, http.StatusOK, <-got)
	assert.NoError(t, <-stopped)
	assert.True(t, slow.Load(), "it waits for what was begun")
	assert.Less(t, time.Since(began), 8*time.Second)
	assert.Len(t, logs.with("msg=published", "last"), 1)
}

// A user with an open feed sees what the tenant's users publish.
func TestLive(t *testing.T) {
	s := begin(t, nil)
	ada, bob, cyd := visit(t, s, "north/ada"), visit(t, s, "north/bob"), visit(t, s, "south/cyd")
	told, err := bob.Get(bob.base + "/live")
	require.NoError(t, err)
	defer told.Body.Close()
	lines := make(chan string, 10)
	go func() {
		buf := make([]byte, 1000)
		for {
			n, err := told.Body.Read(buf)
			if n > 0 {
				lines <- string(buf[:n])
			}
			if err != nil {
				close(lines)
				return
			}
		}
	}()
	assert.Contains(t, <-lines, "retry:")
	cyd.post("/posts", "title", "from the south", "body", "x")
	s.events.Wait()
	ada.post("/posts", "title", "from the north", "body", "x")
	assert.Equal(t, "data: ada published “from the north”\n\n", <-lines)
}

func TestRun(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var stdout, stderr bytes.Buffer
	code := make(chan int)
	file := filepath.Join(t.TempDir(), "kept.db")
	out := &addressWriter{found: make(chan string, 1), Buffer: &stdout}
	before := logger()
	defer before()
	go func() { code <- run(ctx, []string{"-addr", "127.0.0.1:0", "-data", file}, out, &stderr) }()
	response, err := http.Get("http://" + <-out.found + "/sign-in")
	require.NoError(t, err)
	response.Body.Close()
	assert.Equal(t, http.StatusOK, response.StatusCode)
	stop()
	assert.Zero(t, <-code)
	assert.Contains(t, stdout.String(), "/debug/ambient/")

	assert.FileExists(t, file)
	assert.Equal(t, 2, run(t.Context(), []string{"-nonsense"}, &stdout, &stderr))
	assert.Equal(t, 2, run(t.Context(), []string{"argument"}, &stdout, &stderr))
	assert.Equal(t, 1, run(t.Context(), []string{"-addr", "256.0.0.1:0"}, &stdout, &stderr))
	assert.Equal(t, 1, run(t.Context(), []string{"-data", filepath.Join(t.TempDir(), "no", "such", "dir")}, &stdout, &stderr))
}

// An addressWriter finds the address that run prints.
type addressWriter struct {
	*bytes.Buffer
	found chan string
}

func (w *addressWriter) Write(p []byte) (int, error) {
	if at := regexp.MustCompile(`127\.0\.0\.1:\d+`).Find(p); at != nil {
		w.found <- string(at)
	}
	return fmt.Fprint(w.Buffer, string(p))
}
