package glsdebug_test

import (
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/gls/glsdebug"
)

func TestWhoIsServed(t *testing.T) {
	header := func(name, value string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set(name, value) }
	}
	from := func(address string) func(*http.Request) { return func(r *http.Request) { r.RemoteAddr = address } }
	host := func(name string) func(*http.Request) { return func(r *http.Request) { r.Host = name } }
	navigate := header("Sec-Fetch-Mode", "navigate")
	tests := []struct {
		name   string
		change []func(*http.Request)
		ok     bool
	}{
		{"from this machine", nil, true},
		{"over IPv6", []func(*http.Request){from("[::1]:50000"), host("[::1]:6060")}, true},
		{"IPv4 in IPv6", []func(*http.Request){from("[::ffff:127.0.0.1]:50000")}, true},
		{"another loopback address", []func(*http.Request){from("127.8.0.1:50000"), host("127.8.0.1")}, true},
		{"a name below localhost", []func(*http.Request){host("Blog.LOCALHOST.:6060")}, true},
		{"an address typed by hand", []func(*http.Request){header("Sec-Fetch-Site", "none"), navigate}, true},
		{"a link on another site", []func(*http.Request){header("Sec-Fetch-Site", "cross-site"), navigate}, true},
		{"the page's own refresh", []func(*http.Request){header("Sec-Fetch-Site", "same-origin")}, true},

		{"from elsewhere", []func(*http.Request){from("192.0.2.1:50000")}, false},
		{"from elsewhere over IPv6", []func(*http.Request){from("[2001:db8::1]:50000")}, false},
		{"from all addresses", []func(*http.Request){from("0.0.0.0:50000")}, false},
		{"over a unix socket, as proxies do", []func(*http.Request){from("@")}, false},
		{"from nobody knows where", []func(*http.Request){from("")}, false},
		{"from a name", []func(*http.Request){from("localhost:50000")}, false},
		{"for a name that was rebound", []func(*http.Request){host("evil.example:6060")}, false},
		{"for a name that only ends like one", []func(*http.Request){host("evillocalhost")}, false},
		{"for a name that begins like one", []func(*http.Request){host("localhost.evil.example")}, false},
		{"for an address of the network", []func(*http.Request){host("192.0.2.7:6060")}, false},
		{"for no host", []func(*http.Request){host("")}, false},
		{"through a proxy", []func(*http.Request){header("X-Forwarded-For", "192.0.2.1")}, false},
		{"through a proxy that claims to be local", []func(*http.Request){header("X-Forwarded-For", "127.0.0.1")}, false},
		{"through a proxy that hides the client", []func(*http.Request){header("X-Forwarded-Host", "a.example")}, false},
		{"through a standard proxy", []func(*http.Request){header("Forwarded", "for=192.0.2.1")}, false},
		{"through an HTTP proxy", []func(*http.Request){header("Via", "1.1 p")}, false},
		{"through nginx, which speaks HTTP/1.0", []func(*http.Request){func(r *http.Request) {
			r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/1.0", 1, 0
		}}, false},
		{"through what keeps no connection", []func(*http.Request){func(r *http.Request) { r.Close = true }}, false},
		{"a real address", []func(*http.Request){header("X-Real-IP", "192.0.2.1")}, false},
		{"a client's address", []func(*http.Request){header("X-Client-IP", "192.0.2.1")}, false},
		{"through Envoy", []func(*http.Request){header("X-Envoy-External-Address", "192.0.2.1")}, false},
		{"through an ingress", []func(*http.Request){header("X-Forwarded-Scheme", "https")}, false},
		{"an empty header", []func(*http.Request){header("X-Forwarded-For", "")}, false},
		{"through a CDN", []func(*http.Request){header("CDN-Loop", "cdn.example")}, false},
		{"a script or an image of another site", []func(*http.Request){header("Sec-Fetch-Site", "cross-site"),
			header("Sec-Fetch-Mode", "no-cors")}, false},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for _, query := range []string{"", "?format=json", "?stack=1"} {
				status, body, _ := get(t, glsdebug.Handler(), query, test.change...)
				if test.ok {
					assert.Equal(t, http.StatusOK, status, body)
					continue
				}
				assert.Equal(t, http.StatusForbidden, status)
				assert.Contains(t, body, "glsdebug.Handler(glsdebug.WithAccess(", "it says how")
				assert.Contains(t, body, "ssh -L")
				assert.Contains(t, body, "glsdebug.WithToken(token)")
			}
		})
	}
}

