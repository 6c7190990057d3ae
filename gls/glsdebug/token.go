package glsdebug

import (
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// tokenParameter is the parameter of the address in which a browser sends the token.
const tokenParameter = "token"

// shortestToken is the smallest length of a token, in bytes, that cannot be guessed.
const shortestToken = 16

// WithToken serves every client that sends the token, from anywhere and through any proxy, and no
// other client, not even on this machine. A client sends it as ?token=, which a browser does once
// and then keeps a cookie, or in the header "Authorization: Bearer". Print the token where only
// readers who may see the page look:
//
//	token := rand.Text() // of crypto/rand
//	log.Print("inspector: http://127.0.0.1:8080/debug/ambient/?token=", token)
//	mux.Handle("/debug/ambient/", glsdebug.Handler(glsdebug.WithToken(token)))
//
// WithToken panics if the token has less than 16 bytes.
func WithToken(text string) Option {
	if len(text) < shortestToken {
		panic(fmt.Sprintf("glsdebug.WithToken: a token of %d bytes can be guessed: make one with crypto/rand.Text", len(text)))
	}
	sum := func(what string) string {
		s := sha256.Sum256([]byte("glsdebug " + what + " " + text))
		return hex.EncodeToString(s[:])
	}
	t := &token{text: text, cookie: "glsdebug_" + sum("name")[:8], kept: sum("cookie")}
	return optionFunc(func(h *handler) { h.token = t })
}

// A token is the token of WithToken and its cookie. It is immutable.
type token struct {
	text   string
	cookie string // the cookie's name, different in each program: ports of one machine share cookies
	kept   string // the cookie's value, which is not the token
}

// brought reports whether the request has the token or the cookie.
func (t *token) brought(r *http.Request) bool {
	if cookie, err := r.Cookie(t.cookie); err == nil && same(cookie.Value, t.kept) {
		return true
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(bearer, t.text) || same(r.URL.Query().Get(tokenParameter), t.text)
}

// same compares two texts in constant time.
func same(text, want string) bool {
	a, b := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// keep sets the cookie in the browser, and redirects to the address without the token.
func (t *token) keep(w http.ResponseWriter, r *http.Request, query url.Values) {
	//nolint:gosec // not Secure where the page is served over HTTP, as it is on a loopback address
	http.SetCookie(w, &http.Cookie{
		Name: t.cookie, Value: t.kept, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	query.Del(tokenParameter)
	w.Header().Set("Location", "?"+query.Encode()) // below http.StripPrefix too
	w.WriteHeader(http.StatusSeeOther)
}
