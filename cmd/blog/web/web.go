// Package web is the blog's pages.
package web

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"strings"
	"time"

	"github.com/ambient-go/ambient/cmd/blog/almanac"
	"github.com/ambient-go/ambient/cmd/blog/middleware"
	"github.com/ambient-go/ambient/cmd/blog/model"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/httpctx"
)

//go:embed pages
var files embed.FS

// A Site has what the pages use.
type Site struct {
	Blog     *model.Blog
	Almanac  *almanac.Client
	Sessions *middleware.Sessions
	Extra    map[string]func() error // more pages for tests, by pattern
}

// Handler returns the site's handler. It limits each request to ten seconds, and all code that
// serves the request finds it.
func (s *Site) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /sign-in", middleware.Page(s.signInPage))
	mux.Handle("POST /sign-in", middleware.Page(s.signIn))
	mux.Handle("POST /sign-out", middleware.Page(s.signOut))
	for pattern, page := range map[string]func() error{
		"GET /{$}":              s.feed,
		"GET /new":              s.editor,
		"POST /posts":           s.publish,
		"GET /posts/{id}":       s.post,
		"POST /posts/{id}/like": s.like,
		"GET /live":             s.live,
		"GET /slow":             s.slow,
	} {
		mux.Handle(pattern, s.Sessions.SignedIn(middleware.Page(page)))
	}
	for pattern, page := range s.Extra {
		mux.Handle(pattern, s.Sessions.SignedIn(middleware.Page(page)))
	}
	return middleware.Deadline(10*time.Second, http.NewCrossOriginProtection().Handler(httpctx.Middleware(mux)))
}

var pages = func() map[string]*template.Template {
	all := make(map[string]*template.Template)
	for _, name := range []string{"feed", "post", "new", "sign-in", "slow"} {
		all[name] = template.Must(template.ParseFS(files, "pages/layout.html", "pages/"+name+".html"))
	}
	return all
}()

// A view is the data of a template. Methods such as {{.IsLiked}} of a post find the request by
// themselves.
type view struct {
	Title  string
	Style  template.CSS
	Tenant *session.Tenant
	User   *session.User
	Data   any
}

var style = func() template.CSS {
	text, err := files.ReadFile("pages/style.css")
	if err != nil {
		panic(err)
	}
	return template.CSS(text) //nolint:gosec // a constant
}()

// show writes a page to the client of the current request.
func show(page, title string, data any) error {
	v := view{Title: title, Style: style, Data: data}
	v.Tenant, _ = session.CurrentTenant()
	v.User, _ = session.CurrentUser()
	var b bytes.Buffer
	if err := pages[page].ExecuteTemplate(&b, "layout.html", v); err != nil {
		return fmt.Errorf("web: page %s: %w", page, err)
	}
	w := httpctx.GetOrFail().Writer()
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, err := w.Write(b.Bytes())
	return err
}

// redirect sends the client of the current request to a path of this site.
func redirect(path string) error {
	c := httpctx.GetOrFail()
	http.Redirect(c.Writer(), c.Request(), path, http.StatusSeeOther)
	return nil
}

// form returns a field of the form that was posted.
func form(field string) string {
	return strings.TrimSpace(httpctx.GetOrFail().Request().FormValue(field))
}

// fail writes an error for the user.
func fail(status int, text string) error {
	http.Error(httpctx.GetOrFail().Writer(), text, status)
	return nil
}
