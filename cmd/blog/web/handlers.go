package web

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/ambient-go/ambient/cmd/blog/almanac"
	"github.com/ambient-go/ambient/cmd/blog/model"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/gls"
	"github.com/ambient-go/ambient/httpctx"
)

// feed loads its four parts at once.
func (s *Site) feed() error {
	var data struct {
		Newest, Popular []*model.Post
		Notices         []model.Notice
		Today           almanac.Saying
	}
	err := together(
		func() (err error) { data.Newest, err = s.Blog.Newest(20); return err },
		func() (err error) { data.Popular, err = s.Blog.Popular(5); return err },
		func() (err error) { data.Notices, err = s.Blog.Notices(5); return errors.Join(err, s.Blog.LoadLikes()) },
		func() (err error) { data.Today, err = s.Almanac.Today(); return err },
	)
	if err != nil {
		return err
	}
	return show("feed", "Feed", data)
}

func (s *Site) post() error {
	p, err := s.Blog.Post(httpctx.GetOrFail().Param("id"))
	if err != nil {
		return err
	}
	if err := s.Blog.LoadLikes(); err != nil {
		return err
	}
	return show("post", p.Title, p)
}

func (s *Site) like() error {
	p, err := s.Blog.Post(httpctx.GetOrFail().Param("id"))
	if err != nil {
		return err
	}
	if err := s.Blog.ToggleLike(p); err != nil {
		return err
	}
	if form("from") == "feed" {
		return redirect("/")
	}
	return redirect(fmt.Sprint("/posts/", p.ID))
}

func (s *Site) editor() error { return show("new", "A new post", nil) }

func (s *Site) publish() error {
	title, body := form("title"), form("body")
	if title == "" || body == "" || len(title) > 200 || len(body) > 20_000 {
		return fail(http.StatusUnprocessableEntity, "A post has a title and a text.")
	}
	p, err := s.Blog.Publish(title, body)
	if errors.Is(err, model.ErrTwice) {
		return fail(http.StatusConflict, "This has been published already.")
	}
	if err != nil {
		return err
	}
	return redirect(fmt.Sprint("/posts/", p.ID))
}

func (s *Site) signInPage() error {
	tenants, err := s.Blog.Tenants()
	if err != nil {
		return err
	}
	type choice struct {
		Tenant model.Tenant
		Users  []model.User
	}
	var all []choice
	for _, t := range tenants {
		session.As(&session.Tenant{ID: t.ID, Slug: t.Slug, Name: t.Name}, func() {
			users, failure := s.Blog.Users()
			all, err = append(all, choice{t, users}), errors.Join(err, failure)
		})
	}
	if err != nil {
		return err
	}
	return show("sign-in", "Sign in", all)
}

func (s *Site) signIn() error {
	slug, name, _ := strings.Cut(form("who"), "/")
	t, err := s.Blog.Tenant(slug)
	if err != nil {
		return err
	}
	session.As(&session.Tenant{ID: t.ID, Slug: t.Slug, Name: t.Name}, func() { _, err = s.Blog.User(name) })
	if err != nil {
		return err
	}
	http.SetCookie(httpctx.GetOrFail().Writer(), s.Sessions.Cookie(slug, name))
	return redirect("/")
}

func (s *Site) signOut() error {
	cookie := s.Sessions.Cookie("", "") //nolint:gosec // as in Sessions.Cookie
	cookie.Value, cookie.MaxAge = "", -1
	http.SetCookie(httpctx.GetOrFail().Writer(), cookie)
	return redirect("/sign-in")
}

// live sends events to the browser until the request's deadline. The browser then connects again.
func (s *Site) live() error {
	c := httpctx.GetOrFail()
	told, stop := s.Blog.Events().Watch()
	defer stop()
	w := c.Writer()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprint(w, "retry: 1000\n\n")
	flush := http.NewResponseController(w)
	for {
		if err := flush.Flush(); err != nil {
			return err
		}
		select {
		case what, more := <-told:
			if !more {
				return nil
			}
			fmt.Fprintf(w, "data: %s\n\n", strings.ReplaceAll(what, "\n", " "))
		case <-gls.Context().Done():
			return nil
		}
	}
}
