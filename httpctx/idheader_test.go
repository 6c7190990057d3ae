package httpctx_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/httpctx"
)

// askWith sends a request with headers and returns the response.
func askWith(t *testing.T, url string, headers http.Header) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	r.Header = headers
	response, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response
}

func TestRequestIDsTravelUnderAnotherName(t *testing.T) {
	var got http.Header
	var id string
	second := httptest.NewServer(httpctx.New(httpctx.WithRequestIDHeader("x-correlation-id"))(
		http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, id = r.Header, httpctx.GetOrFail().ID() })))
	defer second.Close()
	client := &http.Client{Transport: httpctx.Transport(nil, httpctx.ForwardAs("X-CORRELATION-ID"))}
	first := httptest.NewServer(httpctx.New(httpctx.WithRequestIDHeader("X-Correlation-ID"), httpctx.WithResponseHeader())(
		http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			response, err := client.Get(second.URL) //nolint:noctx // Transport's subject
			if assert.NoError(t, err) {
				assert.Empty(t, response.Header.Values("X-Correlation-ID"), "only where the option says so")
				assert.NoError(t, response.Body.Close())
			}
			w.WriteHeader(http.StatusAccepted)
		})))
	defer first.Close()

	response := askWith(t, first.URL, http.Header{"X-Correlation-Id": {"abc"}, "X-Request-Id": {"another"}})
	assert.Equal(t, "abc", id)
	assert.Equal(t, []string{"abc"}, got["X-Correlation-Id"])
	assert.NotContains(t, got, "X-Request-Id")
	assert.Equal(t, []string{"abc"}, response.Header.Values("X-Correlation-ID"))
	assert.Equal(t, http.StatusAccepted, response.StatusCode)

	response = askWith(t, first.URL, http.Header{"X-Correlation-Id": {"not well formed"}})
	assert.Len(t, id, 32)
	assert.Equal(t, id, response.Header.Get("X-Correlation-ID"))
}

func TestResponseHeaderIsTheHandlersToChange(t *testing.T) {
	for name, c := range map[string]struct {
		handle func(w http.ResponseWriter)
		want   []string
	}{
		"left":    {func(http.ResponseWriter) {}, []string{"abc"}},
		"changed": {func(w http.ResponseWriter) { w.Header().Set("X-Request-ID", "mine") }, []string{"mine"}},
		"deleted": {func(w http.ResponseWriter) { w.Header().Del("X-Request-ID") }, nil},
		"nested": {func(w http.ResponseWriter) {
			r := httptest.NewRequest(http.MethodGet, "/", nil)
			r.Header.Set("X-Request-ID", "inner")
			httpctx.Run(w, r, func() {}, httpctx.WithResponseHeader())
		}, []string{"abc"}},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(httpctx.New(httpctx.WithResponseHeader())(
				http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { c.handle(w) })))
			defer server.Close()
			response := askWith(t, server.URL, http.Header{"X-Request-Id": {"abc"}})
			assert.Equal(t, c.want, response.Header.Values("X-Request-ID"))
		})
	}
}

func TestTransportAddsNoIDWhereTheHeaderIsEmpty(t *testing.T) {
	var got http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer server.Close()
	for name, want := range map[string]struct {
		fields []string
		want   []string
	}{"nil": {nil, nil}, "empty": {[]string{}, nil}, "own": {[]string{"own"}, []string{"own"}}} {
		httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, nil)
			require.NoError(t, err)
			r.Header["X-Request-Id"] = want.fields
			response, err := (&http.Client{Transport: httpctx.Transport(nil)}).Do(r)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			assert.Equal(t, want.want, got.Values("X-Request-ID"), name)
		})
	}
}

// Each hop of a redirect is asked for by itself.
func TestRedirectsToOtherHostsGetNoID(t *testing.T) {
	var got http.Header
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = r.Header }))
	defer other.Close()
	var own http.Header
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		own = r.Header
		http.Redirect(w, r, other.URL, http.StatusFound)
	}))
	defer server.Close()
	client := &http.Client{Transport: httpctx.Transport(nil,
		httpctx.ForwardTo(server.Listener.Addr().String()), httpctx.ForwardAs("X-Correlation-ID"))}
	httpctx.Run(httptest.NewRecorder(), httptest.NewRequest(http.MethodGet, "/", nil), func() {
		response, err := client.Get(server.URL) //nolint:noctx // Transport's subject
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		assert.Equal(t, httpctx.GetOrFail().ID(), own.Get("X-Correlation-ID"))
	})
	assert.NotEmpty(t, got)
	assert.NotContains(t, got, "X-Correlation-Id")
	assert.NotContains(t, got, "X-Request-Id")
}

func TestHeaderNamesThatAreNone(t *testing.T) {
	for _, name := range []string{"", "X Request", "X-Request:", "X\n", "Größe"} {
		assert.Panics(t, func() { httpctx.WithRequestIDHeader(name) }, name)
		assert.Panics(t, func() { httpctx.ForwardAs(name) }, name)
	}
	assert.PanicsWithValue(t, `httpctx.ForwardAs: "a b" is no header: write it as "X-Correlation-ID"`,
		func() { httpctx.ForwardAs("a b") })
}
