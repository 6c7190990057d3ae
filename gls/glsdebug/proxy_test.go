package glsdebug_test

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glsdebug"
)

// statuses asks for the page, its JSON and a stack.
func statuses(t *testing.T, base string) (all []int) {
	t.Helper()
	for _, query := range []string{"", "?format=json", "?stack=1"} {
		response, err := http.Get(base + "/debug/ambient/" + query)
		require.NoError(t, err)
		response.Body.Close()
		all = append(all, response.StatusCode)
	}
	return all
}

var (
	served  = []int{http.StatusOK, http.StatusOK, http.StatusOK}
	refused = []int{http.StatusForbidden, http.StatusForbidden, http.StatusForbidden}
)

// Go's own reverse proxy is told where it says that it is one. With SetURL alone it does not, and nothing tells: this is
// what the documentation warns of, and what a token is for.
func TestBehindGosReverseProxy(t *testing.T) {
	plain, withToken := httptest.NewServer(glsdebug.Handler()), httptest.NewServer(glsdebug.Handler(glsdebug.WithToken(secretToken)))
	defer plain.Close()
	defer withToken.Close()
	assert.Equal(t, served, statuses(t, plain.URL))
	for name, c := range map[string]struct {
		proxy func(to *url.URL) *httputil.ReverseProxy
		want  []int
	}{
		"NewSingleHostReverseProxy": {httputil.NewSingleHostReverseProxy, refused},
		"SetXForwarded": {func(to *url.URL) *httputil.ReverseProxy {
			return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.SetXForwarded() }}
		}, refused},
		"the client's Host": {func(to *url.URL) *httputil.ReverseProxy {
			return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to); r.Out.Host = "blog.example" }}
		}, refused},
		"SetURL alone": {func(to *url.URL) *httputil.ReverseProxy {
			return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(to) }}
		}, served},
	} {
		t.Run(name, func(t *testing.T) {
			for i, server := range []*httptest.Server{plain, withToken} {
				to, err := url.Parse(server.URL)
				require.NoError(t, err)
				front := httptest.NewServer(c.proxy(to))
				want := [][]int{c.want, refused}[i]
				assert.Equal(t, want, statuses(t, front.URL))
				front.Close()
			}
		})
	}
}

// nginx returns the program's path.
func nginx(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"nginx", "/usr/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Skip("NGINX TEST NOT RUN: no nginx here; install Debian's package nginx-light to run it")
	return ""
}

// startNginx serves on a loopback port with nothing but a proxy_pass, and lines of the location.
func startNginx(t *testing.T, to string, lines ...string) (base string) {
	t.Helper()
	path := nginx(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := l.Addr().String()
	require.NoError(t, l.Close())
	dir := t.TempDir()
	config := fmt.Sprintf(`daemon off; master_process off; pid %[1]s/pid; error_log stderr;
events {}
http {
	access_log off;
	client_body_temp_path %[1]s; proxy_temp_path %[1]s; fastcgi_temp_path %[1]s; uwsgi_temp_path %[1]s; scgi_temp_path %[1]s;
	server { listen %[2]s; location / { proxy_pass %[3]s; %[4]s } }
}
`, dir, address, to, strings.Join(lines, " "))
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(config), 0o600))
	command := exec.Command(path, "-p", dir, "-c", file)
	var said strings.Builder
	command.Stderr = &said
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = command.Wait()
	}()
	t.Cleanup(sync.OnceFunc(func() {
		_ = command.Process.Kill()
		<-ended
	}))
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(10 * time.Millisecond) {
		select {
		case <-ended:
			require.Fail(t, "nginx has ended", said.String())
		default:
		}
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return "http://" + address
		}
	}
	require.Fail(t, "nginx does not answer")
	return ""
}

// Debian's nginx in front, with proxy_pass and nothing else: the page is not served, by HTTP/1.0 or by the headers of
// whatever else the administrator has set. With a token it is, to who brings it.
func TestBehindNginx(t *testing.T) {
	nginx(t)
	type seen struct{ host, proto string }
	var requests []seen
	var mu sync.Mutex // guards requests
	inspector := glsdebug.Handler()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		requests = append(requests, seen{r.Host, r.Proto})
		mu.Unlock()
		inspector.ServeHTTP(w, r)
	}))
	defer server.Close()
	assert.Equal(t, served, statuses(t, server.URL), "without it")
	for _, lines := range [][]string{
		nil,
		{"proxy_http_version 1.1;"}, // with Connection: close
		{"proxy_http_version 1.1;", `proxy_set_header Connection "";`, "proxy_set_header X-Real-IP $remote_addr;"},
		{"proxy_http_version 1.1;", `proxy_set_header Connection "";`, "proxy_set_header Host blog.example;"},
	} {
		mu.Lock()
		requests = nil
		mu.Unlock()
		base := startNginx(t, server.URL, lines...)
		assert.Equal(t, refused, statuses(t, base), lines)
		mu.Lock()
		require.Len(t, requests, 3)
		if len(lines) == 0 {
			assert.Equal(t, seen{strings.TrimPrefix(server.URL, "http://"), "HTTP/1.0"}, requests[0], "the Host is a loopback address")
		}
		mu.Unlock()
	}

	withToken := httptest.NewServer(glsdebug.Handler(glsdebug.WithToken(secretToken)))
	defer withToken.Close()
	base := startNginx(t, withToken.URL)
	assert.Equal(t, refused, statuses(t, base))
	response, err := http.Get(base + "/?format=json&token=" + secretToken)
	require.NoError(t, err)
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	assert.Contains(t, string(body), `"program":`)
}
