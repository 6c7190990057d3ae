package main

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// logs has the lines that the program has logged since the last test began.
var logs lines

type lines struct {
	mu   sync.Mutex // guards text
	text bytes.Buffer
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.text.Len() > 1<<20 {
		l.text.Reset()
	}
	return l.text.Write(p)
}

func (l *lines) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Reset()
}

// with returns the lines that contain all the texts.
func (l *lines) with(texts ...string) (found []string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(l.text.String()) {
		all := true
		for _, text := range texts {
			all = all && strings.Contains(line, text)
		}
		if all {
			found = append(found, line)
		}
	}
	return found
}

func TestMain(m *testing.M) {
	slog.SetDefault(slog.New(logHandler(slog.NewTextHandler(&logs, &slog.HandlerOptions{Level: slog.LevelDebug}))))
	os.Exit(m.Run())
}

// logger returns a function that makes the current default logger the default again.
func logger() func() {
	before := slog.Default()
	return func() { slog.SetDefault(before) }
}

// begin starts the program. It stops the program at the end of the test, unless the test has done
// so.
func begin(t *testing.T, extra map[string]func() error) *servers {
	t.Helper()
	logs.reset()
	s, err := start("127.0.0.1:0", filepath.Join(t.TempDir(), "blog.db"), true, extra)
	require.NoError(t, err)
	t.Cleanup(func() {
		select {
		case <-s.finished:
		default:
			assert.NoError(t, s.stop(20*time.Second))
		}
	})
	return s
}

// A visitor is an HTTP client with cookies.
type visitor struct {
	t    testing.TB
	base string
	http.Client
}

// visit returns a visitor who is signed in as who, or not at all if who is "".
func visit(t testing.TB, s *servers, who string) *visitor {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	v := &visitor{t: t, base: "http://" + s.address, Client: http.Client{
		Jar: jar, Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 30 * time.Second,
	}}
	t.Cleanup(v.CloseIdleConnections)
	if who != "" {
		status, _ := v.post("/sign-in", "who", who)
		require.Equal(t, http.StatusOK, status)
	}
	return v
}

func (v *visitor) get(path string) (status int, page string) {
	v.t.Helper()
	response, err := v.Get(v.base + path)
	return v.read(response, err)
}

func (v *visitor) post(path string, fields ...string) (status int, page string) {
	v.t.Helper()
	form := url.Values{}
	for i := 0; i+1 < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	response, err := v.PostForm(v.base+path, form)
	return v.read(response, err)
}

func (v *visitor) read(response *http.Response, err error) (status int, page string) {
	v.t.Helper()
	require.NoError(v.t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(v.t, err)
	return response.StatusCode, string(body)
}
