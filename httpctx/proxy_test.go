package httpctx_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
)

// What goes upstream through a proxy is the id that this server logs, whatever the client has sent.
func TestTransportInAReverseProxy(t *testing.T) {
	upstream := serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, strings.Join(r.Header.Values("X-Request-ID"), "|"))
	}))
	target, err := url.Parse(upstream.URL)
	require.NoError(t, err)
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: httpctx.Transport(upstream.Client().Transport),
	}
	own := httpctx.WithRequestID(func(*http.Request) string { return "own" })
	for name, test := range map[string]struct {
		sent []string
		opts []httpctx.Option
		want string // "" for a fresh one
	}{
		"none":                           {nil, nil, ""},
		"well-formed":                    {[]string{"good-1"}, nil, "good-1"},
		"malformed":                      {[]string{"bad id with spaces"}, nil, ""},
		"too long":                       {[]string{strings.Repeat("x", 200)}, nil, ""},
		"empty":                          {[]string{""}, nil, ""},
		"several in one":                 {[]string{"a, b"}, nil, ""},
		"several":                        {[]string{"good-1", "good-2"}, nil, "good-1"},
		"malformed first":                {[]string{"a b", "good-2"}, nil, ""},
		"WithRequestID":                  {[]string{"good-1"}, []httpctx.Option{own}, "own"},
		"WithRequestID, the client's":    {[]string{"own"}, []httpctx.Option{own}, "own"},
		"WithRequestID, none":            {nil, []httpctx.Option{own}, "own"},
		"WithRequestID, malformed twice": {[]string{"a b", "c d"}, []httpctx.Option{own}, "own"},
	} {
		t.Run(name, func(t *testing.T) {
			for detached, start := range map[bool]func(fn func()){false: func(fn func()) { fn() }, true: httpctx.GoDetached} {
				r := newRequest("/")
				if test.sent != nil {
					r.Header["X-Request-Id"] = test.sent
				}
				w := httptest.NewRecorder()
				var id string
				httpctx.Run(w, r, func() {
					id = httpctx.GetOrFail().ID()
					join(start, func() { proxy.ServeHTTP(w, r) })
				}, test.opts...)
				assert.Equal(t, id, w.Body.String(), "detached: %t", detached)
				if test.want != "" {
					assert.Equal(t, test.want, id)
				}
				assert.Equal(t, test.sent, r.Header["X-Request-Id"], "the handler's request is as it was")
			}
		})
	}
	// One that the handler's own code sets stays, whatever it looks like.
	r := newRequest("/", "X-Request-ID", "bad id")
	httpctx.Run(httptest.NewRecorder(), r, func() {
		out := outgoing(t, "http://x/")
		out.Header.Set("X-Request-ID", "another bad id")
		assert.Same(t, out, transported(t, out))
	})
}
