package model

import (
	"errors"
	"log/slog"
	"strings"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/ambient-go/ambient/cmd/blog/event"
	"github.com/ambient-go/ambient/cmd/blog/session"
	"github.com/ambient-go/ambient/cmd/blog/store"
	"github.com/ambient-go/ambient/httpctx"
)

// A Blog has the queries of the pages. Their results depend on the current request.
type Blog struct {
	store  *store.Store
	events *event.Bus
}

// New returns a Blog. It writes a notice for each published post after the response.
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

// Events returns the blog's event bus.
func (b *Blog) Events() *event.Bus { return b.events }

// Tenants returns all tenants.
func (b *Blog) Tenants() (all []Tenant, err error) {
	return all, b.store.DB().Order("id").Find(&all).Error
}

// Tenant returns one tenant.
func (b *Blog) Tenant(slug string) (t Tenant, err error) {
	return t, b.store.DB().Where("slug = ?", slug).Take(&t).Error
}

// Users returns the tenant's users.
func (b *Blog) Users() (all []User, err error) {
	return all, b.store.DB().Order("name").Find(&all).Error
}

// User returns a user of the tenant.
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

// Notices returns the latest notices.
func (b *Blog) Notices(n int) (all []Notice, err error) {
	return all, b.store.DB().Order("id DESC").Limit(n).Find(&all).Error
}

// Post returns one post.
func (b *Blog) Post(id string) (*Post, error) {
	post := new(Post)
	return post, b.store.DB().Preload("Author").Where("id = ?", id).Take(post).Error
}

// Publish makes a post of the signed-in user, with its tags and its announcement. The three
// functions have no parameter for a transaction and are part of one: if the last one fails, none
// has an effect. The event is emitted after the commit.
func (b *Blog) Publish(title, body string) (post *Post, err error) {
	u, ok := session.CurrentUser()
	if !ok {
		return nil, ErrNobody
	}
	err = b.store.Run(func() (err error) {
		if post, err = b.addPost(u, title, body); err != nil {
			return err
		}
		if err := b.addTags(post); err != nil {
			return err
		}
		return b.announce(u.Name + " published “" + title + "”")
	})
	if err != nil {
		return nil, err
	}
	return post, nil
}

func (b *Blog) addPost(u *session.User, title, body string) (*Post, error) {
	post := &Post{AuthorID: u.ID, Title: title, Body: body}
	return post, b.store.DB().Omit("Author").Create(post).Error
}

func (b *Blog) addTags(p *Post) error {
	var tags []Tag
	for word := range strings.FieldsSeq(p.Body) {
		if name, ok := strings.CutPrefix(word, "#"); ok && name != "" {
			tags = append(tags, Tag{PostID: p.ID, Name: name})
		}
	}
	if len(tags) == 0 {
		return nil
	}
	return b.store.DB().Create(&tags).Error
}

// announce also emits the event, after the commit.
func (b *Blog) announce(what string) error {
	b.store.AfterCommit(func() { b.events.Emit("published", what) })
	err := b.store.DB().Create(&Announcement{Text: what, RequestID: httpctx.GetOrFail().ID()}).Error
	if errors.Is(err, gorm.ErrDuplicatedKey) {
		return ErrTwice
	}
	return err
}

// Tagged returns the ids of the newest posts with a tag.
func (b *Blog) Tagged(name string) (posts []uint, err error) {
	return posts, b.store.DB().Model(&Tag{}).Where("name = ?", name).Order("post_id DESC").Pluck("post_id", &posts).Error
}

// ErrTwice means that the request has published already.
var ErrTwice = errors.New("model: the request has published already")

// ErrNobody means that nobody is signed in.
var ErrNobody = errors.New("model: nobody is signed in")

// LoadLikes loads the user's likes, which IsLiked reads for all posts of this request.
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

// likes has the ids of the posts that the signed-in user likes.
var likes = httpctx.NewKey[map[uint]bool]("model.likes")

// IsLiked reports whether the signed-in user likes the post. Templates call it.
func (p *Post) IsLiked() bool {
	_, ok := session.CurrentUser()
	liked, _ := likes.Get()
	return ok && liked[p.ID]
}

// IsMine reports whether the signed-in user wrote the post.
func (p *Post) IsMine() bool {
	u, ok := session.CurrentUser()
	return ok && u.ID == p.AuthorID
}

// ToggleLike adds or removes the signed-in user's like.
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
