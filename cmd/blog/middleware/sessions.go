// Package middleware has the only functions with parameters for requests and contexts. The code
// behind it finds them without.
package middleware

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"log/slog"
	"net/http"
	"strings"

	"gorm.io/gorm"

	"github.com/ambient-go/ambient/cmd/blog/model"
	"github.com/ambient-go/ambient/cmd/blog/session"
)

// CookieName is the name of the session's cookie.
const CookieName = "blog_session"

// Sessions knows the signed-in user by a signed cookie. The key lives as long as the process: a
// restart signs all users out.
type Sessions struct {
	blog *model.Blog
	key  [32]byte
}

// NewSessions returns Sessions for the users of a blog.
func NewSessions(blog *model.Blog) *Sessions {
	s := &Sessions{blog: blog}
	_, _ = rand.Read(s.key[:]) // never fails
	return s
}

// Cookie returns the cookie that signs a user of a tenant in. There are no passwords: the blog is
// for your own machine.
func (s *Sessions) Cookie(tenant, user string) *http.Cookie {
	text := tenant + "/" + user
	value := base64.RawURLEncoding.EncodeToString([]byte(text)) + "." + base64.RawURLEncoding.EncodeToString(s.sign(text))
	//nolint:gosec // not Secure: the blog speaks HTTP on a loopback address
	return &http.Cookie{Name: CookieName, Value: value, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode}
}

func (s *Sessions) sign(text string) []byte {
	mac := hmac.New(sha256.New, s.key[:])
	mac.Write([]byte(text))
	return mac.Sum(nil)
}

// who returns the tenant and the user in a request's cookie, if this process has signed it.
func (s *Sessions) who(r *http.Request) (tenant, user string, ok bool) {
	cookie, err := r.Cookie(CookieName)
	if err != nil {
		return "", "", false
	}
	text, mac, _ := strings.Cut(cookie.Value, ".")
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return "", "", false
	}
	sum, err := base64.RawURLEncoding.DecodeString(mac)
	if err != nil || !hmac.Equal(sum, s.sign(string(plain))) {
		return "", "", false
	}
	return strings.Cut(string(plain), "/")
}

// SignedIn runs next for the tenant and the user of the cookie. A request without one goes to the
// sign-in page.
func (s *Sessions) SignedIn(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		slug, name, ok := s.who(r)
		if !ok {
			http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
			return
		}
		t, err := s.blog.Tenant(slug)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		session.As(&session.Tenant{ID: t.ID, Slug: t.Slug, Name: t.Name}, func() {
			u, err := s.blog.User(name)
			if err != nil {
				s.fail(w, r, err)
				return
			}
			session.SignIn(&session.User{ID: u.ID, Name: u.Name})
			next.ServeHTTP(w, r)
		})
	})
}

func (s *Sessions) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, gorm.ErrRecordNotFound) {
		http.Redirect(w, r, "/sign-in", http.StatusSeeOther)
		return
	}
	slog.Error("no session", "err", err)
	http.Error(w, "no session", http.StatusInternalServerError)
}
