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

// tokenParameter is that of the address by which a browser brings the token.
const tokenParameter = "token"

// shortestToken is the length of what nobody guesses, in bytes.
const shortestToken = 16

// WithToken serves whoever brings the token, from anywhere and through any proxy, and nobody else, on this machine
// neither. It is brought by ?token=, which a browser does once and keeps a cookie for, or by the header
// "Authorization: Bearer". Print it where those look who may read the page:
//
//	token := rand.Text() // of crypto/rand
//	log.Print("inspector: http://127.0.0.1:8080/debug/ambient/?token=", token)
//	mux.Handle("/debug/ambient/", glsdebug.Handler(glsdebug.WithToken(token)))
//
// A token of less than 16 bytes panics.
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

// A token is what WithToken was given. It is immutable.
type token struct {
	text   string
	cookie string // its name, a program's own: ports of one machine share their cookies
	kept   string // the cookie's value, which is not the token
}

// brought reports whether the request has it.
func (t *token) brought(r *http.Request) bool {
	if cookie, err := r.Cookie(t.cookie); err == nil && same(cookie.Value, t.kept) {
		return true
	}
	bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	return ok && same(bearer, t.text) || same(r.URL.Query().Get(tokenParameter), t.text)
}

// same takes as long for any text.
func same(text, want string) bool {
	a, b := sha256.Sum256([]byte(text)), sha256.Sum256([]byte(want))
	return subtle.ConstantTimeCompare(a[:], b[:]) == 1
}

// keep has the browser keep the cookie, and takes the token from its address.
func (t *token) keep(w http.ResponseWriter, r *http.Request, query url.Values) {
	//nolint:gosec // not Secure where the page is served over HTTP, as it is on a loopback address
	http.SetCookie(w, &http.Cookie{
		Name: t.cookie, Value: t.kept, HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil,
	})
	query.Del(tokenParameter)
	w.Header().Set("Location", "?"+query.Encode()) // below http.StripPrefix too
	w.WriteHeader(http.StatusSeeOther)
}
