package framework

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// inRequest serves one request and calls fn in its handler.
func (f Framework) inRequest(t *testing.T, method, path string, body io.Reader, fn func(c Call), header ...string) (
	*http.Response, string,
) {
	called := false
	url := f.serve(t, App{Handle: func(c Call) { called = true; fn(c) }})
	response, text := send(t, client(t), method, url+path, body, header...)
	require.True(t, called)
	return response, text
}

func testRequest(t *testing.T, f Framework) {
	var found *http.Request
	f.inRequest(t, http.MethodGet, "/work/a%20b?q=1&r=%20", nil, func(c Call) {
		current := httpctx.GetOrFail()
		r := current.Request()
		found = r
		assert.Equal(t, http.MethodGet, r.Method)
		assert.Equal(t, "/work/a b", r.URL.Path)
		assert.Equal(t, "/work/a%20b", r.URL.EscapedPath())
		assert.Equal(t, "1", r.URL.Query().Get("q"))
		assert.Equal(t, "/work/a%20b?q=1&r=%20", r.RequestURI)
		assert.Equal(t, "HTTP/1.1", r.Proto)
		assert.True(t, r.ProtoAtLeast(1, 1))
		assert.Equal(t, "example.com:81", r.Host)
		assert.Nil(t, r.TLS)
		assert.NotContains(t, r.Header, "Host")
		assert.Equal(t, []string{"1", "2"}, r.Header["X-Twice"])
		assert.Equal(t, "a=b; c=d", r.Header.Get("Cookie"))
		assert.Equal(t, "own", r.UserAgent())
		cookie, err := r.Cookie("c")
		if assert.NoError(t, err) {
			assert.Equal(t, "d", cookie.Value)
		}
		host, port, err := net.SplitHostPort(r.RemoteAddr)
		assert.NoError(t, err)
		assert.Equal(t, "127.0.0.1", host)
		assert.NotEqual(t, "0", port)
		assert.Equal(t, f.Work, current.Pattern())
		assert.Equal(t, current.Context(), gls.Context())
	}, "X-Twice", "1", "X-Twice", "2", "X-Twice-Not", "3", "Cookie", "a=b; c=d", "User-Agent", "own")
	require.NotNil(t, found)
	assert.Equal(t, "example.com:81", found.Host)
}

func testRequestIDs(t *testing.T, f Framework) {
	random := regexp.MustCompile(`^[0-9a-f]{32}$`)
	for sent, want := range map[string]string{
		"aZ09-_.:/+=@":           "aZ09-_.:/+=@",
		strings.Repeat("x", 128): strings.Repeat("x", 128),
		strings.Repeat("x", 129): "",
		`a"b`:                    "",
		"":                       "",
	} {
		f.inRequest(t, http.MethodGet, "/work/1", nil, func(Call) {
			if id := httpctx.GetOrFail().ID(); want == "" {
				assert.Regexp(t, random, id)
			} else {
				assert.Equal(t, want, id)
			}
		}, "X-Request-ID", sent)
	}
}

// testBody checks that nothing reads an empty body in silence.
func testBody(t *testing.T, f Framework) {
	for name, body := range map[string]io.Reader{
		"a length": strings.NewReader("a=b"), "chunks": io.MultiReader(strings.NewReader("a=b")),
	} {
		f.inRequest(t, http.MethodPost, "/work/1", body, func(c Call) {
			r := httpctx.GetOrFail().Request()
			assert.NotZero(t, r.ContentLength, name)
			_, err := io.ReadAll(r.Body)
			assert.ErrorContains(t, err, "httpctx: the body is the framework's", name)
			assert.ErrorContains(t, r.ParseForm(), "httpctx.Key", name)
			assert.NoError(t, r.Body.Close())
			assert.Equal(t, "a=b", c.Body(), name)
		}, "Content-Type", "application/x-www-form-urlencoded")
	}
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		f.inRequest(t, method, "/work/1", http.NoBody, func(Call) {
			r := httpctx.GetOrFail().Request()
			assert.Zero(t, r.ContentLength)
			assert.Equal(t, http.NoBody, r.Body, method)
			assert.NoError(t, r.ParseForm())
		}, "Content-Type", "application/x-www-form-urlencoded")
	}
}

func testNested(t *testing.T, f Framework) {
	var outer, inner, again *httpctx.Context
	var in, out []string // what is found before the routes, in the handlers, and after them
	note := func(list *[]string) {
		c := httpctx.GetOrFail()
		*list = append(*list, c.Pattern()+" "+c.Param("id"))
	}
	url := f.serve(t, App{
		Inside: func(next func()) {
			outer = httpctx.GetOrFail()
			next()
			again = httpctx.GetOrFail()
			note(&out)
		},
		Handle: func(Call) { inner = httpctx.GetOrFail(); note(&in) },
	})
	c := client(t)
	send(t, c, http.MethodGet, url+"/work/7", nil)
	assert.NotSame(t, outer, inner)
	assert.Same(t, outer, again, "the outer one is back")
	assert.Equal(t, outer.ID(), inner.ID())
	assert.Equal(t, outer.Start(), inner.Start())
	send(t, c, http.MethodGet, url+"/once/7", nil)
	assert.Same(t, outer, inner)
	assert.True(t, inner.Finished())
	found := func(pattern string) string {
		if pattern == "" && f.Once == pattern {
			return " "
		}
		return pattern + " 7"
	}
	work := f.Work + " 7"
	assert.Equal(t, []string{work, found(f.Once)}, in)
	assert.Equal(t, []string{work, found(f.Once)}, out, "what an inner Middleware has found is known outside")
}