func TestWithAccess(t *testing.T) {
	h := glsdebug.Handler(glsdebug.WithAccess(func(r *http.Request) bool { return r.Header.Get("Admin") == "yes" }))
	away := func(r *http.Request) { r.RemoteAddr, r.Host = "192.0.2.1:1", "blog.example" }
	status, _, _ := get(t, h, "", away, func(r *http.Request) { r.Header.Set("Admin", "yes") })
	assert.Equal(t, http.StatusOK, status)
	status, body, _ := get(t, h, "")
	assert.Equal(t, http.StatusForbidden, status, "from this machine too")
	assert.NotContains(t, body, "isAdmin")
	assert.PanicsWithValue(t, "glsdebug.WithAccess: nil function", func() { glsdebug.WithAccess(nil) })
}

func TestThePageLoadsNothing(t *testing.T) {
	tricky := gls.New[string](`<script>alert("x")</script>`)
	h := newHolding(t)
	go tricky.Run("", h.hold)
	<-h.ids
	handler := glsdebug.Handler()
	_, first, header := get(t, handler, `?q=`+`%22%3E%3Cscript%3E&sort=%22%3E%3Cb`)
	assert.Contains(t, first, `value="&#34;&gt;&lt;script&gt;"`)
	_, body, header2 := get(t, handler, "")
	assert.NotContains(t, body, "<script>alert")
	assert.Contains(t, body, "&lt;script&gt;alert")

	policy := header2.Get("Content-Security-Policy")
	nonce := regexp.MustCompile(`script-src 'nonce-([^']+)'`).FindStringSubmatch(policy)
	require.Len(t, nonce, 2, policy)
	assert.Contains(t, policy, "default-src 'none'")
	assert.NotContains(t, policy, "unsafe")
	assert.NotEqual(t, header.Get("Content-Security-Policy"), policy, "a nonce of its own each time")
	tags := regexp.MustCompile(`<(script|style)[^>]*>`).FindAllString(body, -1)
	require.Len(t, tags, 2)
	for _, tag := range tags {
		assert.Contains(t, tag, `nonce="`+nonce[1]+`"`)
	}
	assert.NotRegexp(t, `(src|href|action)="?(https?:|//)`, body)
	assert.NotRegexp(t, `url\(|@import|style="|\son[a-z]+="`, body)
	assert.Equal(t, "no-store", header.Get("Cache-Control"))
	assert.Equal(t, "nosniff", header.Get("X-Content-Type-Options"))
}

func TestMethodsFormatsAndPaths(t *testing.T) {
	h := glsdebug.Handler()
	status, _, header := get(t, h, "", func(r *http.Request) { r.Method = http.MethodPost })
	assert.Equal(t, http.StatusMethodNotAllowed, status)
	assert.Equal(t, "GET, HEAD", header.Get("Allow"))
	status, _, _ = get(t, h, "", func(r *http.Request) { r.Method = http.MethodHead })
	assert.Equal(t, http.StatusOK, status)
	status, _, _ = get(t, h, "?format=xml")
	assert.Equal(t, http.StatusBadRequest, status)
	_, _, header = get(t, h, "?format=json")
	assert.Equal(t, "application/json; charset=utf-8", header.Get("Content-Type"))
	_, _, header = get(t, h, "?format=html")
	assert.Equal(t, "text/html; charset=utf-8", header.Get("Content-Type"))

	mux := http.NewServeMux()
	mux.Handle("/debug/ambient/", h)
	mux.Handle("/admin/goroutines", h)
	mux.Handle("/x/", http.StripPrefix("/x", h))
	server := httptest.NewServer(mux)
	defer server.Close()
	for _, path := range []string{"/debug/ambient/", "/debug/ambient", "/admin/goroutines", "/x/anything", "/x/"} {
		response, err := http.Get(server.URL + path + "?q=a")
		require.NoError(t, err)
		assert.Equal(t, http.StatusOK, response.StatusCode, path)
		response.Body.Close()
	}
	_, body, _ := get(t, h, "")
	for _, link := range regexp.MustCompile(`href="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		assert.True(t, strings.HasPrefix(link[1], "?") || link[1] == "data:,", "%s depends on the path", link[1])
	}
}
