package model

import (
	"errors"
	"log/slog"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ambient-go/ambient/cmd/blog/event"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/cmd/blog/store"
	"github.com/ambient-go/ambient/httpctx"
)

// A Blog is what pages ask. Whose posts it returns depends on the request that it is asked in.
type Blog struct {
	store  *store.Store
	events *event.Bus
}

// New returns a Blog. What is published is noticed after the response.
func New(s *store.Store, events *event.Bus) *Blog {
	b := &Blog{s, events}
	//ambient:detached the bus emits in httpctx.GoDetached
	events.On("published", func(what string) {
		slog.Info("published", "title", what)
		err := b.store.DB().Create(&Notice{Text: what, RequestID: httpctx.GetOrFail().ID()}).Error
		if err != nil {
			slog.Error("no notice", "err", err)
			return
		}
		events.Tell(what)
	})
	return b
}

// Events returns the bus on which the blog tells what happens.
func (b *Blog) Events() *event.Bus { return b.events }

// Tenants returns all tenants.
func (b *Blog) Tenants() (all []Tenant, err error) {
	return all, b.store.DB().Order("id").Find(&all).Error
}

// Tenant returns one of them.
func (b *Blog) Tenant(slug string) (t Tenant, err error) {
	return t, b.store.DB().Where("slug = ?", slug).Take(&t).Error
}

// Users returns the tenant's users.
func (b *Blog) Users() (all []User, err error) {
	return all, b.store.DB().Order("name").Find(&all).Error
}

// User returns the tenant's user of that name.
func (b *Blog) User(name string) (u User, err error) {
	return u, b.store.DB().Where("name = ?", name).Take(&u).Error
}

// Newest returns the newest posts.
func (b *Blog) Newest(n int) (posts []*Post, err error) {
	return posts, b.store.DB().Preload("Author").Order("created_at DESC, id DESC").Limit(n).Find(&posts).Error
}

// Popular returns the posts with the most likes.
func (b *Blog) Popular(n int) (posts []*Post, err error) {
	return posts, b.store.DB().Where("likes > 0").Order("likes DESC, id").Limit(n).Find(&posts).Error
}

// Notices returns what happened last.
func (b *Blog) Notices(n int) (all []Notice, err error) {
	return all, b.store.DB().Order("id DESC").Limit(n).Find(&all).Error
}

// Post returns one post.
func (b *Blog) Post(id string) (*Post, error) {
	post := new(Post)
	return post, b.store.DB().Preload("Author").Where("id = ?", id).Take(post).Error
}

// Publish makes a post of the user who is signed in.
func (b *Blog) Publish(title, body string) (*Post, error) {
	u, ok := session.CurrentUser()
	if !ok {
		return nil, ErrNobody
	}
	post := &Post{AuthorID: u.ID, Title: title, Body: body}
	if err := b.store.DB().Omit("Author").Create(post).Error; err != nil {
		return nil, err
	}
	b.events.Emit("published", u.Name+" published “"+title+"”")
	return post, nil
}

// ErrNobody means that nobody is signed in.
var ErrNobody = errors.New("model: nobody is signed in")

// LoadLikes loads what the user likes, for the IsLiked of all posts of this request.
func (b *Blog) LoadLikes() error {
	u, ok := session.CurrentUser()
	if !ok {
		return nil
	}
	var all []Like
	if err := b.store.DB().Where("user_id = ?", u.ID).Find(&all).Error; err != nil {
		return err
	}
	set := make(map[uint]bool, len(all))
	for _, l := range all {
		set[l.PostID] = true
	}
	likes.Set(httpctx.GetOrFail(), set)
	return nil
}

// likes are the ids of the posts that the signed-in user likes.
var likes = httpctx.NewKey[map[uint]bool]("model.likes")

// IsLiked reports whether whoever is signed in likes the post. Templates call it.
func (p *Post) IsLiked() bool {
	_, ok := session.CurrentUser()
	liked, _ := likes.Get()
	return ok && liked[p.ID]
}

// IsMine reports whether whoever is signed in wrote the post.
func (p *Post) IsMine() bool {
	u, ok := session.CurrentUser()
	return ok && u.ID == p.AuthorID
}

// ToggleLike makes the signed-in user like the post, or no longer.
func (b *Blog) ToggleLike(p *Post) error {
	u, ok := session.CurrentUser()
	if !ok {
		return ErrNobody
	}
	return b.store.DB().Transaction(func(tx *gorm.DB) error {
		gone := tx.Where("post_id = ? AND user_id = ?", p.ID, u.ID).Delete(&Like{})
		change := -int(gone.RowsAffected)
		if gone.Error == nil && change == 0 {
			made := tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Like{PostID: p.ID, UserID: u.ID})
			gone.Error, change = made.Error, int(made.RowsAffected)
		}
		if gone.Error != nil {
			return gone.Error
		}
		return tx.Model(p).Update("likes", gorm.Expr("likes + ?", change)).Error
	})
}