// testNothingIsLeft checks a goroutine that serves one request after the other, some of which
// panic.
func testNothingIsLeft(t *testing.T, f Framework) {
	var contexts []*httpctx.Context
	url := f.serve(t, App{
		Outside: func(next func()) {
			clean := func() {
				_, ok := httpctx.Get()
				assert.False(t, ok)
				assert.Equal(t, gls.Snapshot{}, gls.Capture())
			}
			clean()
			defer clean() // a panic, too, is on its way to what recovers it
			next()
		},
		Handle: func(c Call) {
			current := httpctx.GetOrFail()
			contexts = append(contexts, current)
			_, ok := user.Get()
			assert.False(t, ok)
			user.Set(current, "somebody")
			tenant.Enter("entered and never left")
			if c.Header("X-Panic") != "" {
				panic("in the handler")
			}
			fmt.Fprint(current.Writer(), current.ID())
		},
	})
	c := client(t)
	for i := range 60 {
		header := []string{"X-Request-ID", fmt.Sprint(i)}
		if i%3 == 1 {
			header = append(header, "X-Panic", "1")
		}
		response, text := send(t, c, http.MethodGet, url+"/work/1", nil, header...)
		if i%3 == 1 {
			assert.Equal(t, http.StatusInternalServerError, response.StatusCode)
		} else {
			assert.Equal(t, http.StatusOK, response.StatusCode)
			assert.Equal(t, fmt.Sprint(i), text)
		}
	}
	require.Len(t, contexts, 60)
	for _, c := range contexts {
		assert.True(t, c.Finished())
		_, err := c.Writer().Write([]byte("late"))
		assert.ErrorIs(t, err, httpctx.ErrFinished)
	}
}

func testPipelined(t *testing.T, f Framework) {
	url := f.serve(t, App{Handle: func(Call) {
		c := httpctx.GetOrFail()
		fmt.Fprint(c.Writer(), c.ID()+" "+c.Request().URL.RawQuery)
	}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	const n = 200
	var all strings.Builder
	for i := range n {
		fmt.Fprintf(&all, "GET /work/1?%d HTTP/1.1\r\nHost: a\r\nX-Request-ID: id-%d\r\n\r\n", i, i)
	}
	go func() { _, _ = io.WriteString(conn, all.String()) }()
	r := bufio.NewReader(conn)
	for i := range n {
		response, err := http.ReadResponse(r, nil)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		response.Body.Close()
		require.Equal(t, fmt.Sprintf("id-%d %d", i, i), string(text))
	}
}

func testClientGoesAway(t *testing.T, f Framework) {
	entered, release, done := make(chan *httpctx.Context), make(chan struct{}), make(chan error)
	url := f.serve(t, App{Handle: func(c Call) {
		current := httpctx.GetOrFail()
		if c.Header("X-Stay") != "" {
			fmt.Fprint(current.Writer(), current.ID())
			return
		}
		httpctx.GoDetached(func() {
			<-release
			_, err := httpctx.Lookup()
			done <- err
		})
		gls.Go(func() {
			<-release
			for !current.Finished() {
				_, _ = httpctx.Get()
			}
			_, err := httpctx.Lookup()
			done <- err
		})
		entered <- current
		<-release
		fmt.Fprint(current.Writer(), strings.Repeat("x", 1<<20))
	}})
	conn, err := net.Dial("tcp", strings.TrimPrefix(url, "http://"))
	require.NoError(t, err)
	fmt.Fprint(conn, "GET /work/1 HTTP/1.1\r\nHost: a\r\nX-Request-ID: away\r\n\r\n")
	c := <-entered
	conn.Close()
	_, text := send(t, client(t), http.MethodGet, url+"/work/2", nil, "X-Request-ID", "stays", "X-Stay", "1")
	assert.Equal(t, "stays", text)
	assert.False(t, c.Finished())
	close(release)
	errs := errors.Join(<-done, <-done)
	assert.True(t, c.Finished())
	assert.ErrorIs(t, errs, httpctx.ErrFinished)
	assert.Len(t, errs.(interface{ Unwrap() []error }).Unwrap(), 1, "detached work has its request")
	assert.Equal(t, "away", c.ID())
}

func testPlainGo(t *testing.T, f Framework) {
	f.inRequest(t, http.MethodGet, "/work/1", nil, func(Call) {
		var err error
		var wg sync.WaitGroup
		wg.Add(1)
		f.Go(func() { defer wg.Done(); _, err = httpctx.Lookup() })
		wg.Wait()
		if gls.Propagation() == gls.Inherited {
			assert.NoError(t, err)
			return
		}
		assert.ErrorIs(t, err, httpctx.ErrLost)
		assert.ErrorContains(t, err, "_test.go:")
	})
}

func testOptions(t *testing.T, f Framework) {
	var out lines
	logger := slog.New(slog.NewTextHandler(&out, nil))
	ids := httpctx.WithRequestID(func(r *http.Request) string { return "of-" + r.Header.Get("X-Tenant") })
	url := f.serve(t, App{
		Options: []httpctx.Option{httpctx.WithLogger(logger), ids},
		Handle:  func(Call) { httpctx.GetOrFail().Logger().Info("hello") },
	})
	send(t, client(t), http.MethodGet, url+"/work/1", nil, "X-Tenant", "acme")
	assert.Contains(t, out.text.String(), "msg=hello request_id=of-acme")
}

// testSwitchedOff comes after all others: the switch is the process's.
func testSwitchedOff(t *testing.T, f Framework) {
	httpctx.SetEnabled(false)
	defer httpctx.SetEnabled(true)
	_, text := f.inRequest(t, http.MethodGet, "/work/7", nil, func(c Call) {
		_, err := httpctx.Lookup()
		assert.ErrorIs(t, err, httpctx.ErrNotEnabled)
		c.Write("served")
	})
	assert.Equal(t, "served", text)
}
