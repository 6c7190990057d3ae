package glsdebug_test

import (
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/ambient-go/ambient/gls/glsdebug"
)

const secretToken = "VEVBWY6JX2EXAMPLE"

func TestWithToken(t *testing.T) {
	h := glsdebug.Handler(glsdebug.WithToken(secretToken))
	away := func(r *http.Request) {
		r.RemoteAddr, r.Host = "192.0.2.1:1", "blog.example"
		r.Header.Set("X-Forwarded-For", "192.0.2.1")
	}
	bearer := func(token string) func(*http.Request) {
		return func(r *http.Request) { r.Header.Set("Authorization", "Bearer "+token) }
	}
	for _, query := range []string{"", "?format=json", "?stack=1"} {
		for _, change := range [][]func(*http.Request){
			{}, {away}, {bearer("")}, {bearer("x")}, {bearer(secretToken + "x")}, {bearer(secretToken[:16])},
			{func(r *http.Request) { r.Header.Set("Authorization", secretToken) }},
			{func(r *http.Request) { r.URL.RawQuery += "&token=" }},
			{func(r *http.Request) { r.URL.RawQuery += "&token=" + strings.ToLower(secretToken) }},
			{func(r *http.Request) { r.AddCookie(&http.Cookie{Name: "glsdebug", Value: secretToken}) }},
		} {
			status, body, header := get(t, h, query, change...)
			assert.Equal(t, http.StatusForbidden, status, "from this machine too")
			assert.Contains(t, body, "asks for the token")
			assert.NotContains(t, body, secretToken)
			assert.Empty(t, header.Get("Set-Cookie"))
		}
		status, body, _ := get(t, h, query, away, bearer(secretToken))
		assert.Equal(t, http.StatusOK, status, body)
	}
	status, body, _ := get(t, h, "?format=json&token="+secretToken, away)
	assert.Equal(t, http.StatusOK, status, body)

	assert.PanicsWithValue(t, "glsdebug.WithToken: a token of 15 bytes can be guessed: make one with crypto/rand.Text",
		func() { glsdebug.WithToken(secretToken[:15]) })
}

// Both have to let a request pass.
func TestWithTokenAndAccess(t *testing.T) {
	h := glsdebug.Handler(glsdebug.WithToken(secretToken),
		glsdebug.WithAccess(func(r *http.Request) bool { return r.Header.Get("Admin") == "yes" }))
	admin := func(r *http.Request) { r.Header.Set("Admin", "yes") }
	status, _, _ := get(t, h, "?format=json", admin)
	assert.Equal(t, http.StatusForbidden, status)
	status, _, _ = get(t, h, "?format=json&token="+secretToken)
	assert.Equal(t, http.StatusForbidden, status)
	status, _, _ = get(t, h, "?format=json&token="+secretToken, admin)
	assert.Equal(t, http.StatusOK, status)
}

// A browser brings the token once. It is not in the address afterwards, nor in the cookie, and two programs on one
// machine do not take each other's.
func TestABrowserBringsTheTokenOnce(t *testing.T) {
	other := httptest.NewServer(glsdebug.Handler(glsdebug.WithToken("another token of a program")))
	defer other.Close()
	mux := http.NewServeMux()
	mux.Handle("/x/", http.StripPrefix("/x", glsdebug.Handler(glsdebug.WithToken(secretToken))))
	server := httptest.NewServer(mux)
	defer server.Close()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	client := http.Client{Jar: jar}
	status := func(address string) (int, string) {
		response, err := client.Get(address)
		require.NoError(t, err)
		defer response.Body.Close()
		return response.StatusCode, response.Request.URL.String()
	}
	code, _ := status(server.URL + "/x/debug/?q=a")
	assert.Equal(t, http.StatusForbidden, code)
	code, at := status(server.URL + "/x/debug/?q=a&token=" + secretToken)
	assert.Equal(t, http.StatusOK, code)
	assert.Equal(t, server.URL+"/x/debug/?q=a", at, "the token is gone")
	code, _ = status(other.URL + "/x/debug/?token=another+token+of+a+program")
	assert.Equal(t, http.StatusOK, code)
	for _, query := range []string{"", "?format=json", "?stack=1"} {
		code, _ = status(server.URL + "/x/debug/" + query)
		assert.Equal(t, http.StatusOK, code, "the other's cookie has another name")
	}
	code, _ = status(server.URL + "/x/elsewhere/")
	assert.Equal(t, http.StatusForbidden, code, "the cookie is for the page's path")

	w := httptest.NewRecorder()
	r := httptest.NewRequest(http.MethodGet, "/?token="+secretToken, http.NoBody)
	glsdebug.Handler(glsdebug.WithToken(secretToken)).ServeHTTP(w, r)
	cookie := w.Result().Cookies()[0]
	assert.True(t, cookie.HttpOnly)
	assert.Equal(t, http.SameSiteStrictMode, cookie.SameSite)
	assert.NotContains(t, cookie.String(), secretToken)
	for value, want := range map[string]int{cookie.Value: http.StatusOK, "": http.StatusForbidden, secretToken: http.StatusForbidden} {
		code, _, _ := get(t, glsdebug.Handler(glsdebug.WithToken(secretToken)), "", func(r *http.Request) {
			r.AddCookie(&http.Cookie{Name: cookie.Name, Value: value})
		})
		assert.Equal(t, want, code, value)
	}
}
