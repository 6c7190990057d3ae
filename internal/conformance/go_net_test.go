package conformance_test

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"strings"
	"sync"

	"github.com/stretchr/testify/assert"

	"github.com/ambient-go/ambient/gls"
)

// networkRows are about packages of the standard library that run callbacks on goroutines of their own.
var networkRows = []row{
	{"G-38 net.Resolver.Dial and Dialer.Control", func(t *probe) {
		s := fresh[string](t)
		refused := errors.New("refused")
		var looked, dialed sync.Once
		lookups, dials := 0, 0
		resolver := &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
			looked.Do(func() {
				lookups++
				unset(t, s, "Resolver.Dial") // one look-up may answer several callers
			})
			return nil, refused
		}}
		dialer := &net.Dialer{Resolver: resolver, ControlContext: controlFunc(func() {
			dialed.Do(func() {
				dials++
				sees(t, "v", s, "Dialer.Control for one address")
			})
		})}
		server, _ := countingServer()
		defer server.Close()
		s.Run("v", func() {
			_, err := resolver.LookupHost(context.Background(), "conformance.example.")
			assert.Error(t, err)
			conn, err := dialer.Dial("tcp", server.Listener.Addr().String())
			assert.NoError(t, err)
			assert.NoError(t, conn.Close())
			sees(t, "v", s)
		})
		assert.Equal(t, []int{1, 1}, []int{lookups, dials})
	}},
	{"G-39 database/sql", func(t *probe) {
		s := fresh[string](t)
		d := &fakeDriver{
			called: map[string]int{},
			check: func(what string) {
				switch what {
				case "Rollback by the watcher":
					plainSees(t, "begin", s, what)
				case "Open by the opener":
					unset(t, s, what)
				default:
					sees(t, "caller's", s, what)
				}
			},
		}
		var db *sql.DB
		s.Run("sql.Open", func() { db = sql.OpenDB(d) })
		db.SetMaxOpenConns(1)
		s.Run("caller's", func() {
			d.as("Open", "Open")
			_, err := db.Prepare("")
			assert.NoError(t, err)
			sees(t, "caller's", s)
		})
		ctx, cancel := context.WithCancel(context.Background())
		s.Run("begin", func() {
			d.as("Rollback", "Rollback by the watcher")
			_, err := db.BeginTx(ctx, nil)
			assert.NoError(t, err)
		})
		s.Run("canceller's", cancel)
		assert.True(t, d.saw("Rollback by the watcher"))
		// One connection is open and in use; when it proves bad, the opener makes one for who waits.
		assert.True(t, poll(func(int) bool { return db.Stats().InUse == 0 }), "else the opener makes it for who waits")
		var conn *sql.Conn
		s.Run("caller's", func() {
			var err error
			conn, err = db.Conn(context.Background())
			assert.NoError(t, err)
		})
		d.as("Open", "Open by the opener")
		waited := db.Stats().WaitCount
		var wg gls.WaitGroup
		s.Run("waiter's", func() {
			wg.Go(func() {
				other, err := db.Conn(context.Background())
				assert.NoError(t, err)
				assert.NoError(t, other.Close())
			})
		})
		assert.True(t, poll(func(int) bool { return db.Stats().WaitCount > waited }))
		assert.ErrorIs(t, conn.Raw(func(any) error { return driver.ErrBadConn }), driver.ErrBadConn)
		wg.Wait()
		assert.True(t, d.saw("Open by the opener"))
		assert.NoError(t, db.Close())
		assert.True(t, d.saw("Prepare"))
		assert.True(t, d.saw("Open"))
	}},
	{"G-40 callbacks of http.Client on its caller", func(t *probe) {
		s := fresh[string](t)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/first" {
				http.SetCookie(w, &http.Cookie{Name: "a", Value: "b"})
				http.Redirect(w, r, "/second", http.StatusFound)
			}
		}))
		defer server.Close()
		called := map[string]int{}
		callback := func(what string) {
			called[what]++
			sees(t, "v", s, what)
		}
		client := &http.Client{
			Transport: &http.Transport{Proxy: func(*http.Request) (*url.URL, error) {
				callback("Proxy")
				return nil, nil
			}},
			CheckRedirect: func(*http.Request, []*http.Request) error {
				callback("CheckRedirect")
				return nil
			},
			Jar: jarFunc(func() { callback("Jar") }),
		}
		defer client.CloseIdleConnections()
		trace := &httptrace.ClientTrace{GotConn: func(httptrace.GotConnInfo) { callback("GotConn") }}
		s.Run("v", func() {
			ctx := httptrace.WithClientTrace(context.Background(), trace)
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/first", nil)
			assert.NoError(t, err)
			resp, err := client.Do(request)
			if assert.NoError(t, err) {
				assert.NoError(t, resp.Body.Close())
			}
			sees(t, "v", s)
		})
		for _, what := range []string{"Proxy", "CheckRedirect", "Jar", "GotConn"} {
			assert.Positive(t, called[what], what)
		}
	}},
	{"G-41 callbacks of http.Transport on goroutines of a connection", func(t *probe) {
		s := fresh[string](t)
		var mu sync.Mutex
		called := map[string]int{}
		callback := func(what string) {
			mu.Lock()
			defer mu.Unlock()
			called[what]++
			unset(t, s, what) // and never the first request's
		}
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(w, r.Body)
		}))
		defer server.Close()
		client := &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
				callback("DialContext")
				return (&net.Dialer{}).DialContext(ctx, network, addr)
			},
		}}
		defer client.CloseIdleConnections()
		trace := &httptrace.ClientTrace{
			WroteHeaders:         func() { callback("WroteHeaders") },
			GotFirstResponseByte: func() { callback("GotFirstResponseByte") },
		}
		for _, value := range []string{"first", "second"} {
			s.Run(value, func() {
				ctx := httptrace.WithClientTrace(context.Background(), trace)
				body := callbackReader{strings.NewReader("body"), func() { callback("Body.Read") }}
				request, err := http.NewRequestWithContext(ctx, http.MethodPost, server.URL, body)
				assert.NoError(t, err)
				resp, err := client.Do(request)
				if assert.NoError(t, err) {
					text, err := io.ReadAll(resp.Body)
					assert.NoError(t, err)
					assert.Equal(t, "body", string(text))
					assert.NoError(t, resp.Body.Close())
				}
				sees(t, value, s)
			})
		}
		mu.Lock()
		defer mu.Unlock()
		assert.Equal(t, 1, called["DialContext"], "both requests use one connection")
		assert.Equal(t, 2, called["WroteHeaders"])
		assert.Equal(t, 2, called["GotFirstResponseByte"])
		assert.Greater(t, called["Body.Read"], 1)
	}},
}

// A jarFunc is a cookie jar that keeps nothing.
type jarFunc func()

func (f jarFunc) SetCookies(*url.URL, []*http.Cookie) { f() }
func (f jarFunc) Cookies(*url.URL) (_ []*http.Cookie) { f(); return nil }
